package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"routeguide/server/geo"
)

func TestDistanceToARectangle(t *testing.T) {
	degree := geo.EarthRadius * math.Pi / 180
	for _, test := range []struct {
		name string
		r    geo.Rect
		p    geo.Point
		want float64
	}{
		{"within", geo.Rect{South: -1e7, West: -1e7, North: 1e7, East: 1e7}, geo.Point{}, 0},
		{"on the edge", geo.Rect{South: 0, West: 0, North: 1e7, East: 1e7}, geo.Point{Lat: 1e7}, 0},
		{"north of it", geo.Rect{South: -1e7, West: -1e7, North: 1e7, East: 1e7}, geo.Point{Lat: 3e7}, 2 * degree},
		{"south of it", geo.Rect{South: -1e7, West: -1e7, North: 1e7, East: 1e7}, geo.Point{Lat: -90e7}, 89 * degree},
		{"beside it on the equator", geo.Rect{South: -1e7, West: 10e7, North: 1e7, East: 20e7}, geo.Point{Lng: 3e7}, 7 * degree},
		{"across the antimeridian", geo.Rect{South: 0, West: -180e7, North: 0, East: -178e7}, geo.Point{Lng: 179e7}, degree},
		{"across it, within", geo.Rect{South: -1e7, West: 179e7, North: 1e7, East: -179e7}, geo.Point{Lng: -180e7}, 0},
		{"over the pole", geo.Rect{South: 80e7, West: 180e7, North: 85e7, East: 180e7}, geo.Point{Lat: 88e7}, 7 * degree},
		{"from the pole", geo.Rect{South: 10e7, West: 5e7, North: 70e7, East: 6e7}, geo.Point{Lat: 90e7, Lng: -77e7}, 20 * degree},
		// A great circle bulges to the pole: at 60° north and 90° east the nearest point of the meridian of 0° is the pole.
		{"where the meridians meet", geo.Rect{South: 0, West: 0, North: 90e7, East: 0}, geo.Point{Lat: 60e7, Lng: 90e7}, 30 * degree},
		// tan ψ₀ = tan 60° / cos 60°, which is 2√3; sin d = cos 60° sin 60°, so d = 25.6589°.
		{"above the point's own latitude", geo.Rect{South: 0, West: 0, North: 90e7, East: 0}, geo.Point{Lat: 60e7, Lng: 60e7},
			geo.EarthRadius * math.Asin(math.Sqrt(3)/4)},
	} {
		if got := test.r.Distance(test.p); math.Abs(got-test.want) > 1e-3 {
			t.Errorf("%s: %v m, want %v m", test.name, got, test.want)
		}
	}
}

// No point of a rectangle is nearer than it says, and one of its edge is as near.
func TestDistanceToARectangleAgainstItsPoints(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	between := func(a, b int32) int32 { return a + int32(random.Int64N(int64(b)-int64(a)+1)) }
	for range 1000 {
		size := math.Pow(10, 4+6*random.Float64())
		p := geo.Point{Lat: between(-90e7, 90e7), Lng: between(-180e7, 180e7)}
		south, west := between(-90e7, 90e7), between(-180e7, 180e7)
		r := geo.Rect{South: south, West: west, North: int32(min(90e7, float64(south)+size)), East: int32(min(180e7, float64(west)+size))}
		got := r.Distance(p)
		least := math.Inf(1)
		look := func(lat, lng int32) { least = min(least, geo.Distance(p, geo.Point{Lat: lat, Lng: lng})) }
		const steps = 200
		for i := range int64(steps + 1) {
			lat := r.South + int32((int64(r.North)-int64(r.South))*i/steps)
			lng := r.West + int32((int64(r.East)-int64(r.West))*i/steps)
			look(lat, r.West)
			look(lat, r.East)
			look(r.South, lng)
			look(r.North, lng)
			look(between(r.South, r.North), between(r.West, r.East))
		}
		if r.Contains(p) {
			least = 0
		}
		if step := geo.EarthRadius * math.Pi * size / 180e7 / steps; got > least+0.5 || got < least-step {
			t.Fatalf("from %v to %+v: %v m, but the nearest of its points is %v m away", p, r, got, least)
		}
	}
}
