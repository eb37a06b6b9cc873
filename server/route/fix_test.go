package route_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/route"
)

// randomFix is a point anywhere, at which each thing was measured or not.
func randomFix(r *rand.Rand, at time.Time) route.Fix {
	some := func(low, high int32) geo.Measure {
		switch r.IntN(6) {
		case 0:
			return geo.Measure{}
		case 1:
			return geo.Measured(low)
		case 2:
			return geo.Measured(high)
		}
		return geo.Measured(low + r.Int32N(high-low+1))
	}
	return route.Fix{
		Point: geo.Point{Lat: int32(r.Int64N(2*geo.MaxLat+1) - geo.MaxLat), Lng: int32(r.Int64N(2*geo.MaxLng+1) - geo.MaxLng)},
		Time:  at, Elevation: some(-120_000, 1_000_000), Accuracy: some(0, 10_000_000), Speed: some(0, 1_000_000),
		Heading: some(0, 3599), Battery: some(0, 100),
	}
}

func TestPointsComeOutOfTheirColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		at := time.UnixMilli(r.Int64N(1e13) - 5e12)
		var fixes []route.Fix
		for range r.IntN(30) {
			fixes = append(fixes, randomFix(r, at))
			at = at.Add(time.Duration(r.IntN(1e6)) * time.Millisecond)
		}
		b, err := proto.Marshal(route.Pack(fixes))
		if err != nil {
			t.Fatal(err)
		}
		var p logv1.Points
		if err := proto.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		if got := route.Unpack(&p); !slices.Equal(got, fixes) {
			t.Fatalf("packed %+v, unpacked %+v", fixes, got)
		}
	}
}

// What no receiver measured takes no room, and what one measured not much.
func TestColumns(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	plain := []route.Fix{{Point: home, Time: at}, {Point: home, Time: at}}
	if p := route.Pack(plain); p.Elevation != nil || p.Accuracy != nil || p.Speed != nil || p.Heading != nil || p.Battery != nil {
		t.Errorf("of points without measures there is %v", p)
	}
	some := slices.Concat(plain, plain)
	some[1].Elevation, some[3].Elevation = geo.Measured(-30), geo.Measured(-30)
	some[0].Battery, some[1].Battery, some[2].Battery = geo.Measured(0), geo.Measured(100), geo.Measured(99)
	p := route.Pack(some)
	if want := []int32{0, -30, 0, 1}; !slices.Equal(p.Elevation, want) {
		t.Errorf("elevations are stored as %v, want %v", p.Elevation, want)
	}
	if want := []int32{1, 101, -1, 0}; !slices.Equal(p.Battery, want) {
		t.Errorf("batteries are stored as %v, want %v", p.Battery, want)
	}
	for _, extreme := range []int32{math.MinInt32 / 2, math.MaxInt32 / 2} { // no range of the contract comes near
		one := []route.Fix{{Time: at, Speed: geo.Measured(extreme)}, {Time: at, Speed: geo.Measured(-extreme)}}
		if got := route.Unpack(route.Pack(one)); !slices.Equal(got, one) {
			t.Errorf("%d comes out as %+v", extreme, got)
		}
	}
}
