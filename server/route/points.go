package route

import (
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
)

// A Fix is a point of a route and when the server took it, to the millisecond.
type Fix struct {
	Point geo.Point
	Time  time.Time
}

// pack puts points into columns of differences.
func pack(fixes []Fix) *logv1.Points {
	if len(fixes) == 0 {
		return nil
	}
	n := len(fixes)
	p := &logv1.Points{Latitude: make([]int32, n), Longitude: make([]int32, n), Time: make([]int64, n)}
	var before geo.Point
	var then int64
	for i, f := range fixes {
		now := f.Time.UnixMilli()
		p.Latitude[i], p.Longitude[i], p.Time[i] = f.Point.Lat-before.Lat, f.Point.Lng-before.Lng, now-then
		before, then = f.Point, now
	}
	return p
}

// unpack is the opposite of pack.
func unpack(p *logv1.Points) []Fix {
	fixes := make([]Fix, len(p.GetLatitude()))
	var at geo.Point
	var now int64
	for i := range fixes {
		at.Lat, at.Lng, now = at.Lat+p.Latitude[i], at.Lng+p.Longitude[i], now+p.Time[i]
		fixes[i] = Fix{at, time.UnixMilli(now)}
	}
	return fixes
}
