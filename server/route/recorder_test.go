package route_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/route"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

var home = geo.Point{Lat: 409146138, Lng: -746188906}

// A clock stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func open(t *testing.T, dir string, c *clock) *route.Book {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	book := route.New(st, route.Options{Feature: func(p geo.Point) bool { return p == home }, Now: c.Now, Keep: 24 * time.Hour})
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return book
}

func record(t *testing.T, book *route.Book, id string, stored int) *route.Recorder {
	t.Helper()
	r, err := book.Record(t.Context(), sha256.Sum256([]byte(id)), id, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if r.Stored() != stored {
		t.Fatalf("%d points are stored, want %d", r.Stored(), stored)
	}
	return r
}

func add(t *testing.T, r *route.Recorder, points ...geo.Point) {
	t.Helper()
	for _, p := range points {
		if err := r.Add(t.Context(), route.Fix{Point: p}); err != nil {
			t.Fatal(err)
		}
	}
}

func finish(t *testing.T, r *route.Recorder, want route.Summary) {
	t.Helper()
	got, err := r.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := got.Summary(); got != want {
		t.Errorf("summary %+v, want %+v", got, want)
	}
}

func TestSummary(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	book := open(t, t.TempDir(), c)
	r := record(t, book, "empty", 0)
	finish(t, r, route.Summary{})

	r = record(t, book, "one", 0)
	add(t, r, home, home, geo.Point{Lat: home.Lat + 1e7, Lng: home.Lng})
	c.now = c.now.Add(12*time.Second + 900*time.Millisecond)
	// One degree of latitude on a sphere of radius 6,371,000 m is 111,194.9 m.
	finish(t, r, route.Summary{Points: 3, Features: 2, Metres: 111194, Seconds: 12})
	finish(t, r, route.Summary{Points: 3, Features: 2, Metres: 111194, Seconds: 12})
	if err := r.Add(t.Context(), route.Fix{Point: home}); !errors.Is(err, route.ErrFinished) {
		t.Errorf("a point after the end: %v, want ErrFinished", err)
	}
}

func TestDistanceStopsAtTheLargestInt32(t *testing.T) {
	r := record(t, open(t, t.TempDir(), &clock{}), "long", 0)
	const legs = 120 // of half the earth's circumference, 20,015 km each
	for i := range legs {
		add(t, r, geo.Point{Lat: geo.MaxLat * int32(1-2*(i%2))})
	}
	finish(t, r, route.Summary{Points: legs, Metres: math.MaxInt32})
}

func TestResume(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Unix(1000, 0)}
	step := func(i int) geo.Point { return geo.Point{Lat: int32(i) * 1000} }
	whole := record(t, open(t, t.TempDir(), c), "whole", 0)
	for i := range 250 {
		add(t, whole, step(i))
	}
	c.now = c.now.Add(time.Minute)
	all, err := whole.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	want := all.Summary()

	c.now = time.Unix(1000, 0)
	t.Run("before", func(t *testing.T) { // its store is closed when it ends
		r := record(t, open(t, dir, c), "r", 0)
		for i := range 230 {
			add(t, r, step(i))
		}
		if r.Stored() != 200 || r.Pending() != 30 {
			t.Errorf("%d stored, %d pending, want 200 and 30", r.Stored(), r.Pending())
		}
	})
	book := open(t, dir, c)
	r := record(t, book, "r", 200) // the 30 that no call had stored are sent again
	for i := 200; i < 225; i++ {
		add(t, r, step(i))
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = record(t, book, "r", 225)
	for i := 225; i < 250; i++ {
		add(t, r, step(i))
	}
	c.now = c.now.Add(time.Minute)
	finish(t, r, want)

	r = record(t, book, "r", 250) // a client that never got the summary asks again
	finish(t, r, want)
}

func TestTheNewestCallHasTheRoute(t *testing.T) {
	book := open(t, t.TempDir(), &clock{})
	old := record(t, book, "r", 0)
	add(t, old, home)
	if err := old.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, old, home)
	young := record(t, book, "r", 1)
	if err := old.Flush(t.Context()); !errors.Is(err, route.ErrTaken) {
		t.Errorf("the call before stores: %v, want ErrTaken", err)
	}
	if _, err := old.Finish(t.Context()); !errors.Is(err, route.ErrTaken) {
		t.Errorf("the call before finishes: %v, want ErrTaken", err)
	}
	add(t, young, home)
	finish(t, young, route.Summary{Points: 2, Features: 2})
}

// A caller that gave up waiting does not know whether its chunk was stored. It is stored once when it is tried again.
func TestInterruptedChunkIsStoredOnce(t *testing.T) {
	book := open(t, t.TempDir(), &clock{now: time.Unix(0, 0)})
	r := record(t, book, "a", 0)
	interrupted, points := 0, 0
	for i := range 300 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Microsecond)
		add(t, r, home)
		points++
		if err := r.Flush(ctx); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			interrupted++
		}
		cancel()
		if err := r.Flush(t.Context()); err != nil {
			t.Fatalf("after %d: %v", points, err)
		}
	}
	if interrupted == 0 {
		t.Error("no chunk was interrupted")
	}
	record(t, book, "a", points)
	if r, err := record(t, book, "a", points).Finish(t.Context()); err != nil || int(r.Points) != points || int(r.Features) != points {
		t.Errorf("finished %+v, %v, want %d points", r, err, points)
	}
}
