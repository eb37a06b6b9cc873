package route_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
)

// journey makes the points of a device that is switched off now and then, and rests.
func journey(random *rand.Rand, n int) (fixes []route.Fix) {
	at, p := time.UnixMilli(1_700_000_000_000), home
	for len(fixes) < n {
		switch random.IntN(40) {
		case 0: // off
			at = at.Add(time.Duration(25+random.IntN(20)) * time.Minute)
		case 1: // resting
			for range 20 + random.IntN(60) {
				at = at.Add(time.Minute)
				fixes = append(fixes, route.Fix{Point: geo.Point{Lat: p.Lat + int32(random.IntN(200)), Lng: p.Lng}, Time: at})
			}
		}
		at = at.Add(time.Duration(1+random.IntN(60_000)) * time.Millisecond)
		p.Lat, p.Lng = p.Lat+int32(random.IntN(9000)-2000), p.Lng+int32(random.IntN(9000)-4500)
		fixes = append(fixes, route.Fix{Point: p, Time: at, Elevation: geo.Measured(int32(random.IntN(2000)))})
	}
	return fixes
}

func report(t *testing.T, book *route.Book, fixes []route.Fix) route.Report {
	t.Helper()
	made, err := book.Report(t.Context(), "phone", "ada", fixes)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// outline is what a device's routes come to, without what depends on when they were reported, and their points.
func outline(t *testing.T, book *route.Book) (lines []string) {
	t.Helper()
	all := pages(t, book, route.Query{Limit: 10})
	slices.Reverse(all)
	for _, r := range all {
		var fixes []route.Fix
		for some, err := range book.Track(t.Context(), r.ID) {
			if err != nil {
				t.Fatal(err)
			}
			fixes = append(fixes, some...)
		}
		lines = append(lines, fmt.Sprintf("%s %v %v %d points, %d features, %.3f m, %+v, %v: %v",
			r.Traveler, r.State, r.Start.UnixMilli(), r.Points, r.Features, r.Metres, r.Statistics, r.Bounds, fixes))
	}
	return lines
}

// Whatever the order and the pieces in which points are reported, and whether some come again, the routes are the same.
func TestReportsInAnyOrder(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		fixes := journey(random, 400)
		fixes[7].Point = home
		orderly := open(t, t.TempDir(), &clock{time.Now()})
		if made := report(t, orderly, fixes); made.Stored != len(fixes) || made.Known != 0 {
			t.Fatalf("%+v of %d", made, len(fixes))
		}
		want := outline(t, orderly)
		if len(want) < 3 {
			t.Fatalf("only %d routes", len(want))
		}

		dir := t.TempDir()
		hasty := open(t, dir, &clock{time.Now()})
		parts := slices.Collect(slices.Chunk(fixes, 1+random.IntN(60)))
		if seed%2 == 0 {
			random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		} else { // each in its place, or a little late
			slices.SortStableFunc(parts, func(a, b []route.Fix) int { return cmp.Compare(random.IntN(3), random.IntN(3)) })
		}
		stored := 0
		for i, part := range parts {
			part = slices.Clone(part)
			random.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
			stored += report(t, hasty, part).Stored
			if again := report(t, hasty, parts[random.IntN(i+1)]); again.Stored != 0 {
				t.Fatalf("seed %d: %d points were stored again", seed, again.Stored)
			}
		}
		if got := outline(t, hasty); stored != len(fixes) || !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d of %d points in %d routes, want %d", seed, stored, len(fixes), len(got), len(want))
		}
	}
}

// minuteFix is where a device that moves on steadily is in a minute.
func minuteFix(minute int) route.Fix {
	return route.Fix{Point: geo.Point{Lat: int32(minute) * 100_000, Lng: 1}, Time: time.UnixMilli(1_700_000_000_000).Add(time.Duration(minute) * time.Minute)}
}

