package traveler

import (
	"context"
	"iter"
	"slices"
	"time"

	"routeguide/server/geo"
)

const (
	// pace is how long it is from one time that somebody who watches is told something to the next, so that what happens
	// meanwhile is told together.
	pace = 200 * time.Millisecond
	// piece is how many travelers are looked at in one go for somebody who watches.
	piece = 256
)

// An Event is what who watches is told: one of these.
type Event struct {
	Moved   *Traveler // came into the area, with its trail, or is elsewhere in it
	Left    string    // the route of a traveler who left the area or is on the way no more
	Current bool      // all who were on the way have been told, what follows is live
}

// A watcher is what somebody who watches an area knows. All but ready is guarded by the mutex of its board; there are never
// more routes in it than travelers in the area, and such that were there when it was told last.
type watcher struct {
	area    geo.Rect
	ready   chan struct{} // receives when there is something in changed
	told    map[string]struct{}
	changed map[string]struct{}
}

// look has a watcher look at a traveler again, who is in its area or not.
func (w *watcher) look(id string, inside bool) {
	if _, told := w.told[id]; !told && !inside {
		delete(w.changed, id)
		return
	}
	w.changed[id] = struct{}{}
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// Watch tells who is on the way in an area until ctx ends or the loop stops: first each traveler, then an event with Current
// set, then what changes. Who reads slowly is told of the newest position of a traveler only; what becomes of one in less
// than a fifth of a second is told as one change.
//
// The only error is the cause that ctx ended with.
func (b *Board) Watch(ctx context.Context, area geo.Rect) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		w := b.begin(area)
		defer b.end(w)
		rest := time.NewTimer(pace)
		defer rest.Stop()
		for current := false; ; current = true {
			rest.Reset(pace)
			for ids := range slices.Chunk(b.changed(w), piece) {
				for _, e := range b.events(w, ids) {
					if !yield(e, nil) {
						return
					}
				}
			}
			if !current && !yield(Event{Current: true}, nil) {
				return
			}
			if !received(ctx, rest.C) || !received(ctx, w.ready) {
				yield(Event{}, context.Cause(ctx))
				return
			}
		}
	}
}

// received waits for a channel, and returns false if ctx ends first.
func received[T any](ctx context.Context, from <-chan T) bool {
	select {
	case <-ctx.Done():
		return false
	case <-from:
		return true
	}
}

func (b *Board) begin(area geo.Rect) *watcher {
	w := &watcher{area: area, ready: make(chan struct{}, 1), told: make(map[string]struct{}), changed: make(map[string]struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[w] = struct{}{}
	b.areas.Add(area, w)
	for id, t := range b.known {
		w.look(id, area.Contains(t.Position.Point))
	}
	return w
}

func (b *Board) end(w *watcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watchers, w)
	b.areas.Remove(w.area, w)
}

// changed returns the routes that a watcher has to look at.
func (b *Board) changed(w *watcher) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]string, 0, len(w.changed))
	for id := range w.changed {
		ids = append(ids, id)
	}
	clear(w.changed)
	select {
	case <-w.ready:
	default:
	}
	return ids
}

// events looks at routes and returns what there is to tell of them.
func (b *Board) events(w *watcher, ids []string) (events []Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		_, told := w.told[id]
		switch t := b.known[id]; {
		case t == nil || !w.area.Contains(t.Position.Point):
			if told {
				delete(w.told, id)
				events = append(events, Event{Left: id})
			}
		case told:
			now := t.Traveler
			events = append(events, Event{Moved: &now})
		default:
			w.told[id] = struct{}{}
			whole := t.withTrail()
			events = append(events, Event{Moved: &whole})
		}
	}
	return events
}
