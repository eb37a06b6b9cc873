package tile

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

func openBook(t testing.TB, features []feature.Feature) *feature.Book {
	t.Helper()
	index, err := feature.NewIndex(func(yield func(feature.Described, error) bool) {
		for _, f := range features {
			if !yield(feature.Described{Feature: f}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	st := store.New(store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	book := feature.New(st, index)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return book
}

func somewhere(random *rand.Rand) geo.Point {
	return geo.Point{Lat: random.Int32N(170e7) - 85e7, Lng: int32(random.Int64N(360e7) - 180e7)}
}

func get(d http.Handler, path, etag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// A point is in one tile of each zoom, the one that others say, and in one cell of it, which is a tile of a greater zoom.
func TestEachPointIsInOneTile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	points := []geo.Point{{}, {Lng: 180e7}, {Lng: -180e7}, {Lat: 1}, {Lat: -1}, {Lng: -1}, {Lat: 85e7, Lng: 180e7}}
	for range 2000 {
		points = append(points, somewhere(random))
	}
	for _, p := range points {
		for _, z := range []int{0, 1, 5, 14, 22} {
			theirs := maptile.At(orb.Point{float64(p.Lng) / 1e7, float64(p.Lat) / 1e7}, maptile.Zoom(z))
			x, y := min(int(theirs.X), 1<<z-1), int(theirs.Y)
			found := 0
			for _, n := range []place{{z, x, y}, {z, x, y - 1}, {z, x, y + 1}, {z, x - 1, y}, {z, x + 1, y}} {
				if n.x < 0 || n.y < 0 || n.x >= 1<<z || n.y >= 1<<z || !n.rect().Contains(p) {
					continue
				}
				if found++; n != (place{z, x, y}) && p.Lat != 0 && p.Lng != 0 && z < 22 {
					t.Errorf("%v is in %v, want x %d, y %d", p, n, x, y)
				}
				cell := n.cell()(p)
				inner := place{z + cellBits, n.x<<cellBits + cell%cells, n.y<<cellBits + cell/cells}
				if !inner.rect().Contains(p) {
					t.Errorf("%v is not in its cell %v", p, inner)
				}
			}
			if found != 1 {
				t.Errorf("%v is in %d tiles of zoom %d", p, found, z)
			}
		}
	}
}

// All tiles of a zoom together have each feature once: by itself, or counted where it is near others.
func TestTilesHaveAllFeatures(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var features []feature.Feature
	for i := range 3000 {
		features = append(features, feature.Feature{Name: fmt.Sprint(i), Location: somewhere(random)})
	}
	book := openBook(t, features)
	if _, err := book.Create(t.Context(), feature.Described{Feature: feature.Feature{Name: "added"}, Details: feature.Details{Category: "hut"}}); err != nil {
		t.Fatal(err)
	}
	d := New(book)
	for z := range 4 {
		sum, added := 0, 0
		names := make(map[any]bool)
		for x := range 1 << z {
			for y := range 1 << z {
				w := get(d, fmt.Sprintf("/v1/tiles/%d/%d/%d.mvt", z, x, y), "")
				layers, err := mvt.Unmarshal(w.Body.Bytes())
				if err != nil || w.Code != http.StatusOK || len(layers) != 1 || layers[0].Name != "features" {
					t.Fatalf("%d, %v, %v", w.Code, layers, err)
				}
				for _, f := range layers[0].Features {
					at := f.Geometry.(orb.Point)
					if at[0] < 0 || at[0] > mvt.DefaultExtent || at[1] < 0 || at[1] > mvt.DefaultExtent {
						t.Errorf("a point at %v", at)
					}
					if n, several := f.Properties["count"]; several {
						sum += int(n.(float64))
						continue
					}
					sum++
					names[f.Properties["name"]] = true
					if f.Properties["category"] == "hut" {
						added++
					}
				}
			}
		}
		if sum != len(features)+1 || z > 1 && added != 1 || len(names) < 1<<z {
			t.Errorf("at zoom %d are %d features, %d of them by themselves, %d added", z, sum, len(names), added)
		}
	}
}

// What is drawn of an area is all that lies in it, and nothing else; it may cross the antimeridian.
func TestTilesOfAnArea(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var features []feature.Feature
	for i := range 3000 {
		features = append(features, feature.Feature{Name: fmt.Sprint(i), Location: somewhere(random)})
	}
	d := New(openBook(t, features))
	for _, area := range []geo.Rect{geo.World, {South: -40e7, West: 170e7, North: 50e7, East: -100e7}, {South: 1, West: 1, North: 60e7, East: 90e7}, {South: 5, North: 5}} {
		want := 0
		for _, f := range features {
			if area.Contains(f.Location) {
				want++
			}
		}
		for z := range 4 {
			sum := 0
			for x := range 1 << z {
				for y := range 1 << z {
					w := get(d.In(area), fmt.Sprintf("/v1/tiles/%d/%d/%d.mvt", z, x, y), "")
					layers, err := mvt.Unmarshal(w.Body.Bytes())
					if err != nil || w.Code != http.StatusOK {
						t.Fatalf("%d, %v", w.Code, err)
					}
					for _, f := range layers[0].Features {
						n, several := f.Properties["count"].(float64)
						if !several {
							n = 1
						}
						sum += int(n)
					}
				}
			}
			if sum != want {
				t.Errorf("at zoom %d are %d features of %v, want %d", z, sum, area, want)
			}
		}
	}
}

func TestTilesFollowEdits(t *testing.T) {
	here := geo.Point{Lat: 40_5000000, Lng: -74_5000000}
	book := openBook(t, []feature.Feature{{Name: "a", Location: here}, {Name: "b", Location: geo.Point{Lat: here.Lat, Lng: here.Lng + 1}}})
	d := New(book)
	at := maptile.At(orb.Point{-74.5, 40.5}, clearZoom)
	path := fmt.Sprintf("/v1/tiles/%d/%d/%d.mvt", at.Z, at.X, at.Y)
	first := get(d, path, "")
	etag := first.Header().Get("ETag")
	if layers, err := mvt.Unmarshal(first.Body.Bytes()); err != nil || len(layers[0].Features) != 2 {
		t.Errorf("there are %v, %v, want both", layers, err)
	}
	if w := get(d, path, etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same again is %d", w.Code)
	}
	if _, err := book.Create(t.Context(), feature.Described{}); err != nil { // elsewhere
		t.Fatal(err)
	}
	if w := get(d, path, etag); w.Code != http.StatusNotModified {
		t.Errorf("after an edit elsewhere it is %d", w.Code)
	}
	if err := book.Delete(t.Context(), "405000000,-745000000"); err != nil {
		t.Fatal(err)
	}
	w := get(d, path, etag)
	if w.Code != http.StatusOK || w.Header().Get("ETag") == etag {
		t.Errorf("after a deletion it is %d", w.Code)
	}
	if layers, err := mvt.Unmarshal(w.Body.Bytes()); err != nil || len(layers[0].Features) != 1 {
		t.Errorf("there are %v, %v, want one", layers, err)
	}
	for _, path := range []string{"/v1/tiles/0/0/1.mvt", "/v1/tiles/23/0/0.mvt", "/v1/tiles/0/0/0", "/v1/tiles/00/0/0.mvt", "/v1/tiles/1/-1/0.mvt", "/v1/tiles/"} {
		if w := get(d, path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s is %d, want 404", path, w.Code)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	var features []feature.Feature
	for i := range 1_000_000 { // a country of 20° × 20°, and a town in it
		at := geo.Point{Lat: 40e7 + random.Int32N(20e7), Lng: random.Int32N(20e7)}
		if i%1000 == 0 {
			at = geo.Point{Lat: 50_0000000 + random.Int32N(100_000), Lng: 10_0000000 + random.Int32N(100_000)}
		}
		features = append(features, feature.Feature{Name: fmt.Sprint("Feature ", i), Location: at})
	}
	book := openBook(b, features)
	for _, z := range []int{0, 4, 8, 14} {
		t := maptile.At(orb.Point{10.005, 50.005}, maptile.Zoom(z))
		at := place{z, int(t.X), int(t.Y)}
		b.Run(fmt.Sprint("zoom ", z), func(b *testing.B) {
			size := 0
			for b.Loop() {
				drawn, err := draw(book, at, at.rect())
				if err != nil {
					b.Fatal(err)
				}
				size = len(drawn.data)
			}
			b.ReportMetric(float64(size), "B")
		})
	}
}
