package feature_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A watcher is told of an area, and keeps what it was told.
type watcher struct {
	t      *testing.T
	next   func() (feature.Event, error, bool)
	stop   func()
	there  map[string]feature.Entry
	cursor feature.Cursor
}

// watch begins with a cursor and what was told up to it, or with neither.
func watch(t *testing.T, book *feature.Book, area geo.Rect, w *watcher) *watcher {
	t.Helper()
	n := &watcher{t: t, there: make(map[string]feature.Entry)}
	if w != nil {
		n.cursor, n.there = w.cursor, w.there
	}
	n.next, n.stop = iter.Pull2(book.Watch(t.Context(), area, n.cursor))
	t.Cleanup(n.stop)
	return n
}

// take takes the next event, and returns it in words.
func (w *watcher) take() string {
	w.t.Helper()
	e, err, ok := w.next()
	if err != nil || !ok {
		w.t.Fatalf("the watch ended with %v, %v", err, ok)
	}
	if e.Cursor < w.cursor || e.Cursor == w.cursor && e.Cursor != 0 && !e.Current {
		w.t.Fatalf("after the cursor %d comes %d", w.cursor, e.Cursor)
	}
	w.cursor = e.Cursor
	switch {
	case e.Current:
		return "current"
	case e.Deleted:
		delete(w.there, e.Entry.ID)
		return "-" + e.Entry.ID
	}
	w.there[e.Entry.ID] = e.Entry
	return "+" + e.Entry.Name
}

func (w *watcher) expect(want ...string) {
	w.t.Helper()
	for _, s := range want {
		if got := w.take(); got != s {
			w.t.Fatalf("was told %q, want %q", got, s)
		}
	}
}

func TestWatch(t *testing.T) {
	base := newIndex(t, []feature.Feature{{Name: "in", Location: at(1, 1)}, {Name: "out", Location: at(50, 50)}, {Name: "in too", Location: at(2, 2)}})
	dir := t.TempDir()
	book, st := openBook(t, dir, base)
	area := geo.Rect{South: 0, North: 9, West: 0, East: 9}
	added := create(t, book, "added", at(3, 3))

	w := watch(t, book, area, nil)
	w.expect("+in", "+in too", "+added", "current")
	update(t, book, "50,50", feature.Patch{Name: new("elsewhere")})
	update(t, book, "50,50", feature.Patch{Location: new(at(4, 4))})
	update(t, book, "1,1", feature.Patch{Location: new(at(70, 1))})
	update(t, book, "1,1", feature.Patch{Name: new("still elsewhere")})
	remove(t, book, "2,2")
	remove(t, book, "2,2")
	rename(t, book, added, "renamed")
	w.expect("+elsewhere", "-1,1", "-2,2", "+renamed")
	w.stop()

	// What changes meanwhile comes once, as it is then; of others' comings and goings nothing.
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	book, _ = openBook(t, dir, base)
	rename(t, book, added, "again")
	rename(t, book, added, "and again")
	create(t, book, "far away", at(60, 60))
	remove(t, book, create(t, book, "short-lived", at(5, 5)))
	update(t, book, "50,50", feature.Patch{Location: new(at(70, 4))})
	create(t, book, "near", at(6, 6))
	w = watch(t, book, area, w)
	w.expect("+and again", "-50,50", "+near", "current")
	remove(t, book, added)
	w.expect("-" + added)
	if len(w.there) != 1 {
		t.Errorf("the watcher has %v, want the near one", w.there)
	}

	for _, err := range book.Watch(t.Context(), area, w.cursor+1<<30) {
		if !errors.Is(err, store.ErrBeyond) {
			t.Errorf("a cursor of another store is %v, want ErrBeyond", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range book.Watch(ctx, area, w.cursor) {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the watch ended with %v", err)
		}
	}
}

// A watch that breaks off in the middle of an import goes on with the next feature of it.
func TestWatchGoesOnWithinAChange(t *testing.T) {
	book, _ := openBook(t, t.TempDir(), newIndex(t, nil))
	first := watch(t, book, geo.World, nil)
	first.expect("current")
	const n = 5000
	var file strings.Builder
	file.WriteString("name,latitude,longitude\n")
	for i := range n {
		fmt.Fprintf(&file, "%d,%d,0\n", i, i%90)
	}
	if err := book.Import(t.Context(), strings.NewReader(file.String()), func(feature.Progress) error { return nil }); err != nil {
		t.Fatal(err)
	}
	next := 0
	for w := first; next < n; w = watch(t, book, geo.World, w) {
		for range 777 {
			if next == n {
				break
			}
			w.expect(fmt.Sprint("+", next))
			next++
		}
		w.stop()
	}
}

// Watchers of many areas have in the end what is there, whenever they began, broke off and went on.
func TestWatchersAgreeWithTheBook(t *testing.T) {
	base := newIndex(t, crowded(rand.New(rand.NewPCG(71, 72)), 300))
	book, _ := openBook(t, t.TempDir(), base)
	const writers, edits = 8, 60
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(73, uint64(n)))
			var own []string
			for i := range edits {
				p := crowdedPoint(random)
				switch {
				case len(own) == 0 || i%3 == 0:
					own = append(own, create(t, book, fmt.Sprint(n, " ", i), p))
				case i%3 == 1:
					if _, err := book.Update(t.Context(), own[random.IntN(len(own))], feature.Patch{Location: &p}); err != nil && !errors.Is(err, feature.ErrNotFound) {
						t.Error(err)
					}
				default:
					remove(t, book, own[random.IntN(len(own))])
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(75, 76))
	type of struct {
		area geo.Rect
		w    *watcher
	}
	var all []of
	for range 12 {
		a, b := crowdedPoint(random), crowdedPoint(random)
		area := geo.Rect{South: min(a.Lat, b.Lat), North: max(a.Lat, b.Lat), West: a.Lng, East: b.Lng}
		all = append(all, of{area, watch(t, book, area, nil)})
	}
	for round := range 6 {
		if round == 5 {
			wg.Wait()
		}
		for i := range all {
			for all[i].w.take() != "current" {
			}
			all[i].w.stop()
			if round < 5 {
				all[i].w = watch(t, book, all[i].area, all[i].w)
			}
		}
		if round == 4 {
			wg.Wait()
		}
	}
	for _, o := range all {
		now := watch(t, book, o.area, nil)
		for now.take() != "current" {
		}
		if len(now.there) != len(o.w.there) {
			t.Errorf("a watcher of %v has %d features, want %d", o.area, len(o.w.there), len(now.there))
		}
		for id, e := range now.there {
			if o.w.there[id] != e {
				t.Errorf("a watcher of %v has %v, want %v", o.area, o.w.there[id], e)
			}
		}
		now.stop()
	}
}
