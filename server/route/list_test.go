package route_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
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
	if got := track(t, book, r.ID()); !slices.Equal(got, want) {
		t.Errorf("there are %d points, want %d", len(got), len(want))
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
			at = geo.Point{Lat: at.Lat / 2, Lng: int32((int64(at.Lng)+9e7+3*geo.MaxLng)%(2*geo.MaxLng) - geo.MaxLng)} // some across the antimeridian
			add(t, rec, at)
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
				return slices.ContainsFunc(one.Bounds.Split(), func(its geo.Rect) bool {
					return its.South <= part.North && its.North >= part.South && its.West <= part.East && its.East >= part.West
				})
			}) {
				return true
			}
			return q.Traveler != "" && one.Traveler != q.Traveler ||
				!q.From.IsZero() && (one.Start.Before(q.From) || !one.Start.Before(q.Until))
		})
		if got := pages(t, book, q); !slices.Equal(got, want) {
			t.Fatalf("%+v lists %d routes, want %d", q, len(got), len(want))
		}
	}
}

// track is all of a route's points.
func track(t *testing.T, book *route.Book, id string) (all []route.Fix) {
	t.Helper()
	for fixes, err := range book.Track(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fixes...)
	}
	return all
}

func pages(t *testing.T, book *route.Book, q route.Query) (all []route.Route) {
	t.Helper()
	for more := true; more; more = q.After != (route.Cursor{}) {
		routes, next, err := book.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all, q.After = append(all, routes...), next
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
	for len(track(t, book, old.ID())) > 0 {
		runtime.Gosched()
	}
	if left := track(t, book, young.ID()); len(left) != 1 {
		t.Errorf("of the young route %v are left", left)
	}
	finish(t, record(t, book, "old", 1), route.Summary{Points: 1, Features: 1})
}

// A route from one side of the antimeridian to the other is found on both sides, and not on the far side of the earth.
func TestListAcrossTheAntimeridian(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	r := record(t, book, "pacific", 0)
	for _, lng := range []int32{1795e6, 1799e6} {
		add(t, r, geo.Point{Lng: lng})
	}
	if err := r.Flush(t.Context()); err != nil { // it crosses later
		t.Fatal(err)
	}
	add(t, r, geo.Point{Lat: 10, Lng: -1796e6})
	if err := r.Interrupt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := r.Route().Bounds, (geo.Rect{North: 10, West: 1795e6, East: -1796e6}); got != want {
		t.Errorf("its bounds are %v, want %v", got, want)
	}
	for area, want := range map[geo.Rect]int{
		{South: -1, North: 1, West: 1797e6, East: 1798e6}:   1,
		{South: -1, North: 1, West: -1799e6, East: -1797e6}: 1,
		{South: -1, North: 1, West: 1700e6, East: -1700e6}:  1,
		{South: -1, North: 1, West: 1798e6, East: -1798e6}:  1,
		{South: -1, North: 1, West: -1790e6, East: 1790e6}:  0,
		geo.World: 1,
	} {
		if got := pages(t, book, route.Query{Area: &area, Limit: 5}); len(got) != want {
			t.Errorf("in %v there are %d routes, want %d", area, len(got), want)
		}
	}
}
