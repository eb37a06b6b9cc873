package route

import (
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
)

// A Fix is a point of a route: when somebody was there, to the millisecond, and what a receiver measured.
type Fix struct {
	Point geo.Point
	Time  time.Time // zero for a Recorder means now

	Elevation geo.Measure // decimetres above sea level
	Accuracy  geo.Measure // decimetres: the radius within which the point lies
	Speed     geo.Measure // centimetres per second
	Heading   geo.Measure // tenths of a degree clockwise from true north, below 3600
	Battery   geo.Measure // percent

	onFeature bool // of a reported point: a known feature is exactly there
}

// pack puts points into columns.
func pack(fixes []Fix) *logv1.Points {
	n := len(fixes)
	if n == 0 {
		return nil
	}
	p := &logv1.Points{Latitude: make([]int32, n), Longitude: make([]int32, n), Time: make([]int64, n)}
	var before geo.Point
	var then int64
	for i, f := range fixes {
		now := f.Time.UnixMilli()
		p.Latitude[i], p.Longitude[i], p.Time[i] = f.Point.Lat-before.Lat, f.Point.Lng-before.Lng, now-then
		before, then = f.Point, now
		if f.onFeature {
			p.Features = append(p.Features, uint32(i))
		}
	}
	for _, c := range measured(p) {
		*c.column = packColumn(fixes, c.of)
	}
	return p
}

// unpack is the opposite of pack.
func unpack(p *logv1.Points) []Fix {
	fixes := make([]Fix, len(p.GetLatitude()))
	if len(fixes) == 0 {
		return nil
	}
	var at geo.Point
	var now int64
	for i := range fixes {
		at.Lat, at.Lng, now = at.Lat+p.Latitude[i], at.Lng+p.Longitude[i], now+p.Time[i]
		fixes[i] = Fix{Point: at, Time: time.UnixMilli(now)}
	}
	for _, i := range p.Features {
		fixes[i].onFeature = true
	}
	for _, c := range measured(p) {
		unpackColumn(*c.column, fixes, c.of)
	}
	return fixes
}

// A measuredColumn is a column of what receivers measured, and what of a point stands in it.
type measuredColumn struct {
	column *[]int32
	of     func(*Fix) *geo.Measure
}

func measured(p *logv1.Points) [5]measuredColumn {
	return [5]measuredColumn{
		{&p.Elevation, func(f *Fix) *geo.Measure { return &f.Elevation }},
		{&p.Accuracy, func(f *Fix) *geo.Measure { return &f.Accuracy }},
		{&p.Speed, func(f *Fix) *geo.Measure { return &f.Speed }},
		{&p.Heading, func(f *Fix) *geo.Measure { return &f.Heading }},
		{&p.Battery, func(f *Fix) *geo.Measure { return &f.Battery }},
	}
}

// packColumn returns nil when no point was measured.
func packColumn(fixes []Fix, of func(*Fix) *geo.Measure) []int32 {
	var column []int32
	var before int32
	for i := range fixes {
		value, known := of(&fixes[i]).Get()
		if !known {
			continue
		}
		if column == nil {
			column = make([]int32, len(fixes))
		}
		if column[i] = value - before; column[i] >= 0 {
			column[i]++
		}
		before = value
	}
	return column
}

func unpackColumn(column []int32, fixes []Fix, of func(*Fix) *geo.Measure) {
	var value int32
	for i, difference := range column {
		if difference == 0 {
			continue
		}
		if difference > 0 {
			difference--
		}
		value += difference
		*of(&fixes[i]) = geo.Measured(value)
	}
}
