package traveler_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/traveler"
)

// north is so many metres north of home, or a little less.
func north(metres int) route.Fix {
	return route.Fix{Point: geo.Point{Lat: home.Lat + int32(metres*90), Lng: home.Lng}}
}

// pull begins a watch; next fails the test where it ends.
func (w *world) pull(area geo.Rect) (next func() traveler.Event, stop func()) {
	pull, stop := iter.Pull2(w.board.Watch(w.t.Context(), area))
	return func() traveler.Event {
		w.t.Helper()
		e, err, ok := pull()
		if !ok || err != nil {
			w.t.Fatalf("the watch ended: %v", err)
		}
		return e
	}, stop
}

// bubble runs a test with a clock of its own.
func bubble(t *testing.T, test func(*testing.T, *world)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, dir)
		defer w.close()
		test(t, w)
	})
}

func TestTrail(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, dir)
		r := w.record("r")
		area := geo.RectOf(home, north(10_000).Point)
		for i := range 300 {
			w.add(r, north(3*i))
			time.Sleep(time.Second)
		}
		check := func(e traveler.Event, at route.Fix) []route.Fix {
			t.Helper()
			if e.Moved == nil || e.Moved.Position.Point != at.Point || e.Moved.Name != "the r" {
				t.Fatalf("told %+v, want that r is at %v", e, at.Point)
			}
			return e.Moved.Trail
		}
		next, stop := w.pull(area)
		trail := check(next(), north(3*299))
		if len(trail) != 100 {
			t.Fatalf("the trail has %d points, want 100", len(trail))
		}
		for i, f := range trail[1:] {
			if apart := geo.Distance(trail[i].Point, f.Point); apart < 5 || apart > 9 || !f.Time.After(trail[i].Time) {
				t.Errorf("two points of the trail are %.1f m apart, at %v and %v", apart, trail[i].Time, f.Time)
			}
		}
		if last := trail[99].Point; geo.Distance(last, north(3*299).Point) > 9 {
			t.Errorf("the trail ends at %v, away from %v", last, north(3*299).Point)
		}
		if !next().Current {
			t.Error("what comes next is not current")
		}
		w.add(r, north(900))
		if trail := check(next(), north(900)); trail != nil {
			t.Errorf("a trail of %d points once more", len(trail))
		}
		w.add(r, north(20_000))
		if e := next(); e.Left != "r" {
			t.Errorf("told %+v, want that r left", e)
		}
		w.add(r, north(0))
		if trail := check(next(), north(0)); len(trail) != 100 {
			t.Errorf("coming back has a trail of %d points", len(trail))
		}
		stop()

		w.close()
		w = open(t, dir)
		defer w.close()
		next, stop = w.pull(area)
		defer stop()
		trail = check(next(), north(0))
		if len(trail) < 30 || len(trail) > 100 {
			t.Errorf("after a restart the trail has %d points", len(trail))
		}
	})
}

// Who has been told nothing for a while is told of a change at once, and then of all that happens in a fifth of a second
// together.
func TestWatchKeepsItsPace(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		next, stop := w.pull(geo.World)
		defer stop()
		if !next().Current {
			t.Fatal("somebody is on the way")
		}
		r := w.record("r")
		time.Sleep(time.Second)
		began := time.Now()
		w.add(r, north(0))
		if e := next(); e.Moved == nil || time.Since(began) != 0 {
			t.Errorf("told %+v after %v", e, time.Since(began))
		}
		told := make(chan time.Duration)
		go func() {
			defer close(told)
			for e := next(); e.Left == ""; e = next() {
				told <- time.Since(began)
			}
		}()
		synctest.Wait()
		for i := range 100 {
			w.add(r, north(i+1))
			time.Sleep(time.Millisecond)
		}
		if after := <-told; after != 200*time.Millisecond {
			t.Errorf("the next change is told after %v", after)
		}
		synctest.Wait()
		select {
		case after := <-told:
			t.Errorf("told once more after %v", after)
		case <-time.After(time.Minute):
		}
		if _, more := <-told; more {
			t.Error("told once more before it left")
		}
	})
}

