package track

import (
	"encoding/json"
	"math"
	"strconv"

	"routeguide/server/geo"
)

// An e7Place is where somebody was, and when, as all but the newest form of location history have it, under one name or another.
type e7Place struct {
	LatitudeE7, LongitudeE7, LatE7, LngE7 *int64
	Timestamp                             string
	TimestampMs                           json.Number

	AccuracyMeters                        *float64
	Accuracy, Altitude, Velocity, Heading *float64 // of Records.json
}

// A period is from when to when something was, as newer and older months have it.
type period struct {
	StartTimestamp, EndTimestamp     string
	StartTimestampMs, EndTimestampMs json.Number
}

// object reads one of timelineObjects: a way between two places, or a stay at one.
func (h *history) object() {
	var o struct {
		ActivitySegment *struct {
			StartLocation, EndLocation e7Place
			Duration                   period
			WaypointPath               struct{ Waypoints []e7Place }
			SimplifiedRawPath          struct{ Points []e7Place }
		}
		PlaceVisit *struct {
			Location          e7Place
			Duration          period
			SimplifiedRawPath struct{ Points []e7Place }
		}
	}
	h.Decode(&o)
	if way := o.ActivitySegment; way != nil {
		between := way.SimplifiedRawPath.Points
		if len(between) == 0 {
			between = way.WaypointPath.Waypoints
		}
		h.way(way.Duration, way.StartLocation, between, way.EndLocation)
	}
	if stay := o.PlaceVisit; stay != nil {
		h.way(stay.Duration, stay.Location, stay.SimplifiedRawPath.Points, stay.Location)
	}
}

// way adds the points from one place to another. Those between that say no time have that of an even pace.
func (h *history) way(d period, from e7Place, between []e7Place, to e7Place) {
	begin, end := h.either(d.StartTimestamp, d.StartTimestampMs), h.either(d.EndTimestamp, d.EndTimestampMs)
	var points []point
	for i, s := range append(append([]e7Place{from}, between...), to) {
		p, ok := h.e7(s)
		if !ok {
			continue
		}
		switch i {
		case 0:
			p.time = begin
		case len(between) + 1:
			p.time = end
		}
		points = append(points, p)
	}
	metres, all := 0.0, 0.0
	for i := 1; i < len(points); i++ {
		all += geo.Distance(points[i-1].Point, points[i].Point)
	}
	for i, p := range points {
		if i > 0 {
			metres += geo.Distance(points[i-1].Point, p.Point)
		}
		if p.time == timeless && begin != timeless && end != timeless && all > 0 {
			p.time = begin + int64(math.Round(metres/all*float64(end-begin)))
		}
		h.add(p)
	}
}

func (h *history) e7(s e7Place) (p point, ok bool) {
	lat, lng := s.LatitudeE7, s.LongitudeE7
	if lat == nil || lng == nil {
		lat, lng = s.LatE7, s.LngE7
	}
	if lat == nil || lng == nil {
		return p, false
	}
	// Some exports write negative numbers as if they had no sign: taking the lower 32 bits undoes it.
	place, ok := degrees(float64(int32(*lat))/1e7, float64(int32(*lng))/1e7)
	if !ok {
		h.Fail("%d, %d is no latitude and longitude in E7", *lat, *lng)
		return p, false
	}
	p = at(place)
	p.time, p.accuracy = h.either(s.Timestamp, s.TimestampMs), accuracies.whole(number(s.AccuracyMeters))
	return p, true
}

// either is a time that is written as text or, in older files, as milliseconds.
func (h *history) either(text string, milliseconds json.Number) int64 {
	if ms, err := strconv.ParseInt(milliseconds.String(), 10, 64); err == nil && ms <= latest {
		return ms
	}
	return h.moment(text)
}
