package route_test

import (
	"iter"
	"log/slog"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/store"
)

// Who follows is told of each change once, in order, with what came to the route; and when the store opens again, of the
// routes in the order of their newest points.
func TestFollow(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Unix(1000, 0)}
	var events []route.Event
	var loaded []string
	begin := func(t *testing.T) *route.Book {
		st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
		book := route.New(st, route.Options{Feature: func(geo.Point) bool { return false }, Now: c.Now})
		book.Follow(route.Follower{
			Load: func(newest iter.Seq2[route.Route, error]) error {
				loaded = nil
				for r, err := range newest {
					if err != nil {
						return err
					}
					loaded = append(loaded, r.ID)
				}
				return nil
			},
			Committed: func(more []route.Event) { events = append(events, more...) },
		})
		if err := st.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return book
	}
	t.Run("before", func(t *testing.T) {
		book := begin(t)
		a, b := record(t, book, "a", 0), record(t, book, "b", 0)
		battery := route.Fix{Point: home, Time: c.now.Add(time.Minute), Battery: geo.Measured(70)}
		if err := a.Add(t.Context(), battery); err != nil {
			t.Fatal(err)
		}
		add(t, b, home, home)
		for _, r := range []*route.Recorder{a, b} {
			if err := r.Interrupt(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := book.Delete(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if err := book.Delete(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		record(t, book, "c", 0)

		var told []string
		for i, e := range events {
			if e.Position != uint64(i+1) && i < 5 {
				t.Errorf("event %d has the position %d", i, e.Position)
			}
			told = append(told, e.Route.ID)
		}
		if want := []string{"a", "b", "a", "b", "b", "c"}; !slices.Equal(told, want) {
			t.Fatalf("told of %v, want %v", told, want)
		}
		if e := events[2]; !slices.Equal(e.Fixes, []route.Fix{battery}) || e.Route.Newest != battery || e.Route.State != route.Interrupted {
			t.Errorf("a point is told as %+v", e)
		}
		if e := events[4]; !e.Deleted || e.Route.Points != 0 || events[3].Deleted {
			t.Errorf("the deletion is told as %+v", e)
		}
	})
	begin(t)
	if want := []string{"a", "c"}; !slices.Equal(loaded, want) {
		t.Errorf("loaded %v, want %v", loaded, want)
	}
}
