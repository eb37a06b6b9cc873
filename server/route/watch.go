package route

import (
	"context"
	"errors"
	"iter"
	"sync"

	"routeguide/server/store"
)

// followBuffer is how many changes of a route its watcher may lie behind.
const followBuffer = 1024

// A Mark is where somebody has come to who watches a route. The zero value is before everything.
type Mark struct {
	Position uint64 // in the order of all changes
	Points   uint32 // of the route
}

// A Stage is how far a watcher has come.
type Stage int

const (
	Stored  Stage = iota // an update of what was stored before
	Current              // all of that has been told, and what follows is live
	Live                 // something has just happened
)

// An Update is what a watcher of a route is told.
type Update struct {
	Stage Stage
	Route Route // as it is after Fixes or, while what is stored is told, as it is now
	Fixes []Fix // its next points
	Anew  bool  // points that were told before are not its points any more: Fixes are the first that are
	Mark  Mark  // where to go on after this

	position uint64
	deleted  bool
}

// Watch tells a route and its points, from a mark on: what is stored, then that this is all, then what comes to it. It ends
// without an error when the route is finished. Nothing is missed in between and nothing told twice.
//
// Errors: ErrNotFound, also when the route is deleted meanwhile; store.ErrBeyond for a mark that lies after the newest change
// or point; store.ErrSlow for a watcher too slow for what is recorded, who goes on from the last mark.
func (b *Book) Watch(ctx context.Context, id string, from Mark) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		stopped := false
		tell := func(u Update) error {
			if stopped = !yield(u, nil); stopped {
				return context.Canceled
			}
			return nil
		}
		if err := b.watch(ctx, id, from, tell); err != nil && !stopped {
			yield(Update{}, err)
		}
	}
}

// errOver ends the watch of a route that is finished.
var errOver = errors.New("the route is finished")

func (b *Book) watch(ctx context.Context, id string, from Mark, tell func(Update) error) error {
	f := b.watchers.begin(id)
	defer b.watchers.end(id, f)
	if err := b.store.Await(ctx, from.Position); err != nil {
		return err
	}
	if _, err := b.Get(ctx, id); err != nil {
		return err
	}
	var newest Update
	next, known := from.Points, from.Position
	stored := store.Source[Update]{
		Page: func(tx *store.Tx, _, through uint64) ([]Update, uint64, error) {
			r, err := present(tx, id)
			if err != nil {
				return nil, 0, err
			}
			u := Update{Route: r.Route, Mark: Mark{Position: tx.Position()}, Anew: next > 0 && known < r.anew}
			if u.Anew {
				next = 0
			} else if next > r.Points {
				return nil, 0, store.ErrBeyond
			}
			known = tx.Position()
			u.Fixes, next, err = points(tx, r, next, pagePoints)
			u.Mark.Points = next
			newest = u
			if next < r.Points {
				through-- // there is more, whatever position it has
			}
			return []Update{u}, through, err
		},
		At: func(u Update) uint64 { return u.position },
	}
	over := func(r Route) error {
		if r.State == Finished {
			return errOver
		}
		return nil
	}
	err := store.Follow(ctx, b.store, stored, from.Position, f, func(u Update) error {
		if u.deleted {
			return ErrNotFound
		}
		if err := tell(u); err != nil || u.Stage != Live {
			return err
		}
		return over(u.Route)
	}, func(uint64) error {
		if err := tell(Update{Stage: Current, Route: newest.Route, Mark: newest.Mark}); err != nil {
			return err
		}
		return over(newest.Route)
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// watchers are those who watch a route each. It is safe for concurrent use.
type watchers struct {
	mu     sync.RWMutex
	routes map[string]map[*store.Follower[Update]]struct{}
}

func (w *watchers) begin(id string) *store.Follower[Update] {
	f := store.NewFollower[Update](followBuffer)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.routes[id] == nil {
		w.routes[id] = make(map[*store.Follower[Update]]struct{})
	}
	w.routes[id][f] = struct{}{}
	return f
}

func (w *watchers) end(id string, f *store.Follower[Update]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if delete(w.routes[id], f); len(w.routes[id]) == 0 {
		delete(w.routes, id)
	}
}

// load is that of a Follower: of what a snapshot brought nobody was told, so everybody has to go on from a mark.
func (w *watchers) load(iter.Seq2[Route, error]) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, followers := range w.routes {
		for f := range followers {
			f.End(store.ErrSlow)
		}
	}
	return nil
}

func (w *watchers) committed(events []Event) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, e := range events {
		for f := range w.routes[e.Route.ID] {
			f.Offer(Update{
				Stage: Live, Route: e.Route, Fixes: e.Fixes, Anew: e.Anew, Mark: Mark{e.Position, e.Route.Points}, position: e.Position, deleted: e.Deleted,
			})
		}
	}
}
