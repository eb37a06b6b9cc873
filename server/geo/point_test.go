package geo_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"routeguide/server/geo"
)

func TestValid(t *testing.T) {
	for _, test := range []struct {
		point geo.Point
		want  bool
	}{
		{geo.Point{}, true},
		{geo.Point{Lat: 900000000, Lng: 1800000000}, true},
		{geo.Point{Lat: -900000000, Lng: -1800000000}, true},
		{geo.Point{Lat: 900000001}, false},
		{geo.Point{Lat: -900000001}, false},
		{geo.Point{Lng: 1800000001}, false},
		{geo.Point{Lng: -1800000001}, false},
		{geo.Point{Lat: math.MinInt32, Lng: math.MinInt32}, false},
	} {
		if got := test.point.Valid(); got != test.want {
			t.Errorf("%v.Valid() = %v, want %v", test.point, got, test.want)
		}
	}
}

func TestString(t *testing.T) {
	for _, test := range []struct {
		point geo.Point
		want  string
	}{
		{geo.Point{}, "0.0000000,0.0000000"},
		{geo.Point{Lat: 409146138, Lng: -746188906}, "40.9146138,-74.6188906"},
		{geo.Point{Lat: -1, Lng: 1}, "-0.0000001,0.0000001"},
		{geo.Point{Lat: 900000000, Lng: -1800000000}, "90.0000000,-180.0000000"},
		{geo.Point{Lat: 10000000, Lng: -9999999}, "1.0000000,-0.9999999"},
		{geo.Point{Lat: math.MaxInt32, Lng: math.MinInt32}, "214.7483647,-214.7483648"},
	} {
		if got := test.point.String(); got != test.want {
			t.Errorf("%#v.String() = %q, want %q", test.point, got, test.want)
		}
	}
}

func TestStringIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		p := geo.Point{Lat: int32(random.Uint32()), Lng: int32(random.Uint32())}
		want := big.NewRat(int64(p.Lat), 1e7).FloatString(7) + "," + big.NewRat(int64(p.Lng), 1e7).FloatString(7)
		if got := fmt.Sprint(p); got != want {
			t.Fatalf("%#v prints as %q, want %q", p, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	const degree = geo.EarthRadius * math.Pi / 180
	for _, test := range []struct {
		name string
		a, b geo.Point
		want float64
	}{
		{"itself", geo.Point{Lat: 409146138, Lng: -746188906}, geo.Point{Lat: 409146138, Lng: -746188906}, 0},
		{"a degree of a meridian", geo.Point{Lat: 50e7}, geo.Point{Lat: 51e7}, degree},
		{"a degree of the equator", geo.Point{Lng: 10e7}, geo.Point{Lng: 11e7}, degree},
		{"a unit", geo.Point{Lat: 45e7}, geo.Point{Lat: 45e7 + 1}, degree / 1e7},
		{"across the antimeridian", geo.Point{Lng: 179.5e7}, geo.Point{Lng: -179.5e7}, degree},
		{"the two spellings of the antimeridian", geo.Point{Lat: 45e7, Lng: 180e7}, geo.Point{Lat: 45e7, Lng: -180e7}, 0},
		{"pole to pole", geo.Point{Lat: 90e7}, geo.Point{Lat: -90e7}, 180 * degree},
		{"antipodes", geo.Point{Lat: 30e7, Lng: 100e7}, geo.Point{Lat: -30e7, Lng: -80e7}, 180 * degree},
		{"along a pole", geo.Point{Lat: 90e7, Lng: -100e7}, geo.Point{Lat: 90e7, Lng: 70e7}, 0},
		{"over a pole", geo.Point{Lat: 80e7}, geo.Point{Lat: 80e7, Lng: 180e7}, 20 * degree},
		// The worked example of BNA to LAX, scaled from its radius of 6372.8 km.
		{"Nashville to Los Angeles", geo.Point{Lat: 36.12e7, Lng: -86.67e7}, geo.Point{Lat: 33.94e7, Lng: -118.40e7}, 2887259.95 / 6372800 * geo.EarthRadius},
	} {
		if got := geo.Distance(test.a, test.b); !(math.Abs(got-test.want) <= 1e-6+1e-8*test.want) {
			t.Errorf("%s: Distance(%v, %v) = %v m, want %v m", test.name, test.a, test.b, got, test.want)
		}
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const half = math.Pi * geo.EarthRadius
	for range 20_000 {
		a, b, c := randomPoint(random), randomPoint(random), randomPoint(random)
		ab, bc, ac := geo.Distance(a, b), geo.Distance(b, c), geo.Distance(a, c)
		if back := geo.Distance(b, a); ab != back {
			t.Fatalf("%v to %v is %v m, but back it is %v m", a, b, ab, back)
		}
		if !(0 <= ab && ab <= half+1e-6) {
			t.Fatalf("%v to %v is %v m, want from 0 to %v m", a, b, ab, half)
		}
		if ac > ab+bc+1e-3 {
			t.Fatalf("%v to %v is %v m, longer than %v m by way of %v", a, c, ac, ab+bc, b)
		}
	}
}

func TestDistanceTurnsWithTheEarth(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		a, b := randomPoint(random), randomPoint(random)
		want := geo.Distance(a, b)
		turn := int64(random.IntN(360e7))
		a.Lng, b.Lng = turned(a.Lng, turn), turned(b.Lng, turn)
		if got := geo.Distance(a, b); math.Abs(got-want) > 0.5 {
			t.Fatalf("%v to %v is %v m, but %v m once turned by %d E7", a, b, want, got, turn)
		}
	}
}

func randomPoint(random *rand.Rand) geo.Point {
	return geo.Point{
		Lat: int32(random.IntN(2*geo.MaxLat+1) - geo.MaxLat),
		Lng: int32(random.IntN(2*geo.MaxLng+1) - geo.MaxLng),
	}
}

func turned(lng int32, by int64) int32 {
	return int32((int64(lng)+geo.MaxLng+by)%(2*geo.MaxLng) - geo.MaxLng)
}
