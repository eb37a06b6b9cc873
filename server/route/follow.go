package route

import (
	"iter"

	"routeguide/server/store"
)

// An Event is what happened to a route.
type Event struct {
	Position uint64 // its place in the order of all changes
	Route    Route  // as it is now; of one that was deleted only the ID
	Fixes    []Fix  // the points that came to it, its newest ones; nobody may change them
	Anew     bool   // Fixes are all of its points: late ones are among them, or some went to another route
	Deleted  bool
}

// A Follower is told what happens to all routes.
type Follower struct {
	// Load is told when the store opens, and again when a snapshot has taken the place of the tables, so that what happened
	// meanwhile is not told. It gets the routes, the one with the newest point first, which it reads no longer than it returns.
	Load func(newest iter.Seq2[Route, error]) error
	// Committed is told of what was stored, in its order, before those who caused it. It must not block.
	Committed func([]Event)
}

// Follow has a follower be told from the moment that the store opens, which is after this.
func (b *Book) Follow(f Follower) { b.told = append(b.told, f) }

func (b *Book) load(tx *store.Tx) error {
	newest := func(yield func(Route, error) bool) {
		for r, err := range tx.Query(columns + "WHERE deleted = 0 ORDER BY time DESC, id DESC") {
			if err != nil {
				yield(Route{}, err)
				return
			}
			if !yield(scan(r).Route, nil) {
				return
			}
		}
	}
	for _, f := range b.told {
		if err := f.Load(newest); err != nil {
			return err
		}
	}
	return nil
}

func (b *Book) committed(changes []store.Event) {
	var events []Event
	for _, c := range changes {
		for _, m := range routesOf(c.Result) {
			if !m.again {
				events = append(events, Event{Position: c.Position, Route: m.route, Fixes: m.fixes, Anew: m.anew, Deleted: m.deleted})
			}
		}
	}
	if len(events) == 0 {
		return
	}
	for _, f := range b.told {
		f.Committed(events)
	}
}

// routesOf returns what became of which routes by the result of a change.
func routesOf(result any) []made {
	switch r := result.(type) {
	case made:
		return []made{r}
	case reported:
		return r.routes
	}
	return nil
}
