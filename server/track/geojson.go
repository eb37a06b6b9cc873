package track

import (
	"encoding/json"
	"math"
	"time"

	"routeguide/server/line"
)

// A shape is what has been read of a GeoJSON object: the points of its lines in one list, and where each line ends there.
type shape struct {
	*line.JSON
	kind   string
	name   string
	points points
	ends   []int
	times  []int64 // of the points
}

// member reads a member of a feature or a geometry.
func (s *shape) member(key string) {
	switch key {
	case "type":
		s.kind, _ = s.value().(string)
	case "geometry":
		s.geometry(s.Token())
	case "geometries":
		for s.Enter('['); s.More(); {
			s.geometry(s.Token())
		}
	case "coordinates":
		if t := s.Token(); t != nil {
			s.Opened(t, '[')
			s.list()
		}
	case "properties":
		s.properties()
	default:
		s.Skip()
	}
}

// value is a value that is neither list nor object; those are nil.
func (s *shape) value() any {
	t := s.Token()
	s.SkipFrom(t)
	if _, ok := t.(json.Delim); ok {
		return nil
	}
	return t
}

// geometry takes the lines of a geometry that begins with a token.
func (s *shape) geometry(t json.Token) {
	if t == nil {
		return
	}
	g := &shape{JSON: s.JSON}
	for s.Opened(t, '{'); s.More(); {
		g.member(s.Key())
	}
	g.settle()
	for _, end := range g.ends {
		s.ends = append(s.ends, s.points.len()+end)
	}
	if s.points.len() == 0 {
		s.points = g.points
	} else {
		for p := range g.points.from(0) {
			s.points.add(*p)
		}
	}
	s.bound()
}

// settle forgets what is no line. One point is kept: it is a track if it has a time.
func (s *shape) settle() {
	switch {
	case s.kind == "LineString", s.kind == "MultiLineString":
	case s.kind == "Point" && s.points.len() == 1:
		s.ends = []int{1}
	case s.kind != "Feature" && s.kind != "GeometryCollection":
		s.points, s.ends = points{}, nil
	}
}

func (s *shape) bound() {
	if s.points.len() > maxPoints || len(s.times) > maxPoints {
		s.Fail("%w", errTooMany)
	}
}

// list reads the rest of a list that is a position, or has positions, or lists of those. It returns how deep it is.
func (s *shape) list() (deep int) {
	position := [3]float64{2: math.NaN()}
	n := 0
	for s.More() {
		switch t := s.Token().(type) {
		case float64:
			if n < len(position) {
				position[n] = t
			}
			n++
		case json.Delim:
			s.Opened(t, '[')
			deep = max(deep, s.list()+1)
		default:
			s.Fail("want a number")
		}
	}
	switch {
	case deep == 1:
		s.ends = append(s.ends, s.points.len())
	case deep == 0 && n > 0:
		place, ok := degrees(position[1], position[0])
		if !ok || n < 2 {
			s.Fail("want [longitude, latitude]")
		}
		p := at(place)
		p.elevation = elevations.whole(position[2])
		s.points.add(p)
		s.bound()
	}
	return deep
}

func (s *shape) properties() {
	t := s.Token()
	if t == nil {
		return
	}
	for s.Opened(t, '{'); s.More(); {
		switch s.Key() {
		case "name":
			if name, ok := s.value().(string); ok {
				s.name = name
			}
		case "coordTimes", "times":
			s.times = nil
			s.timesOf(s.Token())
		case "coordinateProperties":
			for s.Enter('{'); s.More(); {
				if s.Key() == "times" {
					s.times = nil
					s.timesOf(s.Token())
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

// timesOf reads times, texts or milliseconds since 1970, and lists of them.
func (s *shape) timesOf(t json.Token) {
	switch t := t.(type) {
	case nil:
		s.times = append(s.times, timeless)
	case string:
		ms, err := moment(t)
		if err != nil {
			s.Fail("%w", err)
		}
		s.times = append(s.times, ms)
	case float64:
		if math.Abs(t) > float64(latest) {
			s.Fail("%g is not a time", t)
		}
		s.times = append(s.times, int64(t))
	case json.Delim:
		for s.Opened(t, '['); s.More(); {
			s.timesOf(s.Token())
		}
	default:
		s.Fail("want a time")
	}
	s.bound()
}

// latest is the last millisecond that can be written as a date of four digits.
var latest = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()

// emit hands over the tracks of a feature, or of a geometry by itself.
func (s *shape) emit(to *builder) {
	s.settle()
	if n := s.points.len(); len(s.times) > 0 && n > 0 {
		if len(s.times) != n {
			s.Fail("a track of %d times and %d places", len(s.times), n)
			return
		}
		for i, t := range s.times {
			s.points.at(i).time = t
		}
	} else if n == 1 {
		return
	}
	begin := 0
	for _, end := range s.ends {
		if s.Err() != nil {
			return
		}
		line := s.points
		if len(s.ends) > 1 {
			line = line.part(begin, end)
		}
		if err := to.emit(s.name, line); err != nil {
			s.Fail("%w", err)
		}
		begin = end
	}
}
