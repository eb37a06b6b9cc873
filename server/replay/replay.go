// Package replay tells what happened in an area, in the order of time: points of routes, notes and edits of features, each
// read from its own tables some at a time and merged.
package replay

import (
	"context"
	"iter"
	"math"
	"time"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
)

// Books are what a replay is read from.
type Books struct {
	Notes    *note.Book
	Features *feature.Book
	Routes   *route.Book
}

// A Query says what to tell.
type Query struct {
	Area     geo.Rect
	From     time.Time // what happened then or later
	Until    time.Time // and before
	Speed    float64   // times as fast as it happened; 0: as fast as it is taken
	After    Cursor    // go on after the event that has it
	Resuming bool      // After is one
}

// An Event is one thing that happened: one of these.
type Event struct {
	Note    *note.Note
	Feature *feature.Past
	Step    *route.Step
	Cursor  Cursor
}

// A Cursor is the place of an event in a replay.
type Cursor struct {
	Kind   Kind
	Moment store.Moment
}

// A Kind is what happened. Of events at one time the lesser kind comes first.
type Kind byte

// The kinds of events. Values are in the cursors that clients hold.
const (
	Note Kind = iota + 1
	Feature
	Step
)

func (c Cursor) before(o Cursor) bool {
	if order := c.Moment.Time.Compare(o.Moment.Time); order != 0 || c.Kind != o.Kind {
		return order < 0 || order == 0 && c.Kind < o.Kind
	}
	return c.Moment.Before(o.Moment)
}

// Area tells what happened in an area, until that is all, ctx ends or the loop stops.
//
// Errors: those of store, and the cause that ctx ended with.
func (b Books) Area(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		sources := make([]source, 0, 3)
		for _, events := range []iter.Seq2[Event, error]{
			of(b.Notes.Past(ctx, q.Area, q.after(Note), q.Until), func(n note.Note) Event { return Event{Note: &n, Cursor: Cursor{Note, n.Moment()}} }),
			of(b.Features.Past(ctx, q.Area, q.after(Feature), q.Until), func(f feature.Past) Event { return Event{Feature: &f, Cursor: Cursor{Feature, f.Moment}} }),
			of(b.Routes.Past(ctx, q.Area, q.after(Step), q.Until), func(s route.Step) Event { return Event{Step: &s, Cursor: Cursor{Step, s.Moment}} }),
		} {
			next, stop := iter.Pull2(events)
			defer stop()
			sources = append(sources, source{pull: next})
		}
		clock := q.clock()
		for {
			var first *source
			for i := range sources {
				s := &sources[i]
				if err := s.fill(); err != nil {
					yield(Event{}, err)
					return
				}
				if s.some && (first == nil || s.event.Cursor.before(first.event.Cursor)) {
					first = s
				}
			}
			if first == nil {
				return
			}
			if err := clock.wait(ctx, first.event.Cursor.Moment.Time); err != nil {
				yield(Event{}, err)
				return
			}
			first.some = false
			if !yield(first.event, nil) {
				return
			}
		}
	}
}

// after is where events of a kind begin.
func (q Query) after(kind Kind) store.Moment {
	at := q.After.Moment.Time
	switch {
	case !q.Resuming:
		return store.Since(q.From)
	case kind == q.After.Kind:
		return q.After.Moment
	case kind > q.After.Kind && at.Equal(at.Truncate(time.Millisecond)):
		return store.Since(at)
	}
	return store.Past(at) // these are to the millisecond: what was in the one that is under way came before
}

func of[T any](past iter.Seq2[T, error], event func(T) Event) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for v, err := range past {
			if err != nil {
				yield(Event{}, err)
				return
			}
			if !yield(event(v), nil) {
				return
			}
		}
	}
}

// A source is what happened of one kind.
type source struct {
	pull  func() (Event, error, bool)
	event Event // the next one
	some  bool  // there is one
	over  bool
}

func (s *source) fill() (err error) {
	if !s.some && !s.over {
		s.event, err, s.some = s.pull()
		s.over = !s.some
	}
	return err
}

// A clock paces a replay.
type clock struct {
	from  time.Time // of the replay
	began time.Time
	speed float64
}

func (q Query) clock() clock {
	from := q.From
	if q.Resuming {
		from = q.After.Moment.Time
	}
	return clock{from, time.Now(), q.Speed}
}

// wait returns when a time of the replay has come.
func (c clock) wait(ctx context.Context, t time.Time) error {
	if c.speed > 0 {
		after := float64(t.Sub(c.from)) / c.speed
		timer := time.NewTimer(time.Duration(min(after, math.MaxInt64/2)) - time.Since(c.began))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return context.Cause(ctx)
}
