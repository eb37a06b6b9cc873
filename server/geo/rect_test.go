package geo_test

import (
	"math/rand/v2"
	"testing"

	"routeguide/server/geo"
)

func TestRectOf(t *testing.T) {
	want := geo.Rect{South: -2, West: -3, North: 5, East: 7}
	for _, corners := range [][2]geo.Point{
		{{Lat: -2, Lng: -3}, {Lat: 5, Lng: 7}},
		{{Lat: 5, Lng: 7}, {Lat: -2, Lng: -3}},
		{{Lat: -2, Lng: 7}, {Lat: 5, Lng: -3}},
		{{Lat: 5, Lng: -3}, {Lat: -2, Lng: 7}},
	} {
		if got := geo.RectOf(corners[0], corners[1]); got != want {
			t.Errorf("RectOf(%v, %v) = %v, want %v", corners[0], corners[1], got, want)
		}
	}
}

func TestContains(t *testing.T) {
	plain := geo.Rect{South: -10, West: -20, North: 10, East: 20}
	crossing := geo.Rect{South: -10, West: 179e7, North: 10, East: -179e7}
	for _, test := range []struct {
		name  string
		rect  geo.Rect
		point geo.Point
		want  bool
	}{
		{"inside", plain, geo.Point{}, true},
		{"south-west corner", plain, geo.Point{Lat: -10, Lng: -20}, true},
		{"north-east corner", plain, geo.Point{Lat: 10, Lng: 20}, true},
		{"too far south", plain, geo.Point{Lat: -11}, false},
		{"too far north", plain, geo.Point{Lat: 11}, false},
		{"too far west", plain, geo.Point{Lng: -21}, false},
		{"too far east", plain, geo.Point{Lng: 21}, false},
		{"crossing, its west edge", crossing, geo.Point{Lng: 179e7}, true},
		{"crossing, its east edge", crossing, geo.Point{Lng: -179e7}, true},
		{"crossing, on the antimeridian from the west", crossing, geo.Point{Lng: 180e7}, true},
		{"crossing, on the antimeridian from the east", crossing, geo.Point{Lng: -180e7}, true},
		{"crossing, outside to the west", crossing, geo.Point{Lng: 179e7 - 1}, false},
		{"crossing, outside to the east", crossing, geo.Point{Lng: -179e7 + 1}, false},
		{"crossing, the other side of the earth", crossing, geo.Point{}, false},
		{"crossing, too far north", crossing, geo.Point{Lat: 11, Lng: 180e7}, false},
		{"a point of its own", geo.Rect{South: 3, West: 4, North: 3, East: 4}, geo.Point{Lat: 3, Lng: 4}, true},
		{"south above north", geo.Rect{South: 10, West: -20, North: -10, East: 20}, geo.Point{}, false},
		{"the world's corner", geo.World, geo.Point{Lat: -90e7, Lng: 180e7}, true},
	} {
		if got := test.rect.Contains(test.point); got != test.want {
			t.Errorf("%s: %v.Contains(%v) = %v, want %v", test.name, test.rect, test.point, got, test.want)
		}
	}
}

func TestSplit(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	crossings := 0
	for range 20_000 {
		a, b := randomPoint(random), randomPoint(random)
		r := geo.Rect{South: a.Lat, West: a.Lng, North: b.Lat, East: b.Lng}
		parts := r.Split()
		if len(parts) == 2 {
			crossings++
		}
		for _, part := range parts {
			if part.West > part.East {
				t.Fatalf("%v.Split() = %v: a part crosses", r, parts)
			}
		}
		p := randomPoint(random)
		for _, p := range []geo.Point{p, a, b, {Lat: p.Lat, Lng: geo.MaxLng}, {Lat: p.Lat, Lng: -geo.MaxLng}} {
			holders := 0
			for _, part := range parts {
				if part.Contains(p) {
					holders++
				}
			}
			if r.Contains(p) && holders != 1 || !r.Contains(p) && holders != 0 {
				t.Fatalf("%v.Contains(%v) is %v, but %d of its parts %v do", r, p, r.Contains(p), holders, parts)
			}
		}
	}
	if crossings == 0 {
		t.Error("no rectangle crossed the antimeridian")
	}
}

