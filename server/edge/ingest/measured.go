package ingest

import (
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
)

// measured is what a receiver says beside its location, in the units of the contract. Apps say of what they do not know
// nothing, or a value that cannot be, mostly -1.
type measured struct {
	elevation, accuracy, speed, heading, battery *float64
}

func (m measured) fix(lat, lng int32, at time.Time) *routeguidev1.Fix {
	return &routeguidev1.Fix{
		Location:  &routeguidepb.Point{Latitude: lat, Longitude: lng},
		Time:      timestamppb.New(at),
		Elevation: within(m.elevation, -12_000, 100_000),
		Accuracy:  within(m.accuracy, 0, 1_000_000),
		Speed:     within(m.speed, 0, 10_000),
		Heading:   turned(m.heading),
		Battery:   within(m.battery, 0, 100),
	}
}

// within is v where that can be.
func within(v *float64, low, high float64) *float64 {
	if v == nil || !(*v >= low && *v <= high) {
		return nil
	}
	return v
}

// turned is a heading from 0 up to 360.
func turned(v *float64) *float64 {
	if v = within(v, 0, 360); v != nil && *v == 360 {
		return new(float64)
	}
	return v
}

// times is v in another unit.
func times(v *float64, factor float64) *float64 {
	if v == nil {
		return nil
	}
	product := *v * factor
	return &product
}

func round(v float64) int32 { return int32(math.Round(v)) }
