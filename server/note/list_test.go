package note_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"routeguide/server/geo"
	"routeguide/server/note"
)

func randomPoint(r *rand.Rand) geo.Point {
	p := geo.Point{Lat: int32(r.Int64N(2*geo.MaxLat+1) - geo.MaxLat), Lng: int32(r.Int64N(2*geo.MaxLng+1) - geo.MaxLng)}
	switch r.IntN(8) { // the edges are where indexes go wrong
	case 0:
		p.Lng = geo.MaxLng
	case 1:
		p.Lng = -geo.MaxLng
	case 2:
		p.Lat = geo.MaxLat
	case 3:
		p.Lat = -geo.MaxLat
	}
	return p
}

// area returns a random one: small or as large as continents, some across the antimeridian.
func area(r *rand.Rand, around geo.Point) geo.Rect {
	if r.IntN(3) > 0 {
		size := int32(1) << r.IntN(29)
		return geo.Rect{
			South: max(-geo.MaxLat, around.Lat-size), North: min(geo.MaxLat, around.Lat+size),
			West: max(-geo.MaxLng, around.Lng-size/2), East: min(geo.MaxLng, around.Lng+size),
		}
	}
	a, b := randomPoint(r), randomPoint(r)
	return geo.Rect{South: min(a.Lat, b.Lat), North: max(a.Lat, b.Lat), West: a.Lng, East: b.Lng}
}

// write stores notes of many travelers, at more places than are looked at one by one, some of them often.
func write(t *testing.T, book *note.Book, r *rand.Rand, count int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 8 {
		points := make([]geo.Point, count/8)
		for i := range points {
			if points[i] = randomPoint(r); r.IntN(3) == 0 {
				points[i] = geo.Point{Lat: int32(r.IntN(4)), Lng: geo.MaxLng}
			}
		}
		wg.Go(func() {
			for part := range slices.Chunk(points, 200) { // a chat has so many places at the most
				c := talk(t, book, fmt.Sprint(w, part[0]))
				for i, p := range part {
					c.write(p, fmt.Sprint(w, ".", i))
					c.sent = nil
				}
			}
		})
	}
	wg.Wait()
}

// Whatever area is asked for, and wherever a page begins, the indexes give the notes that looking at each would give.
func TestListAgreesWithLookingAtEach(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	book := open(t, note.Options{})
	write(t, book, r, 1600)
	all := pages(t, book, geo.World, 0, 1000)
	if len(all) != 1600 || !slices.IsSortedFunc(all, func(a, b note.Note) int { return cmp.Compare(a.Position, b.Position) }) {
		t.Fatalf("%d notes are listed", len(all))
	}
	for range 120 {
		in := area(r, all[r.IntN(len(all))].Location)
		after := all[r.IntN(len(all))].Position * uint64(r.IntN(2))
		want := slices.DeleteFunc(slices.Clone(all), func(n note.Note) bool { return n.Position <= after || !in.Contains(n.Location) })
		if got := pages(t, book, in, after, 1+r.IntN(300)); !slices.Equal(got, want) {
			t.Fatalf("in %v after %d there are %d notes, want %d", in, after, len(got), len(want))
		}
		newest := r.IntN(50)
		var got []note.Note
		for e, err := range book.Watch(t.Context(), in, 0, newest) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Live {
				break
			}
			got = append(got, e.Note)
		}
		want = slices.DeleteFunc(slices.Clone(all), func(n note.Note) bool { return !in.Contains(n.Location) })
		if want = want[max(0, len(want)-newest):]; !slices.Equal(got, want) {
			t.Fatalf("the newest %d in %v are %d, want %d", newest, in, len(got), len(want))
		}
	}
}

func pages(t *testing.T, book *note.Book, in geo.Rect, after uint64, size int) (all []note.Note) {
	t.Helper()
	for more := true; more; {
		var page []note.Note
		var err error
		if page, after, more, err = book.List(t.Context(), note.Query{Area: in, After: after, Limit: size}); err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
	}
	return all
}

// Each of many watchers is told the notes of its area and no others, in order, while many write.
func TestWatchersOfManyAreas(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	book := open(t, note.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type watcher struct {
		in   geo.Rect
		next func() (note.Event, error, bool)
	}
	var watchers []watcher
	for range 40 {
		in := area(r, geo.Point{Lat: int32(r.IntN(4)), Lng: geo.MaxLng})
		next, stop := iter.Pull2(book.Watch(ctx, in, 0, 0))
		defer stop()
		if e, err, ok := next(); err != nil || !ok || !e.Live {
			t.Fatalf("begins with %v, %v", e, err)
		}
		watchers = append(watchers, watcher{in, next})
	}
	write(t, book, r, 400) // fewer than a watcher may lie behind
	all := pages(t, book, geo.World, 0, 1000)
	for _, w := range watchers {
		for _, want := range all {
			if !w.in.Contains(want.Location) {
				continue
			}
			if e, err, ok := w.next(); err != nil || !ok || e.Note.Position != want.Position {
				t.Fatalf("in %v was told %v, %v, want %v", w.in, e.Note, err, want)
			}
		}
	}
	// Nobody is told anything else: what comes next is what is written next.
	last := talk(t, book, "last")
	for _, w := range watchers {
		p := geo.Point{Lat: w.in.South, Lng: w.in.West}
		last.write(p, "last")
		position := pages(t, book, geo.World, all[len(all)-1].Position, 1000)
		for e, err, ok := w.next(); ; e, err, ok = w.next() {
			if err != nil || !ok || e.Note.Message != "last" {
				t.Fatalf("was told %v, %v", e, err)
			}
			if e.Note.Position == position[len(position)-1].Position {
				break
			}
		}
	}
}
