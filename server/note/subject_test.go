package note

import (
	"math/rand/v2"
	"strings"
	"testing"

	"routeguide/server/geo"
)

func randomPoint(r *rand.Rand) geo.Point {
	p := geo.Point{Lat: int32(r.Int64N(2*geo.MaxLat+1) - geo.MaxLat), Lng: int32(r.Int64N(2*geo.MaxLng+1) - geo.MaxLng)}
	switch r.IntN(8) { // the edges are where cells go wrong
	case 0:
		p.Lng = geo.MaxLng
	case 1:
		p.Lng = -geo.MaxLng
	case 2:
		p.Lat = geo.MaxLat
	case 3:
		p.Lat = -geo.MaxLat
	}
	return p
}

// matches says whether a filter that ends in ">" holds a subject.
func matches(filter, subject string) bool {
	head, ok := strings.CutSuffix(filter, ">")
	return ok && strings.HasPrefix(subject, head)
}

func TestSubjectNamesThePlace(t *testing.T) {
	if got, want := subject(geo.Point{Lat: 409146138, Lng: -746188906}), "n.4b.4aba.4afba3.409146138_-746188906"; got != want {
		t.Errorf("subject = %s, want %s: what is stored could not be found again", got, want)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		p := randomPoint(r)
		if got, ok := place(subject(p)); !ok || got != p {
			t.Fatalf("place(%s) = %v, %v, want %v", subject(p), got, ok, p)
		}
	}
	for _, bad := range []string{"", "n", "n.>", "n.4b.1_", "n.4b._1", "n.900000001_0", "n.0_99999999999"} {
		if p, ok := place(bad); ok {
			t.Errorf("place(%q) = %v, want none", bad, p)
		}
	}
}

func TestCoverHoldsEveryPointOfTheArea(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3_000 {
		a, b := randomPoint(r), randomPoint(r)
		if r.IntN(2) == 0 { // small areas as well as continents
			b = geo.Point{Lat: max(-geo.MaxLat, min(geo.MaxLat, a.Lat/2)), Lng: a.Lng}
		}
		area := geo.Rect{South: min(a.Lat, b.Lat), North: max(a.Lat, b.Lat), West: a.Lng, East: b.Lng}
		cells := cover(area)
		if len(cells) == 0 || len(cells) > maxCells {
			t.Fatalf("%v is covered by %d cells", area, len(cells))
		}
		for range 20 {
			p := randomPoint(r)
			if !area.Contains(p) {
				continue
			}
			held := 0
			for _, cell := range cells {
				if matches(cell, subject(p)) {
					held++
				}
			}
			if held != 1 {
				t.Fatalf("%d of the cells %v of %v hold %s, want 1", held, cells, area, subject(p))
			}
		}
	}
}

func TestCoverIsNarrow(t *testing.T) {
	town := geo.Rect{South: 40_90e5, North: 40_95e5, West: -74_65e5, East: -74_60e5}
	for _, cell := range cover(town) {
		if strings.Count(cell, ".") != 4 {
			t.Errorf("a town is covered by %s, which is wider than the narrowest cells", cell)
		}
	}
	if got := cover(geo.World); len(got) != 1 || got[0] != "n.>" {
		t.Errorf("the world is covered by %v", got)
	}
}
