package route_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
)

func TestTrackHasEveryPointAndItsTime(t *testing.T) {
	c := &clock{now: time.UnixMilli(1_700_000_000_000)}
	book := open(t, t.TempDir(), c)
	r := record(t, book, "r", 0)
	var want []route.Fix
	for i := range 250 {
		p := geo.Point{Lat: int32(i) * 7_199_999 % geo.MaxLat, Lng: geo.MaxLng * int32(1-2*(i%2))}
		want = append(want, route.Fix{Point: p, Time: c.now})
		add(t, r, p)
		c.now = c.now.Add(1500 * time.Millisecond)
		if i == 120 {
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Interrupt(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, from := range []uint32{0, 1, 99, 100, 121, 249, 250} {
		var got []route.Fix
		for at := from; ; {
			fixes, err := book.Track(t.Context(), r.ID(), at)
			if err != nil {
				t.Fatal(err)
			}
			if len(fixes) == 0 {
				break
			}
			got, at = append(got, fixes...), at+uint32(len(fixes))
		}
		if !slices.Equal(got, want[from:]) {
			t.Errorf("from %d there are %d points, want %d", from, len(got), len(want[from:]))
		}
	}
	routes, _, err := book.List(t.Context(), route.Query{Limit: 10})
	if err != nil || len(routes) != 1 || routes[0].State != route.Interrupted || routes[0].Points != 250 {
		t.Errorf("listed %+v, %v", routes, err)
	}
}

// Whatever is asked for, the index gives the routes that looking at each would give.
func TestListAgreesWithLookingAtEach(t *testing.T) {
	c := &clock{now: time.UnixMilli(1_700_000_000_000)}
	book := open(t, t.TempDir(), c)
	r := rand.New(rand.NewPCG(1, 2))
	point := func() geo.Point {
		return geo.Point{Lat: int32(r.Int64N(2*geo.MaxLat+1) - geo.MaxLat), Lng: int32(r.Int64N(2*geo.MaxLng+1) - geo.MaxLng)}
	}
	var all []route.Route
	for i := range 120 {
		rec, err := book.Record(t.Context(), [32]byte{byte(i)}, fmt.Sprint("r", i), fmt.Sprint("t", i%3))
		if err != nil {
			t.Fatal(err)
		}
		at := point()
		for range i%4 + 1 {
			add(t, rec, geo.Point{Lat: at.Lat / 2, Lng: at.Lng / 2})
			at = geo.Point{Lat: at.Lat + 1e6, Lng: at.Lng / 10 * 9}
		}
		if _, err := rec.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.Add(time.Minute)
	}
	all = pages(t, book, route.Query{Limit: 7})
	if len(all) != 120 {
		t.Fatalf("%d routes are listed", len(all))
	}
	for range 300 {
		a, b := point(), point()
		q := route.Query{Limit: 9}
		if r.IntN(2) == 0 {
			area := geo.Rect{South: min(a.Lat, b.Lat), North: max(a.Lat, b.Lat), West: a.Lng, East: b.Lng}
			q.Area = &area
		}
		if r.IntN(2) == 0 {
			q.Traveler = fmt.Sprint("t", r.IntN(4))
		}
		if r.IntN(2) == 0 {
			q.From = time.UnixMilli(1_700_000_000_000).Add(time.Duration(r.IntN(120)) * time.Minute)
			q.Until = q.From.Add(time.Duration(r.IntN(60)) * time.Minute)
		}
		want := slices.DeleteFunc(slices.Clone(all), func(one route.Route) bool {
			if q.Area != nil && !slices.ContainsFunc(q.Area.Split(), func(part geo.Rect) bool {
				return one.Bounds.South <= part.North && one.Bounds.North >= part.South && one.Bounds.West <= part.East && one.Bounds.East >= part.West
			}) {
				return true
			}
			return q.Traveler != "" && one.Traveler != q.Traveler ||
				!q.From.IsZero() && (one.Began.Before(q.From) || !one.Began.Before(q.Until))
		})
		if got := pages(t, book, q); !slices.Equal(got, want) {
			t.Fatalf("%+v lists %d routes, want %d", q, len(got), len(want))
		}
	}
}

func pages(t *testing.T, book *route.Book, q route.Query) (all []route.Route) {
	t.Helper()
	for more := true; more; more = q.Before > 0 {
		routes, next, err := book.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all, q.Before = append(all, routes...), next
	}
	return all
}

// Points older than they are to be kept go; what their route came to stays.
func TestForget(t *testing.T) {
	c := &clock{now: time.UnixMilli(1_700_000_000_000)}
	book := open(t, t.TempDir(), c)
	old := record(t, book, "old", 0)
	add(t, old, home)
	finish(t, old, route.Summary{Points: 1, Features: 1})
	c.now = c.now.Add(25 * time.Hour)
	young := record(t, book, "young", 0)
	add(t, young, home)
	finish(t, young, route.Summary{Points: 1, Features: 1})

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		book.Tidy(ctx, slog.New(slog.DiscardHandler))
	}()
	defer func() { cancel(); <-done }()
	for left := 1; left > 0; {
		fixes, err := book.Track(t.Context(), old.ID(), 0)
		if err != nil {
			t.Fatal(err)
		}
		left = len(fixes)
	}
	if fixes, err := book.Track(t.Context(), young.ID(), 0); err != nil || len(fixes) != 1 {
		t.Errorf("of the young route %v are left, %v", fixes, err)
	}
	finish(t, record(t, book, "old", 1), route.Summary{Points: 1, Features: 1})
}
