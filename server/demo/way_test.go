package demo

import (
	"math"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

func TestWaysAreBetweenFeatures(t *testing.T) {
	for _, who := range travelers {
		for _, end := range []geo.Point{who.way[0], who.way[len(who.way)-1]} {
			if f, ok := feature.Default().At(end); !ok || f.Name == "" {
				t.Errorf("%s: there is no feature at %v", who.name, end)
			}
		}
		if took := length(who.way) / who.speed / 60; took < 15 {
			t.Errorf("%s is there after %.0f minutes", who.name, took)
		}
	}
}

func TestAlong(t *testing.T) {
	way := []geo.Point{{Lat: 40e7}, {Lat: 40e7 + 1e6}, {Lat: 40e7 + 1e6, Lng: 1e6}, {Lat: 40e7, Lng: 0}}
	first, second := geo.Distance(way[0], way[1]), geo.Distance(way[1], way[2])
	for _, c := range []struct{ metres, heading float64 }{
		{0, 0}, {first / 2, 0}, {first, 90}, {first + second - 1, 90}, {first + second + 1, 217.4}, {length(way) + 1, 217.4},
	} {
		at, heading := along(way, c.metres)
		if math.Abs(heading-c.heading) > 0.2 {
			t.Errorf("after %.0f m the heading is %.1f, want %.1f", c.metres, heading, c.heading)
		}
		if c.metres < first && math.Abs(geo.Distance(way[0], at)-c.metres) > 0.1 {
			t.Errorf("after %.1f m at %v", c.metres, at)
		}
	}
	if at, _ := along(way, 2*length(way)); at != way[3] {
		t.Errorf("after all of it at %v", at)
	}
	if there, again := length(way), length(back(way)); math.Abs(there-again) > 1e-6 {
		t.Errorf("%.3f m there and %.3f m back", there, again)
	}
}
