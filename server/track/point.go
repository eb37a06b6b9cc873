package track

import (
	"encoding/binary"
	"math"
	"time"

	"routeguide/server/geo"
)

// A point is a Fix in 32 bytes.
type point struct {
	geo.Point
	time                       int64 // milliseconds since 1970
	elevation, accuracy, speed int32
	heading                    int16
	battery                    int8
}

// timeless is the time of a point that has none in its file.
const timeless = math.MinInt64

// A scale makes whole numbers of what files have, and back.
type scale struct {
	units       float64 // a one of the file has
	least, most float64 // outside lies what devices write when they did not measure
	none        int32   // stands for nothing
	circle      int32   // what is 0 again, or 0
}

var (
	elevations = scale{units: 10, least: -12_000, most: 100_000, none: math.MinInt32}
	accuracies = scale{units: 10, most: 1_000_000, none: math.MinInt32}
	speeds     = scale{units: 100, most: 10_000, none: math.MinInt32}
	headings   = scale{units: 10, most: 360, none: math.MinInt16, circle: 3600}
	batteries  = scale{units: 1, most: 100, none: math.MinInt8}
)

// whole is a value of a file; NaN stands for nothing.
func (s scale) whole(v float64) int32 {
	if !(v >= s.least && v <= s.most) {
		return s.none
	}
	whole := int32(math.Round(v * s.units))
	if s.circle > 0 {
		whole %= s.circle
	}
	return whole
}

func (s scale) measure(whole int32) geo.Measure {
	if whole == s.none {
		return geo.Measure{}
	}
	return geo.Measured(whole)
}

// at is a point of which nothing but the position is known.
func at(p geo.Point) point {
	return point{
		Point: p, time: timeless, elevation: elevations.none, accuracy: accuracies.none,
		speed: speeds.none, heading: int16(headings.none), battery: int8(batteries.none),
	}
}

func (p point) fix() Fix {
	return Fix{
		Point: p.Point, Time: time.UnixMilli(p.time).UTC(), Elevation: elevations.measure(p.elevation), Accuracy: accuracies.measure(p.accuracy),
		Speed: speeds.measure(p.speed), Heading: headings.measure(int32(p.heading)), Battery: batteries.measure(int32(p.battery)),
	}
}

// append appends all that the point has.
func (p point) append(b []byte) []byte {
	e := binary.LittleEndian
	b = e.AppendUint32(e.AppendUint32(b, uint32(p.Lat)), uint32(p.Lng))
	b = e.AppendUint32(e.AppendUint64(b, uint64(p.time)), uint32(p.elevation))
	b = e.AppendUint32(e.AppendUint32(b, uint32(p.accuracy)), uint32(p.speed))
	return append(e.AppendUint16(b, uint16(p.heading)), byte(p.battery))
}

// degrees makes a position of a latitude and a longitude.
func degrees(latitude, longitude float64) (geo.Point, bool) {
	if !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) {
		return geo.Point{}, false
	}
	return geo.Point{Lat: int32(math.Round(latitude * 1e7)), Lng: int32(math.Round(longitude * 1e7))}, true
}
