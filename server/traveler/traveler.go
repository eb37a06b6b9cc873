// Package traveler shows who is on the way just now: everybody whose route is being recorded and whose newest point is not
// too old. All is in memory, made from the routes when the store opens and from what happens to them after, so every process
// of a cluster knows the same.
package traveler

import (
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
)

const (
	// DefaultMaxAge is how old the newest point of who is on the way may be.
	DefaultMaxAge = 30 * time.Minute

	maxTrail   = 100
	trailEvery = 5 // metres
)

// A Traveler is somebody who is on the way.
type Traveler struct {
	Route    string // the public name of the route that is being recorded
	Name     string // the name that the traveler gave, or empty
	Position route.Fix
	Trail    []route.Fix // points before it, oldest first, with a place and a time alone; zero is a time that is not known
	Taken    time.Time   // when the server took the newest point
	Expires  time.Time   // when the newest point is too old
}

// An entry is a traveler as the board keeps it; its Trail is in trail. It is changed in place, and its key only while it is
// not in the order.
type entry struct {
	Traveler
	trail []step
}

// A step is a point of a trail.
type step struct {
	at   geo.Point
	time int64 // milliseconds, or 0
}

// begin returns who records a route whose newest points are known, or none: then there is its sketch.
func begin(r route.Route, newest []route.Fix) *entry {
	t := &entry{Traveler: Traveler{Route: r.ID, Name: r.Traveler, Position: r.Newest}}
	if len(newest) > 0 {
		t.Position = newest[0]
		for _, f := range newest[1:] {
			t.move(f)
		}
		return t
	}
	for _, p := range r.Sketch.Points() {
		if p != r.Newest.Point {
			t.trail = append(t.trail, step{at: p})
		}
	}
	return t
}

// move has a traveler be at the next point.
func (t *entry) move(next route.Fix) {
	if at := t.Position.Point; len(t.trail) == 0 || geo.Distance(t.trail[len(t.trail)-1].at, at) >= trailEvery {
		t.trail = append(t.trail, step{at, t.Position.Time.UnixMilli()})
	}
	if extra := len(t.trail) - maxTrail; extra > 0 {
		t.trail = append(t.trail[:0], t.trail[extra:]...)
	}
	t.Position = next
}

// withTrail is the traveler for somebody who did not see it come.
func (t *entry) withTrail() Traveler {
	whole := t.Traveler
	for _, s := range t.trail {
		f := route.Fix{Point: s.at}
		if s.time != 0 {
			f.Time = time.UnixMilli(s.time)
		}
		whole.Trail = append(whole.Trail, f)
	}
	return whole
}

// A Mark is the place of a traveler in the order of newest points.
type Mark struct {
	Expires int64 // milliseconds since 1970
	Route   string
}

func (t *entry) mark() Mark { return Mark{t.Expires.UnixMilli(), t.Route} }

func before(a, b *entry) bool {
	if !a.Expires.Equal(b.Expires) {
		return a.Expires.Before(b.Expires)
	}
	return a.Route < b.Route
}