// A pause parts two routes until its points come; the first keeps its name.
func TestLatePointsJoinRoutes(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Now()})
	first := report(t, book, []route.Fix{minuteFix(0), minuteFix(10)}).Route
	second := report(t, book, []route.Fix{minuteFix(60), minuteFix(70)}).Route
	states := func() (all []string) {
		for _, r := range pages(t, book, route.Query{Limit: 10}) {
			all = append(all, fmt.Sprint(r.ID, r.State, r.Points))
		}
		return all
	}
	if want := []string{fmt.Sprint(second, route.Recording, 2), fmt.Sprint(first, route.Finished, 2)}; !slices.Equal(states(), want) {
		t.Errorf("routes %v, want %v", states(), want)
	}
	if joined := report(t, book, []route.Fix{minuteFix(35)}); joined.Route != first || joined.Stored != 1 {
		t.Errorf("the late point: %+v", joined)
	}
	if want := []string{fmt.Sprint(first, route.Recording, 5)}; !slices.Equal(states(), want) {
		t.Errorf("routes %v, want %v", states(), want)
	}
}

// Who watches is told when points belong between those that were sent, live and from a mark.
func TestWatchWithLatePoints(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Now()})
	id := report(t, book, []route.Fix{minuteFix(0), minuteFix(20)}).Route
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var times []int // minutes of the points as the watcher knows them
	var before, mark route.Mark
	take := func(u route.Update) {
		if u.Anew {
			times = nil
		}
		for _, f := range u.Fixes {
			times = append(times, int(f.Time.Sub(minuteFix(0).Time).Minutes()))
		}
		mark = u.Mark
	}
	for u, err := range book.Watch(ctx, id, mark) {
		if err != nil {
			t.Fatal(err)
		}
		take(u)
		switch {
		case u.Stage == route.Current:
			before = mark
			report(t, book, []route.Fix{minuteFix(10), minuteFix(30)})
		case u.Stage == route.Live && !slices.Equal(times, []int{0, 10, 20, 30}):
			t.Errorf("live it is %v", times)
		}
		if u.Stage == route.Live {
			break
		}
	}
	times = []int{0, 20}
	report(t, book, []route.Fix{minuteFix(31)})
	for u, err := range book.Watch(ctx, id, before) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Stage == route.Current {
			break
		}
		take(u)
	}
	if !slices.Equal(times, []int{0, 10, 20, 30, 31}) {
		t.Errorf("from a mark it is %v", times)
	}
}

// What was deleted does not come back when the device reports it again, and what comes after begins anew.
func TestReportsOfWhatWasDeleted(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Now()})
	var fixes []route.Fix
	for minute := range 20 {
		fixes = append(fixes, minuteFix(minute))
	}
	gone := report(t, book, fixes[:10]).Route
	if err := book.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if again := report(t, book, fixes[:10]); again.Stored != 0 || again.Known != 10 {
		t.Errorf("reported again: %+v", again)
	}
	if next := report(t, book, fixes); next.Stored != 10 || next.Route == gone {
		t.Errorf("reported with more: %+v", next)
	}
	if all := pages(t, book, route.Query{Limit: 10}); len(all) != 1 || all[0].Points != 10 {
		t.Errorf("routes %v", all)
	}
}

// A track whose points change while it is read is not told half as it was and half as it is.
func TestTrackWithLatePoints(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Now()})
	var fixes []route.Fix
	for minute := range 2500 {
		fixes = append(fixes, minuteFix(2*minute))
	}
	id := report(t, book, fixes).Route
	read, failed := 0, error(nil)
	for some, err := range book.Track(t.Context(), id) {
		if failed = err; err != nil {
			break
		}
		if read += len(some); read == len(some) {
			report(t, book, []route.Fix{minuteFix(1)})
		}
	}
	if !errors.Is(failed, route.ErrAnew) {
		t.Errorf("after %d points %v, want ErrAnew", read, failed)
	}
	if all := track(t, book, id); len(all) != 2501 {
		t.Errorf("then there are %d points", len(all))
	}
}
