package rpc

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/route"
)

const maxRouteName = 200 // characters

var color = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// routeQuery checks what ListRoutes is asked for.
func routeQuery(ctx context.Context, r *routeguidev1.ListRoutesRequest) (q route.Query, err error) {
	may := scopeOf(ctx)
	q = route.Query{Traveler: cmp.Or(r.Traveler, may.Traveler), State: route.State(r.State), Hidden: r.ShowHidden}
	if r.Bounds != nil || may.Area != nil {
		area, err := bounds(ctx, r.Bounds)
		if err != nil {
			return q, err
		}
		q.Area = &area
	}
	if q.From, err = moment("start_time", r.StartTime); err != nil {
		return q, err
	}
	q.From = may.since(q.From)
	if q.Until, err = moment("end_time", r.EndTime); err != nil {
		return q, err
	}
	if _, known := routeguidev1.RouteState_name[int32(r.State)]; !known {
		return q, invalid("state", "%d is no state", r.State)
	}
	if q.Limit, err = pageSize(r.PageSize); err != nil {
		return q, err
	}
	if q.At, err = past(ctx, "at", r.At); err != nil {
		return q, err
	}
	q.After, err = parsePageOfRoutes("page_token", r.PageToken)
	return q, err
}

// moment checks a time; not set it is the zero time.
func moment(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if t.CheckValid() != nil {
		return time.Time{}, invalid(field, "is not between the years 1 and 9999")
	}
	return t.AsTime(), nil
}

// past checks a time to look back to, as far as the caller may; it is the zero time for now, where none is given or it lies ahead.
func past(ctx context.Context, field string, t *timestamppb.Timestamp) (time.Time, error) {
	at, err := moment(field, t)
	if err != nil {
		return at, err
	}
	if at.After(time.Now()) {
		at = time.Time{}
	}
	return at, scopeOf(ctx).past(field, at)
}

func routeName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return invalid("route.name", "is not UTF-8")
	case utf8.RuneCountInString(name) > maxRouteName:
		return invalid("route.name", "has more than %d characters", maxRouteName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid("route.name", "has control characters")
	}
	return nil
}

func routeColor(c string) error {
	if c != "" && !color.MatchString(c) {
		return invalid("route.color", "%q is not #rrggbb", c)
	}
	return nil
}

// fix checks the point of a track that stands in the named field.
func fix(field string, f *routeguidev1.Fix) (out route.Fix, err error) {
	if f == nil {
		return out, invalid(field, "is required")
	}
	if out.Point, err = point(field+".location", f.Location); err != nil {
		return out, err
	}
	if out.Time, err = moment(field+".time", f.Time); err != nil {
		return out, err
	}
	for _, m := range []struct {
		name      string
		value     *float64
		low, high float64
		units     float64 // that one of the contract's has
		to        *geo.Measure
	}{
		{"elevation", f.Elevation, -12_000, 100_000, 10, &out.Elevation},
		{"accuracy", f.Accuracy, 0, 1_000_000, 10, &out.Accuracy},
		{"speed", f.Speed, 0, 10_000, 100, &out.Speed},
		{"heading", f.Heading, 0, math.Nextafter(360, 0), 10, &out.Heading},
		{"battery", f.Battery, 0, 100, 1, &out.Battery},
	} {
		if m.value == nil {
			continue
		}
		if !(*m.value >= m.low && *m.value <= m.high) { // nor not a number
			return out, invalid(field+"."+m.name, "%v is out of range", *m.value)
		}
		*m.to = geo.Measured(int32(math.Round(*m.value * m.units)))
	}
	if heading, _ := out.Heading.Get(); heading == 3600 {
		out.Heading = geo.Measured(0)
	}
	return out, nil
}

func fixMessages(fixes []route.Fix) []*routeguidev1.Fix {
	messages := make([]*routeguidev1.Fix, len(fixes))
	for i, f := range fixes {
		messages[i] = &routeguidev1.Fix{
			Location: pointMessage(f.Point), Time: timestamppb.New(f.Time),
			Elevation: in(f.Elevation, 10), Accuracy: in(f.Accuracy, 10), Speed: in(f.Speed, 100), Heading: in(f.Heading, 10), Battery: in(f.Battery, 1),
		}
	}
	return messages
}

// in returns a measure in the contract's units, of which each has so many.
func in(m geo.Measure, units float64) *float64 {
	value, known := m.Get()
	if !known {
		return nil
	}
	v := float64(value) / units
	return &v
}

func routeMessage(r route.Route) *routeguidev1.Route {
	s := r.Statistics
	m := &routeguidev1.Route{
		Id: r.ID, Traveler: r.Traveler, State: routeguidev1.RouteState(r.State), Name: r.Name, Color: r.Color, Hidden: r.Hidden,
		StartTime: timestamppb.New(r.Start), EndTime: timestamppb.New(r.Newest.Time),
		PointCount: int64(r.Points), FeatureCount: int64(r.Features),
		Statistics: &routeguidev1.RouteStatistics{
			Distance: r.Metres, MovingTime: durationpb.New(time.Duration(s.MovingTime) * time.Millisecond), StopCount: int32(s.Stops),
			AverageSpeed: s.AverageSpeed(), TopSpeed: s.TopSpeed(), Climb: float64(s.Climb) / 10, Descent: float64(s.Descent) / 10,
		},
	}
	if r.Points > 0 {
		m.Bounds = boundsMessage(r.Bounds)
	}
	for _, p := range r.Sketch.Points() {
		m.Sketch = append(m.Sketch, pointMessage(p))
	}
	return m
}

func boundsMessage(r geo.Rect) *routeguidev1.Bounds {
	return &routeguidev1.Bounds{
		Southwest: pointMessage(geo.Point{Lat: r.South, Lng: r.West}), Northeast: pointMessage(geo.Point{Lat: r.North, Lng: r.East}),
	}
}
