package feature_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

func newIndex(t *testing.T, features []feature.Feature) *feature.Index {
	t.Helper()
	index, err := feature.NewIndex(each(features))
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// crowded returns n features on few places, so that many share a location, a latitude or the antimeridian.
func crowded(random *rand.Rand, n int) []feature.Feature {
	features := make([]feature.Feature, n)
	for i := range features {
		features[i].Name = strings.Repeat("x", i%5)
		features[i].Location = crowdedPoint(random)
	}
	return features
}

func crowdedPoint(random *rand.Rand) geo.Point {
	return geo.Point{Lat: int32(random.IntN(19)-9) * 10e7, Lng: int32(random.IntN(13)-6) * 30e7}
}

func TestIn(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 15, 100, 3000} {
		features := crowded(random, n)
		index := newIndex(t, features)
		if index.Len() != n {
			t.Errorf("Len() = %d, want %d", index.Len(), n)
		}
		rects := []geo.Rect{
			geo.World,
			{South: -90e7, West: 180e7, North: 90e7, East: -180e7},
			{South: 10e7, West: -180e7, North: -10e7, East: 180e7},
		}
		for range 300 {
			a, b := crowdedPoint(random), crowdedPoint(random)
			rects = append(rects, geo.Rect{South: a.Lat, West: a.Lng, North: b.Lat, East: b.Lng}, geo.RectOf(a, b))
		}
		for _, r := range rects {
			var want []feature.Feature
			for _, f := range features {
				if r.Contains(f.Location) {
					want = append(want, f)
				}
			}
			seq := index.In(r)
			if got := slices.Collect(seq); !slices.Equal(got, want) {
				t.Fatalf("of %d features, In(%v) yields %v, want %v", n, r, got, want)
			}
			for f := range seq { // once more, and not to the end
				if f != want[0] {
					t.Fatalf("of %d features, In(%v) yields %v first, want %v", n, r, f, want[0])
				}
				break
			}
		}
	}
}

func TestAt(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	features := crowded(random, 100)
	index := newIndex(t, features)
	for range 1000 {
		p := crowdedPoint(random)
		i := slices.IndexFunc(features, func(f feature.Feature) bool { return f.Location == p })
		got, ok := index.At(p)
		if ok != (i >= 0) || ok && got != features[i] {
			t.Fatalf("At(%v) = %v, %v, want the feature %d", p, got, ok, i)
		}
		if got, ok := index.At(geo.Point{Lat: p.Lat, Lng: p.Lng ^ 1}); ok {
			t.Fatalf("At finds %v beside its location", got)
		}
	}
}

func TestNewIndexFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := feature.NewIndex(func(yield func(feature.Described, error) bool) {
		if yield(feature.Described{}, nil) && yield(feature.Described{}, broken) {
			t.Error("NewIndex reads on behind an error")
		}
	})
	if err != broken {
		t.Errorf("NewIndex fails with %v, want the error of the sequence", err)
	}
	index, err := feature.NewIndex(each([]feature.Feature{{Name: "nowhere", Location: geo.Point{Lat: 90e7 + 1}}}))
	if err == nil || !strings.Contains(err.Error(), `"nowhere": location 90.0000001,0.0000000 is out of range`) {
		t.Errorf("NewIndex of a location out of range is %v, %v, want an error that names it", index, err)
	}
}

func TestIndexIsShared(t *testing.T) {
	index := newIndex(t, scattered(2000))
	half := geo.Rect{South: 0, West: -180e7, North: 90e7, East: 180e7}
	corner := geo.Rect{South: 60e7, West: 150e7, North: 90e7, East: 180e7}
	wantHalf, wantCorner := slices.Collect(index.In(half)), slices.Collect(index.In(corner))
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 20 {
				if !slices.Equal(slices.Collect(index.In(half)), wantHalf) || !slices.Equal(slices.Collect(index.In(corner)), wantCorner) {
					t.Error("another reader changes what In yields")
				}
				if _, ok := index.At(wantHalf[0].Location); !ok {
					t.Error("another reader hides a feature")
				}
			}
		})
	}
	readers.Wait()
}
