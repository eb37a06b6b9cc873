package traveler

import (
	"cmp"
	"context"
	"iter"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"routeguide/server/geo"
	"routeguide/server/route"
)

// A Board is everybody who is on the way. It is safe for concurrent use.
type Board struct {
	routes *route.Book
	maxAge time.Duration
	sooner chan struct{} // receives when somebody expires before next

	mu       sync.Mutex
	known    map[string]*entry     // by route
	order    *btree.BTreeG[*entry] // by age, the oldest newest point first
	watchers map[*watcher]struct{}
	areas    geo.Areas[*watcher]
	next     time.Time // when expire is called again
}

// New returns the board of those who record routes in a book, whose store must not be open yet. A newest point may have the
// age maxAge; 0 means DefaultMaxAge.
func New(routes *route.Book, maxAge time.Duration) *Board {
	b := &Board{
		routes: routes, maxAge: cmp.Or(maxAge, DefaultMaxAge), sooner: make(chan struct{}, 1),
		known: make(map[string]*entry), order: newOrder(), watchers: make(map[*watcher]struct{}),
	}
	routes.Follow(route.Follower{Load: b.load, Committed: b.committed})
	return b
}

func newOrder() *btree.BTreeG[*entry] {
	return btree.NewBTreeGOptions(before, btree.Options{NoLocks: true})
}

// List returns at most limit travelers in an area, the one with the newest point first, and whether there are more: then the
// last one's Mark is where the next page begins. A page begins after a mark, or with the first traveler after the zero Mark.
//
// With a time they are those who were on the way then, by the routes of today but for hidden ones; nobody knows any more when
// their points were taken. Errors: those of store.
func (b *Board) List(ctx context.Context, area geo.Rect, at time.Time, after Mark, limit int) (page []Traveler, last Mark, more bool, err error) {
	if !at.IsZero() {
		return b.then(ctx, area, at, after, limit)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for t := range newest(b.order, after) {
		if !area.Contains(t.Position.Point) {
			continue
		}
		if len(page) == limit {
			return page, last, true, nil
		}
		page, last = append(page, t.Traveler), t.mark()
	}
	return page, last, false, nil
}

// then is List for the past.
func (b *Board) then(ctx context.Context, area geo.Rect, at time.Time, after Mark, limit int) (page []Traveler, last Mark, more bool, err error) {
	there, err := b.routes.OnTheWay(ctx, area, at, b.maxAge)
	if err != nil {
		return nil, Mark{}, false, err
	}
	order := newOrder()
	for _, s := range there {
		order.Set(&entry{Traveler: Traveler{Route: s.Route, Name: s.Traveler, Position: s.Fix, Expires: s.Fix.Time.Add(b.maxAge)}})
	}
	for t := range newest(order, after) {
		if len(page) == limit {
			return page, last, true, nil
		}
		page, last = append(page, t.Traveler), t.mark()
	}
	return page, last, false, nil
}

// newest yields the travelers of an order after a mark, the one with the newest point first.
func newest(order *btree.BTreeG[*entry], after Mark) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		if after == (Mark{}) {
			order.Reverse(yield)
			return
		}
		pivot := &entry{Traveler: Traveler{Expires: time.UnixMilli(after.Expires), Route: after.Route}}
		order.Descend(pivot, func(t *entry) bool { return t.mark() == after || yield(t) })
	}
}

// load implements route.Follower. Those who watch are told how what is there now differs from what they were told.
func (b *Board) load(newest iter.Seq2[route.Route, error]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known, b.order = make(map[string]*entry), newOrder()
	now := time.Now()
	for r, err := range newest {
		if err != nil {
			return err
		}
		if !r.Newest.Time.Add(b.maxAge).After(now) {
			break
		}
		if r.State == route.Finished || r.Points == 0 {
			continue
		}
		b.place(begin(r, nil), r, now)
	}
	for w := range b.watchers {
		for id := range w.told {
			w.look(id, true)
		}
		for id, t := range b.known {
			w.look(id, w.area.Contains(t.Position.Point))
		}
	}
	return nil
}

// committed implements route.Follower.
func (b *Board) committed(events []route.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, e := range events {
		switch {
		case e.Deleted || e.Route.State == route.Finished:
			b.drop(e.Route.ID)
		case e.Route.Points > 0:
			b.move(e, now)
		}
	}
}

// move has who records a route be at its newest point.
func (b *Board) move(e route.Event, now time.Time) {
	t, was := b.known[e.Route.ID], e.Route.Newest.Point
	if t != nil {
		if len(e.Fixes) == 0 {
			return
		}
		was = t.Position.Point
		b.order.Delete(t)
	}
	if t == nil || e.Anew {
		t = begin(e.Route, e.Fixes)
	} else {
		for _, f := range e.Fixes {
			t.move(f)
		}
	}
	if !b.place(t, e.Route, now) {
		b.leave(t.Route, was)
		return
	}
	at := t.Position.Point
	b.areas.At(was, func(w *watcher) { w.look(t.Route, w.area.Contains(at)) })
	b.areas.At(at, func(w *watcher) { w.look(t.Route, true) })
}

// place puts a traveler in the order, unless its newest point is too old: then it is nobody's.
func (b *Board) place(t *entry, r route.Route, now time.Time) bool {
	t.Taken = r.Ended
	t.Expires = r.Ended.Add(b.maxAge)
	if measured := r.Newest.Time.Add(b.maxAge); measured.Before(t.Expires) {
		t.Expires = measured
	}
	if !t.Expires.After(now) {
		return false
	}
	b.known[t.Route] = t
	b.order.Set(t)
	if t.Expires.Before(b.next) {
		b.next = t.Expires
		select {
		case b.sooner <- struct{}{}:
		default:
		}
	}
	return true
}

// drop has a traveler be on the way no more.
func (b *Board) drop(id string) {
	if t := b.known[id]; t != nil {
		b.order.Delete(t)
		b.leave(id, t.Position.Point)
	}
}

// leave forgets a traveler who is out of the order and was at a point.
func (b *Board) leave(id string, was geo.Point) {
	delete(b.known, id)
	b.areas.At(was, func(w *watcher) { w.look(id, false) })
}

// Run has those leave whose newest point is too old, until ctx ends.
func (b *Board) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-b.sooner:
		}
		timer.Reset(b.expire())
	}
}

// expire has those leave whose time is over, and returns how long it is until the next one's is.
func (b *Board) expire() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.next = now.Add(b.maxAge)
	for {
		oldest, some := b.order.Min()
		if some && !oldest.Expires.After(now) {
			b.drop(oldest.Route)
			continue
		}
		if some && oldest.Expires.Before(b.next) {
			b.next = oldest.Expires
		}
		return b.next.Sub(now)
	}
}
