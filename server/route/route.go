// Package route records routes: the points somebody passed, stored as they come, and what they came to.
package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// What the operations of this package fail with, besides the errors of store; match with errors.Is.
var (
	// ErrTaken says that another call goes on with the route.
	ErrTaken = errors.New("the route is being recorded by another call")
	// ErrFinished says that a point came for a route that was finished before.
	ErrFinished = errors.New("the route is finished")
	// ErrNotFound says that there is no such route, or no more since it was deleted.
	ErrNotFound = errors.New("there is no such route")
	// ErrAnew says that points came late, between those of a track that were read and those that were not.
	ErrAnew = errors.New("points of the route came late; read it again from the beginning")
)

// A Route is what is known of a route besides its points. It is comparable.
type Route struct {
	ID           string // public; it gives no right to anything
	Traveler     string // the name its writer gave, or empty
	State        State
	Name         string    // what it is called, or empty
	Color        string    // what it is drawn in, as #rrggbb, or empty
	Hidden       bool      // left out of lists that do not ask for it
	Began, Ended time.Time // when it was first recorded and when something came to it last; to the millisecond
	Start        time.Time // of its first point; before there is one, when it began
	Newest       Fix       // its newest point; before there is one, its time is when the route began
	Bounds       geo.Rect  // of its points; of those within 180° of longitude the smallest area that holds them
	Points       uint32
	Features     uint32  // points exactly on a known feature, each counted
	Metres       float64 // not rounded
	Statistics   Statistics
	Sketch       Sketch
}

// A State is what a route is doing.
type State int64

// The states of a route. It goes from one to the other and back until it is finished.
const (
	Recording   = State(logv1.RouteState_ROUTE_STATE_RECORDING)   // a call records it
	Finished    = State(logv1.RouteState_ROUTE_STATE_FINISHED)    // its traveler ended it
	Interrupted = State(logv1.RouteState_ROUTE_STATE_INTERRUPTED) // its call broke off
)

// A Summary is what a route came to, in the numbers of the classic contract, which stop at the largest int32.
type Summary struct {
	Points   int32
	Features int32 // points exactly on a known feature, each counted
	Metres   int32 // cut to whole metres
	Seconds  int32 // whole seconds from the first call to the end
}

// Summary returns what the route came to until now.
func (r Route) Summary() Summary {
	return Summary{
		Points: clamp(float64(r.Points)), Features: clamp(float64(r.Features)), Metres: clamp(r.Metres),
		Seconds: clamp(max(0, r.Ended.Sub(r.Began).Seconds())),
	}
}

// clamp cuts to a whole number and stops at the largest int32.
func clamp(v float64) int32 { return int32(min(v, math.MaxInt32)) }

// A Book holds all routes. It is safe for concurrent use.
type Book struct {
	store    *store.Store
	feature  func(geo.Point) bool
	keep     time.Duration
	gap      time.Duration
	rest     time.Duration
	alone    bool
	now      func() time.Time
	watchers watchers
	told     []Follower
}

// DefaultPause ends a route of a device.
const DefaultPause = 30 * time.Minute

// Options are the choices of New.
type Options struct {
	Feature func(geo.Point) bool // whether a known feature lies exactly at a point
	Keep    time.Duration        // how long points are kept; 0 means for ever
	Gap     time.Duration        // without a report that parts two routes of a device; 0 means 30 minutes
	Rest    time.Duration        // in one place that does when the device goes on; 0 means 30 minutes
	Alone   bool                 // no other process records in the store
	Now     func() time.Time     // the clock; nil means time.Now
}

// New returns the book of the routes in st, which must not be open yet.
func New(st *store.Store, o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Book{store: st, feature: o.Feature, keep: o.Keep, gap: cmp.Or(o.Gap, DefaultPause), rest: cmp.Or(o.Rest, DefaultPause), alone: o.Alone, now: o.Now}
	b.watchers.routes = make(map[string]map[*store.Follower[Update]]struct{})
	b.Follow(Follower{b.watchers.load, b.watchers.committed})
	st.Register(store.Book{Name: "route", Schema: schema, Apply: apply, Load: b.load, Committed: b.committed, Frees: func(c *logv1.Change) bool {
		ends := c.GetRoute().GetExtended()
		return c.GetRoute().GetForgotten() != nil || c.GetRoute().GetDeleted() != nil ||
			ends != nil && len(ends.GetPoints().GetLatitude()) == 0 // adds nothing
	}})
	return b
}

// abandoned is how long nothing may come of a route that another process may be recording. A point that comes later makes
// its route one that is recorded again.
const abandoned = 15 * time.Minute

// Tidy deletes points that are older than they are to be kept, and interrupts routes whose process was killed, at once and
// then once an hour, until ctx ends. Call it before anything is recorded.
func (b *Book) Tidy(ctx context.Context, log *slog.Logger) {
	silent := abandoned
	if b.alone {
		silent = 0 // as yet nobody records
	}
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		before := &logv1.RoutesAbandoned{Before: b.now().Add(-silent).UnixMilli()}
		b.tidy(ctx, log, &logv1.RouteChange{Kind: &logv1.RouteChange_Abandoned{Abandoned: before}})
		silent = abandoned
		if b.keep > 0 {
			before := &logv1.TracksForgotten{Before: b.now().Add(-b.keep).UnixMilli()}
			b.tidy(ctx, log, &logv1.RouteChange{Kind: &logv1.RouteChange_Forgotten{Forgotten: before}})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Book) tidy(ctx context.Context, log *slog.Logger, c *logv1.RouteChange) {
	if _, err := b.store.Do(ctx, change(c)); err != nil && ctx.Err() == nil {
		log.Warn("routes are not tidied yet", "err", err)
	}
}

func change(c *logv1.RouteChange) *logv1.Change {
	return &logv1.Change{Book: &logv1.Change_Route{Route: c}}
}

// Record begins a route under a public name, or goes on with the one that the hash of its secret names: from then on the
// call that recorded it before can store no more points.
//
// Errors: ErrNotFound for one that was deleted, and those of store.
func (b *Book) Record(ctx context.Context, secret [32]byte, name, traveler string) (*Recorder, error) {
	r := newRecorder(b, secret, name)
	e, err := b.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Begun{Begun: &logv1.RouteBegun{
		Token: r.token, RouteId: r.route.ID, Call: r.call, Traveler: traveler, Time: b.now().UnixMilli(),
	}}}))
	if err != nil {
		return nil, fmt.Errorf("begin the route: %w", err)
	}
	r.route = e.Result.(made).route
	return r, nil
}
