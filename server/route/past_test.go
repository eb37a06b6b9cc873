package route_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/store"
)

// near180 walks about where longitudes turn over.
func near180(r *rand.Rand, p geo.Point) geo.Point {
	const circle = 2 * geo.MaxLng
	lng := (int64(p.Lng)+r.Int64N(40_000)-20_000+geo.MaxLng+circle)%circle - geo.MaxLng
	return geo.Point{Lat: p.Lat + r.Int32N(40_000) - 20_000, Lng: int32(lng)}
}

// crowd records routes that begin and end at any time of some hours, through calls and as devices do, and returns their
// identifiers but for those that are deleted or hidden.
func crowd(t *testing.T, book *route.Book, r *rand.Rand, began time.Time) (seen []string) {
	t.Helper()
	for i := range 30 {
		p, at := geo.Point{Lat: int32(i) * 1000, Lng: geo.MaxLng}, began.Add(time.Duration(r.IntN(3600))*time.Second)
		rec := record(t, book, fmt.Sprint("r", i), 0)
		for range r.IntN(400) {
			p, at = near180(r, p), at.Add(time.Duration(r.IntN(5))*time.Second) // some at one time
			if err := rec.Add(t.Context(), route.Fix{Point: p, Time: at, Speed: geo.Measured(r.Int32N(900)), Elevation: geo.Measured(r.Int32N(900))}); err != nil {
				t.Fatal(err)
			}
			if r.IntN(20) == 0 {
				if err := rec.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		var err error
		if r.IntN(2) == 0 {
			_, err = rec.Finish(t.Context())
		} else {
			err = rec.Interrupt(t.Context())
		}
		if hidden := true; err == nil && i%10 == 0 {
			_, err = book.Update(t.Context(), rec.ID(), route.Edit{Hidden: &hidden})
		} else if err == nil && i%10 == 1 {
			err = book.Delete(t.Context(), rec.ID())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 8 {
		var fixes []route.Fix
		p, at := geo.Point{Lat: int32(i) * 1000, Lng: -geo.MaxLng}, began
		for range 300 {
			p, at = near180(r, p), at.Add(time.Duration(1+r.IntN(20))*time.Second)
			if r.IntN(100) == 0 {
				at = at.Add(time.Hour)
			}
			fixes = append(fixes, route.Fix{Point: p, Time: at})
		}
		r.Shuffle(3, func(a, b int) { fixes[a*100], fixes[b*100+50] = fixes[b*100+50], fixes[a*100] })
		for some := range slices.Chunk(fixes, 40) {
			if _, err := book.Report(t.Context(), fmt.Sprint("phone", i), fmt.Sprint("p", i), some); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, found := range pages(t, book, route.Query{Limit: 50}) {
		seen = append(seen, found.ID)
	}
	return seen
}

// What the past tells is what looking at every point of every route would.
func TestThePastAgreesWithLookingAtEach(t *testing.T) {
	defer func(n int) { *route.Ahead = n }(*route.Ahead)
	*route.Ahead = 100
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	began := time.UnixMilli(1_700_000_000_000)
	book := open(t, t.TempDir(), &clock{began})
	var all []route.Step // in the order of time, and of the points of each route
	tracks, routes := make(map[string][]route.Fix), make(map[string]route.Route)
	for _, id := range crowd(t, book, r, began) {
		found, err := book.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		tracks[id], routes[id] = track(t, book, id), found
		for _, f := range tracks[id] {
			all = append(all, route.Step{Route: id, Traveler: found.Traveler, Fix: f})
		}
	}
	order := func(a, b route.Step) int {
		return cmp.Or(a.Fix.Time.Compare(b.Fix.Time), cmp.Compare(a.Route, b.Route))
	}
	slices.SortStableFunc(all, order)

	areas := []geo.Rect{geo.World, {South: -90_000, West: geo.MaxLng - 60_000, North: 90_000, East: -geo.MaxLng + 30_000}, {South: 0, West: geo.MaxLng - 90_000, North: 90_000, East: geo.MaxLng}}
	for n := range 60 {
		area := areas[n%len(areas)]
		from := all[r.IntN(len(all))].Fix.Time
		until := from.Add(time.Duration(r.IntN(2000)) * time.Second)
		var want []route.Step
		for _, s := range all {
			if !s.Fix.Time.Before(from) && s.Fix.Time.Before(until) && area.Contains(s.Fix.Point) {
				want = append(want, s)
			}
		}
		got, moments := past(t, book, area, store.Since(from), until)
		slices.SortStableFunc(got, order)
		if !slices.Equal(got, want) {
			t.Fatalf("from %v to %v in %v there are %d points, want %d", from, until, area, len(got), len(want))
		}
		if len(moments) > 0 {
			i := r.IntN(len(moments))
			if rest, again := past(t, book, area, moments[i], until); !slices.Equal(again, moments[i+1:]) {
				t.Fatalf("after point %d of %d there are %d", i, len(moments), len(rest))
			}
		}
		then(t, book, routes, tracks, area, from)
	}
}

func past(t *testing.T, book *route.Book, area geo.Rect, after store.Moment, before time.Time) (steps []route.Step, moments []store.Moment) {
	t.Helper()
	for s, err := range book.Past(t.Context(), area, after, before) {
		if err != nil {
			t.Fatal(err)
		}
		if n := len(moments); n > 0 && !moments[n-1].Before(s.Moment) {
			t.Fatalf("%v comes after %v", s.Moment, moments[n-1])
		}
		moments = append(moments, s.Moment)
		s.Moment = store.Moment{}
		steps = append(steps, s)
	}
	return steps, moments
}

// then checks the routes and who was on the way at a time against the points of today.
func then(t *testing.T, book *route.Book, routes map[string]route.Route, tracks map[string][]route.Fix, area geo.Rect, at time.Time) {
	t.Helper()
	const maxAge = 10 * time.Minute
	var wantThere, wantRoutes []string
	for id, now := range routes {
		if now.Start.After(at) {
			continue
		}
		was := model{state: now.State}
		for _, f := range tracks[id] {
			if !f.Time.After(at) {
				was.fixes = append(was.fixes, f)
			}
		}
		if len(was.fixes) < len(tracks[id]) {
			was.state = route.Recording
		}
		if len(was.fixes) == 0 {
			if area == geo.World {
				wantRoutes = append(wantRoutes, fmt.Sprint(id, " ", was.state, " 0"))
			}
			continue
		}
		last := was.fixes[len(was.fixes)-1]
		if was.state != route.Finished && last.Time.After(at.Add(-maxAge)) && area.Contains(last.Point) {
			wantThere = append(wantThere, fmt.Sprint(id, " ", now.Traveler, " ", last))
		}
		bounds := geo.RectOf(was.fixes[0].Point, was.fixes[0].Point)
		for _, f := range was.fixes {
			bounds = bounds.With(f.Point)
		}
		metres, s, top := was.statistics()
		if bounds.Overlaps(area) {
			wantRoutes = append(wantRoutes, fmt.Sprint(id, " ", was.state, " ", len(was.fixes), last, bounds, metres, s.MovingTime, s.Stops, s.Climb, top))
		}
	}
	slices.Sort(wantThere)
	slices.Sort(wantRoutes)

	q := route.Query{At: at, Limit: 3}
	if area != geo.World {
		q.Area = &area
	}
	var gotRoutes []string
	for _, r := range pages(t, book, q) {
		if r.Points == 0 {
			gotRoutes = append(gotRoutes, fmt.Sprint(r.ID, " ", r.State, " 0"))
			continue
		}
		s := r.Statistics
		gotRoutes = append(gotRoutes, fmt.Sprint(r.ID, " ", r.State, " ", r.Points, r.Newest, r.Bounds, r.Metres, s.MovingTime, s.Stops, s.Climb, s.TopSpeed()))
	}
	slices.Sort(gotRoutes)
	if !slices.Equal(gotRoutes, wantRoutes) {
		t.Fatalf("at %v in %v there were the routes\n%q, want\n%q", at, area, gotRoutes, wantRoutes)
	}
	there, err := book.OnTheWay(t.Context(), area, at, maxAge)
	if err != nil {
		t.Fatal(err)
	}
	var gotThere []string
	for _, s := range there {
		gotThere = append(gotThere, fmt.Sprint(s.Route, " ", s.Traveler, " ", s.Fix))
	}
	slices.Sort(gotThere)
	if !slices.Equal(gotThere, wantThere) {
		t.Fatalf("at %v in %v there were on the way\n%q, want\n%q", at, area, gotThere, wantThere)
	}
}