func TestWithCrossesTheAntimeridian(t *testing.T) {
	for _, test := range []struct {
		name       string
		lngs       []int32
		west, east int32
	}{
		{"one point", []int32{5}, 5, 5},
		{"both sides of Greenwich", []int32{-5, 5, 3, -7}, -7, 5},
		{"eastward across", []int32{1795e6, -1795e6, 1790e6, -1790e6}, 1790e6, -1790e6},
		{"westward across", []int32{-1795e6, 1795e6}, 1795e6, -1795e6},
		{"up to it from the west", []int32{1795e6, 180e7}, 1795e6, 180e7},
		{"up to it from the east", []int32{-1795e6, -180e7}, -180e7, -1795e6},
		{"both spellings", []int32{180e7, -180e7}, 180e7, -180e7},
		{"both spellings, the other first", []int32{-180e7, 180e7}, 180e7, -180e7},
		{"the other spelling of the east", []int32{1795e6, 180e7, -180e7}, 1795e6, -180e7},
		{"the other spelling of the west", []int32{-1795e6, -180e7, 180e7}, 180e7, -1795e6},
		{"around the earth", []int32{0, 60e7, 120e7, 179e7, -120e7, -70e7}, 0, -70e7},
	} {
		first := geo.Point{Lng: test.lngs[0]}
		r := geo.RectOf(first, first)
		for _, lng := range test.lngs {
			r = r.With(geo.Point{Lng: lng})
		}
		if want := (geo.Rect{West: test.west, East: test.east}); r != want {
			t.Errorf("%s: %v, want %v", test.name, r, want)
		}
	}
}

// Points of half the earth have the rectangle between the outermost ones, wherever that half lies, and points of all the
// earth have one that holds them.
func TestWithIsTheSmallest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		from, span := r.Int64N(2*geo.MaxLng), r.Int64N(geo.MaxLng)
		if r.IntN(4) == 0 {
			span = 2*geo.MaxLng - 1
		}
		var points []geo.Point
		west, east := int64(2*geo.MaxLng), int64(0) // from where the half begins
		for range 1 + r.IntN(9) {
			off := r.Int64N(span + 1)
			west, east = min(west, off), max(east, off)
			points = append(points, geo.Point{Lat: int32(r.Int64N(2*geo.MaxLat+1) - geo.MaxLat), Lng: int32((from+off)%(2*geo.MaxLng) - geo.MaxLng)})
		}
		got := geo.RectOf(points[0], points[0])
		for _, p := range points {
			got = got.With(p)
		}
		for _, p := range points {
			if !got.Contains(p) {
				t.Fatalf("%v of %v does not hold %v", got, points, p)
			}
		}
		if width := (int64(got.East) - int64(got.West) + 2*geo.MaxLng) % (2 * geo.MaxLng); span < geo.MaxLng && width != east-west {
			t.Fatalf("%v of %v is %d wide, want %d", got, points, width, east-west)
		}
	}
}

// Two rectangles meet in the points that both hold, unless these are two rectangles; and one covers the other if they meet in
// all of that.
func TestMeetAndCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	random := func() geo.Rect {
		south, north := int32(r.Int64N(9)-4), int32(r.Int64N(9)-4)
		edge := func() int32 {
			if r.IntN(2) == 0 {
				return int32(r.Int64N(9) - 4)
			}
			return int32([]int64{geo.MaxLng, geo.MaxLng - 1, -geo.MaxLng, -geo.MaxLng + 1}[r.IntN(4)])
		}
		return geo.Rect{South: min(south, north), West: edge(), North: max(south, north), East: edge()}
	}
	var points []geo.Point
	for lat := int32(-5); lat <= 5; lat++ {
		for _, lng := range []int32{-geo.MaxLng, -geo.MaxLng + 1, -geo.MaxLng + 2, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, geo.MaxLng - 2, geo.MaxLng - 1, geo.MaxLng} {
			points = append(points, geo.Point{Lat: lat, Lng: lng})
		}
	}
	two := 0
	for range 5000 {
		a, b := random(), random()
		both, one := a.Meet(b)
		all := true
		for _, p := range points {
			in := a.Contains(p) && b.Contains(p)
			if one && both.Contains(p) != in {
				t.Fatalf("%v and %v meet in %v, which is wrong about %v", a, b, both, p)
			}
			all = all && (!b.Contains(p) || in)
		}
		if !one {
			two++
		}
		// A rectangle may be spelled in two ways where it reaches 180°.
		if a.Covers(b) && !all {
			t.Fatalf("%v covers %v, they say", a, b)
		}
	}
	if two == 0 || two > 2500 {
		t.Errorf("%d of 5000 pairs meet in two rectangles", two)
	}
	for _, c := range []struct {
		r, o geo.Rect
		want bool
	}{
		{geo.World, geo.Rect{South: 1, West: 2, North: 3, East: 4}, true},
		{geo.World, geo.Rect{South: 1, West: geo.MaxLng - 1, North: 3, East: -geo.MaxLng + 1}, true},
		{geo.Rect{West: 5, East: -5}, geo.Rect{West: 6, East: -6}, true},
		{geo.Rect{West: 5, East: -5}, geo.Rect{West: 6, East: 7}, true},
		{geo.Rect{West: 5, East: -5}, geo.Rect{West: 4, East: 7}, false},
		{geo.Rect{West: 5, East: 8}, geo.Rect{West: 6, East: -6}, false},
	} {
		if got := c.r.Covers(c.o); got != c.want {
			t.Errorf("%v covers %v: %v", c.r, c.o, got)
		}
	}
}