// Somebody watches and does not read while travelers move ten thousand times, pass through and go home. Then there is the
// newest position of each to be read, and nothing else.
func TestSlowWatcherSeesTheNewest(t *testing.T) {
	const travelers = 20
	bubble(t, func(t *testing.T, w *world) {
		near := geo.RectOf(home, north(2_000).Point)
		next, stop := w.pull(near)
		defer stop()
		if !next().Current {
			t.Fatal("somebody is on the way")
		}
		at, known := map[string]route.Fix{}, map[string]bool{}
		var recorders []*route.Recorder
		for i := range travelers {
			recorders = append(recorders, w.record(fmt.Sprint("r", i)))
			w.add(recorders[i], north(i))
		}
		for range travelers {
			known[next().Moved.Route] = true
		}
		for step := range 10_000 / travelers / 50 {
			for i, r := range recorders {
				var fixes []route.Fix
				for k := range 50 {
					fixes = append(fixes, north(step*50+k+i))
				}
				w.add(r, fixes...)
				at[r.ID()] = fixes[49]
			}
			passer := w.record(fmt.Sprint("passer", step))
			w.add(passer, north(0))
			w.add(passer, north(5_000))
		}
		for _, r := range recorders[:5] {
			if _, err := r.Finish(t.Context()); err != nil {
				t.Fatal(err)
			}
			delete(at, r.ID())
		}
		for range travelers {
			switch e := next(); {
			case e.Left != "" && known[e.Left]:
				if _, here := at[e.Left]; here {
					t.Errorf("%s left", e.Left)
				}
				delete(known, e.Left)
			case e.Moved == nil || !known[e.Moved.Route] || e.Moved.Position.Point != at[e.Moved.Route].Point:
				t.Errorf("told %+v", e)
			default:
				delete(known, e.Moved.Route)
			}
		}
		if len(known) > 0 {
			t.Errorf("nothing was told of %v", known)
		}
	})
}

// A phone's points come late and its routes end by themselves: it is where it was last, its trail has the late points, and
// another route is another traveler.
func TestTravelerWithAPhone(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		next, stop := w.pull(geo.World)
		defer stop()
		if !next().Current {
			t.Fatal("somebody is on the way")
		}
		report := func(seconds ...int) { // ago, at a metre a second north of home
			t.Helper()
			var fixes []route.Fix
			for _, ago := range seconds {
				f := north(1000 - ago)
				f.Time = time.Now().Add(-time.Duration(ago) * time.Second)
				fixes = append(fixes, f)
			}
			if _, err := w.book.Report(t.Context(), "phone", "ada", fixes); err != nil {
				t.Fatal(err)
			}
		}
		report(100, 0)
		first := next()
		if first.Moved == nil || first.Moved.Name != "ada" || first.Moved.Position.Point != north(1000).Point || len(first.Moved.Trail) != 1 {
			t.Fatalf("told %+v", first)
		}
		report(60, 20, 40)
		if e := next(); e.Moved == nil || e.Moved.Route != first.Moved.Route || e.Moved.Position.Point != north(1000).Point {
			t.Errorf("told %+v after late points", e)
		}
		late, end := w.pull(geo.World)
		defer end()
		if trail := late().Moved.Trail; len(trail) != 4 || trail[0].Point != north(900).Point || trail[3].Point != north(980).Point {
			t.Errorf("the trail is %v", trail)
		}
		time.Sleep(maxAge + time.Minute)
		report(0)
		// Who watches is told of both, in whichever order.
		var left string
		var moved *traveler.Traveler
		for range 2 {
			if e := next(); e.Left != "" {
				left = e.Left
			} else {
				moved = e.Moved
			}
		}
		if left != first.Moved.Route {
			t.Errorf("%q left, want the first route", left)
		}
		if moved == nil || moved.Route == first.Moved.Route || moved.Trail != nil {
			t.Errorf("%+v moved, want another route", moved)
		}
		if n := len(ids(w.board, geo.World, 5)); n != 1 {
			t.Errorf("%d are listed", n)
		}
	})
}

func TestWatchEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		reason, ends := errors.New("enough"), 0
		for e, err := range w.board.Watch(ctx, geo.World) {
			if e.Current {
				cancel(reason)
			} else if ends++; !errors.Is(err, reason) {
				t.Errorf("ended with %v, want the cause", err)
			}
		}
		if ends != 1 {
			t.Errorf("ended %d times", ends)
		}
	})
}
