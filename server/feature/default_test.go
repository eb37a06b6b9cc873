package feature_test

import (
	"slices"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

func TestDefault(t *testing.T) {
	features := slices.Collect(feature.Default().In(geo.World))
	named := 0
	distance := 0.0
	for i, f := range features {
		if f.Name != "" {
			named++
		}
		if i > 0 {
			distance += geo.Distance(features[i-1].Location, f.Location)
		}
	}
	if len(features) != 100 || feature.Default().Len() != 100 || named != 64 {
		t.Errorf("there are %d default features, %d of them named, want 100 and 64", len(features), named)
	}
	if int(distance) != 7_494_392 {
		t.Errorf("the default features in order measure %v m, want 7494392 m once cut to whole metres", distance)
	}
	want := feature.Feature{
		Name:     "Berkshire Valley Management Area Trail, Jefferson, NJ, USA",
		Location: geo.Point{Lat: 409146138, Lng: -746188906},
	}
	if got, ok := feature.Default().At(want.Location); !ok || got != want {
		t.Errorf("At(%v) = %v, %v, want %v", want.Location, got, ok, want)
	}
	if got, ok := feature.Default().At(geo.Point{}); ok {
		t.Errorf("there is %v at 0,0", got)
	}
}
