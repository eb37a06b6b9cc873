package track

import (
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"routeguide/server/line"
)

const (
	// gap is how long a track of location history may be without a point.
	gap = time.Hour
	// maxDay is how many points it may have: more than one each second of a day.
	maxDay = 100_000
)

// A history makes tracks of location history, which is one long list: a new one each day, and after each gap.
type history struct {
	*line.JSON
	to     *builder
	points points
	newest int64 // of the points of segments
}

func (h *history) list(element func()) {
	for h.Enter('['); h.More(); {
		element()
	}
}

// record reads one of Records.json's locations.
func (h *history) record() {
	var r e7Place
	h.Decode(&r)
	p, ok := h.e7(r)
	if !ok {
		return
	}
	p.accuracy, p.elevation = accuracies.whole(number(r.Accuracy)), elevations.whole(number(r.Altitude))
	p.speed, p.heading = speeds.whole(number(r.Velocity)), int16(headings.whole(number(r.Heading)))
	h.add(p)
}

// segment reads one of Timeline.json's semanticSegments, or of location-history.json's list.
func (h *history) segment() {
	var s struct {
		StartTime    string
		TimelinePath []struct {
			Point, Time                        string
			DurationMinutesOffsetFromStartTime json.Number
		}
	}
	h.Decode(&s)
	for _, step := range s.TimelinePath {
		p := h.place(step.Point)
		p.time = h.moment(step.Time)
		if minutes, err := step.DurationMinutesOffsetFromStartTime.Int64(); err == nil && step.Time == "" {
			if begin := h.moment(s.StartTime); begin != timeless {
				p.time = begin + minutes*time.Minute.Milliseconds()
			}
		}
		h.newest = max(h.newest, p.time)
		h.add(p)
	}
}

// signal reads one of Timeline.json's rawSignals. What its segments have already is left out.
func (h *history) signal() {
	var s struct {
		Position *struct {
			LatLng, Timestamp                                    string
			AccuracyMeters, AltitudeMeters, SpeedMetersPerSecond *float64
		}
	}
	h.Decode(&s)
	if s.Position == nil || s.Position.LatLng == "" {
		return
	}
	p := h.place(s.Position.LatLng)
	p.time = h.moment(s.Position.Timestamp)
	p.accuracy, p.elevation = accuracies.whole(number(s.Position.AccuracyMeters)), elevations.whole(number(s.Position.AltitudeMeters))
	p.speed = speeds.whole(number(s.Position.SpeedMetersPerSecond))
	if p.time > h.newest {
		h.add(p)
	}
}

// place is a point that is written as "48.85°, 2.35°" or "geo:48.85,2.35".
func (h *history) place(text string) point {
	latitude, longitude, _ := strings.Cut(strings.TrimPrefix(text, "geo:"), ",")
	lat, err := strconv.ParseFloat(strings.Trim(latitude, " °"), 64)
	lng, failed := strconv.ParseFloat(strings.Trim(longitude, " °"), 64)
	place, ok := degrees(lat, lng)
	if err != nil || failed != nil || !ok {
		h.Fail("%q is no latitude and longitude", excerpt(text))
	}
	return at(place)
}

func (h *history) moment(text string) int64 {
	ms, err := moment(text)
	if err != nil {
		h.Fail("%w", err)
	}
	return ms
}

// add takes the next point, in order of time or against it. One without a time belongs nowhere.
func (h *history) add(p point) {
	if p.time == timeless || h.Err() != nil {
		return
	}
	if n := h.points.len(); n > 0 {
		before := h.points.at(n - 1)
		apart := p.time - before.time
		if max(apart, -apart) > gap.Milliseconds() || p.day() != before.day() || n == maxDay {
			h.emit()
		}
	}
	h.points.add(p)
}

// day is the number of the day by the sun where the point is, whose midnight is far from when people are on the way.
func (p point) day() int64 {
	const milliseconds = 24 * 60 * 60 * 1000
	local := float64(p.time) + float64(p.Lng)/360e7*milliseconds
	return int64(math.Floor(local / milliseconds))
}

// emit hands over the track that has been read.
func (h *history) emit() {
	if h.Err() != nil || h.points.len() == 0 {
		return
	}
	if !sort.IsSorted(&h.points) {
		sort.Stable(&h.points)
	}
	if err := h.to.emit("", h.points); err != nil {
		h.Fail("%w", err)
	}
	h.points = points{}
}

// number is NaN where there is none.
func number(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
