package route_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/store"
)

// shared opens a book, of a store that only one process records in if alone is true.
func shared(t *testing.T, dir string, c *clock, alone bool) *route.Book {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	book := route.New(st, route.Options{Feature: func(geo.Point) bool { return false }, Now: c.Now, Alone: alone})
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return book
}

// tidy has a book tidied until a route is interrupted.
func tidy(t *testing.T, book *route.Book, id string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		book.Tidy(ctx, slog.New(slog.DiscardHandler))
	}()
	defer func() { cancel(); <-done }()
	for deadline := time.Now().Add(time.Minute); states(t, book)[id] != route.Interrupted; {
		if time.Now().After(deadline) {
			t.Fatalf("the route %s is not interrupted", id)
		}
	}
}

func states(t *testing.T, book *route.Book) map[string]route.State {
	t.Helper()
	routes, _, err := book.List(t.Context(), route.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]route.State)
	for _, r := range routes {
		all[r.ID] = r.State
	}
	return all
}

// A process that is killed leaves routes that nobody records. They come to be interrupted: at the next start where no other
// process records, and elsewhere when nothing came for long.
func TestRoutesOfAKilledProcess(t *testing.T) {
	dir := t.TempDir()
	c := &clock{now: time.UnixMilli(1_700_000_000_000)}
	t.Run("killed", func(t *testing.T) { // its store is closed when it ends
		book := open(t, dir, c)
		for _, id := range []string{"finished", "silent"} {
			r := record(t, book, id, 0)
			add(t, r, home)
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if id == "finished" {
				finish(t, r, route.Summary{Points: 1, Features: 1})
			}
		}
		c.now = c.now.Add(14 * time.Minute)
		r := record(t, book, "young", 0)
		add(t, r, home)
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	c.now = c.now.Add(2 * time.Minute)
	t.Run("shared", func(t *testing.T) {
		book := shared(t, dir, c, false)
		tidy(t, book, "silent")
		if all := states(t, book); all["young"] != route.Recording || all["finished"] != route.Finished {
			t.Errorf("the routes are %v", all)
		}
	})
	book := shared(t, dir, c, true)
	tidy(t, book, "young")
	if all := states(t, book); all["finished"] != route.Finished {
		t.Errorf("the routes are %v", all)
	}
}

// A call that nothing came of for long, while another process tidied, has its route back with its next point.
func TestCallThatWasSilent(t *testing.T) {
	c := &clock{now: time.UnixMilli(1_700_000_000_000)}
	book := shared(t, t.TempDir(), c, false)
	r := record(t, book, "r", 0)
	add(t, r, home)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Hour)
	tidy(t, book, "r")
	add(t, r, home)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := states(t, book)["r"]; got != route.Recording {
		t.Errorf("the route is in state %d", got)
	}
	finish(t, r, route.Summary{Points: 2, Seconds: 3600})
}
