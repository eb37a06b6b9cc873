package rpc

import (
	"math/rand/v2"
	"testing"
	"time"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/route"
)

// A point is the same when it comes back as it was answered, to the last unit that is kept.
func TestFixesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	some := func(low, high int32) geo.Measure {
		if r.IntN(4) == 0 {
			return geo.Measure{}
		}
		return geo.Measured(low + r.Int32N(high-low+1))
	}
	for range 20_000 {
		want := route.Fix{
			Point: geo.Point{Lat: r.Int32N(geo.MaxLat), Lng: -r.Int32N(geo.MaxLng)}, Time: time.UnixMilli(r.Int64N(2e12)).UTC(),
			Elevation: some(-120_000, 1_000_000), Accuracy: some(0, 10_000_000), Speed: some(0, 1_000_000), Heading: some(0, 3599), Battery: some(0, 100),
		}
		if got, err := fix("fix", fixMessages([]route.Fix{want})[0]); err != nil || got != want {
			t.Fatalf("%+v comes back as %+v, %v", want, got, err)
		}
	}
	heading := 359.97
	f, err := fix("fix", &routeguidev1.Fix{Location: pointMessage(geo.Point{}), Heading: &heading})
	if north, _ := f.Heading.Get(); err != nil || north != 0 {
		t.Errorf("a heading of 359.97° is %+v, %v", f.Heading, err)
	}
}
