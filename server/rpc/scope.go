package rpc

import (
	"context"
	"slices"
	"time"

	"routeguide/server/geo"
	"routeguide/server/key"
	"routeguide/server/note"
	"routeguide/server/refusal"
	"routeguide/server/replay"
	"routeguide/server/route"
	"routeguide/server/traveler"
)

// A scope is what the caller of a call may see and write of what the call's method is about. Lists and watches leave out what
// lies outside; what is named by its identifier, and what is written, is refused with PERMISSION_DENIED.
type scope struct{ key.Limit }

func scopeOf(ctx context.Context) scope {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok || c.caller.key == nil {
		return scope{}
	}
	l := c.caller.key.Limit
	if l.Sight == key.Live && l.From.Before(c.began) {
		l.From = c.began
	}
	return scope{l}
}

// within returns the part of an area that the caller may see; the field names it in the error for one of two parts.
func (s scope) within(field string, area geo.Rect) (geo.Rect, error) {
	if s.Area == nil {
		return area, nil
	}
	both, one := s.Area.Meet(area)
	if !one {
		return both, refusal.Denied(field, "it reaches into the key's area from two sides")
	}
	return both, nil
}

// at checks that something may be at a point.
func (s scope) at(field string, p geo.Point) error {
	if s.Area != nil && !s.Area.Contains(p) {
		return refusal.Denied(field, "it is outside of the key's area")
	}
	return nil
}

// writes checks that something may be written under a traveler's name.
func (s scope) writes(field, name string) error {
	if s.Traveler != "" && name != s.Traveler {
		return refusal.Denied(field, "the key is for %q alone", s.Traveler)
	}
	return nil
}

// device returns the name that a device is known by. Who writes as one traveler has devices apart, and cannot add to the routes
// of other travelers by naming theirs.
func (s scope) device(name string) string {
	if s.Traveler == "" {
		return name
	}
	return s.Traveler + "\x00" + name
}

func (s scope) note(n note.Note) bool {
	return s.at("", n.Location) == nil && s.writes("", n.Traveler) == nil && !n.Time.Before(s.From)
}

// route checks that a route, which the field names, may be seen and changed. One that reaches out of the area may not, nor one
// that is nowhere yet.
func (s scope) route(field string, r route.Route) error {
	switch {
	case s.Route != "" && r.ID != s.Route,
		s.Traveler != "" && r.Traveler != s.Traveler,
		s.Area != nil && (r.Points == 0 || !s.Area.Covers(r.Bounds)),
		r.Start.Before(s.From),
		s.Sight == key.Past && r.State == route.Recording:
		return refusal.Denied(field, "the key is not for this route")
	}
	return nil
}

// records checks that the route with an identifier may be begun or gone on with.
func (s scope) records(id string) error {
	if s.Route != "" && id != s.Route {
		return refusal.Denied(mdResume, "the key is for another route")
	}
	return nil
}

// traveler returns what may be seen of somebody on the way, and whether that is anything.
func (s scope) traveler(t traveler.Traveler) (traveler.Traveler, bool) {
	if s.Route != "" && t.Route != s.Route || s.Traveler != "" && t.Name != s.Traveler || s.at("", t.Position.Point) != nil {
		return t, false
	}
	if s.Area == nil && s.From.IsZero() {
		return t, true
	}
	t.Trail = slices.DeleteFunc(slices.Clone(t.Trail), func(f route.Fix) bool {
		return s.at("", f.Point) != nil || !s.From.IsZero() && f.Time.Before(s.From)
	})
	return t, true
}

// event tells whether what happened in an area, of which the caller may see all, may be seen.
func (s scope) event(e replay.Event) bool {
	switch {
	case e.Cursor.Moment.Time.Before(s.From):
		return false
	case e.Note != nil:
		return s.Route == "" && s.note(*e.Note)
	case e.Step != nil:
		return (s.Route == "" || e.Step.Route == s.Route) && s.writes("", e.Step.Traveler) == nil
	}
	return s.Route == "" && s.Traveler == "" // an edit of a feature
}

// past checks that the caller may look at how things were at a time; zero is now.
func (s scope) past(field string, t time.Time) error {
	if !t.IsZero() && t.Before(s.From) {
		return refusal.Denied(field, "the key does not show what was then")
	}
	return nil
}

// since returns the later of a time and that from which on the past may be seen.
func (s scope) since(t time.Time) time.Time {
	if t.Before(s.From) {
		return s.From
	}
	return t
}
