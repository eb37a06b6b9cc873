package note_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"routeguide/server/geo"
	"routeguide/server/note"
	"routeguide/server/store"
)

// watch returns the next events of an area, as their messages, "live" and "deleted ID" for those events, and the last cursor.
func watch(t *testing.T, next func() (note.Event, error, bool), count int) (told []string, cursor uint64) {
	t.Helper()
	for range count {
		e, err, ok := next()
		if err != nil || !ok {
			t.Fatalf("told %q, then %v", told, err)
		}
		switch {
		case e.Live:
			told = append(told, "live")
		case e.Note.Deleted:
			told = append(told, e.Note.Message+"deleted "+e.Note.ID())
		default:
			told = append(told, e.Note.Message)
		}
		cursor = e.Cursor
	}
	return told, cursor
}

func TestWatchTellsHistoryThenLive(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "ada")
	for i := range 5 {
		a.write(geo.Point{Lat: int32(i), Lng: geo.MaxLng - int32(i)}, fmt.Sprint(i))
	}
	a.write(geo.Point{Lng: 0}, "elsewhere")
	pacific := geo.Rect{South: -10, North: 10, West: 179e7, East: -179e7} // across the antimeridian

	next, stop := iter.Pull2(book.Watch(t.Context(), pacific, 0, 3))
	told, _ := watch(t, next, 4)
	if want := []string{"2", "3", "4", "live"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	a.write(geo.Point{Lng: -geo.MaxLng}, "5")
	told, cursor := watch(t, next, 1)
	if want := []string{"5"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	stop()

	a.write(geo.Point{Lng: 1}, "elsewhere too")
	a.write(geo.Point{Lng: geo.MaxLng}, "6")
	next, stop = iter.Pull2(book.Watch(t.Context(), pacific, cursor, 3))
	defer stop()
	told, _ = watch(t, next, 2)
	if want := []string{"6", "live"}; !slices.Equal(told, want) {
		t.Errorf("after the cursor told %q, want %q", told, want)
	}
}

func TestWatchOfAPlace(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "ada")
	a.write(here, "1")
	a.write(there, "2")
	next, stop := iter.Pull2(book.Watch(t.Context(), geo.Rect{South: here.Lat, North: here.Lat}, 0, 0))
	defer stop()
	if told, _ := watch(t, next, 1); told[0] != "live" {
		t.Errorf("told %q without history, want live", told)
	}
	a.write(there, "3")
	a.write(here, "4")
	if told, _ := watch(t, next, 1); told[0] != "4" {
		t.Errorf("told %q, want 4", told)
	}
}

func TestWatchEnds(t *testing.T) {
	book := open(t, note.Options{})
	for _, err := range book.Watch(t.Context(), geo.World, 7, 0) {
		if !errors.Is(err, store.ErrBeyond) {
			t.Errorf("a cursor of another log: %v, want store.ErrBeyond", err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	reason := errors.New("enough")
	for e, err := range book.Watch(ctx, geo.World, 0, 0) {
		if e.Live {
			cancel(reason)
		} else if !errors.Is(err, reason) {
			t.Errorf("ended with %v, want the cause", err)
		}
	}
}

func TestListPages(t *testing.T) {
	book := open(t, note.Options{})
	if notes, next, more, err := book.List(t.Context(), note.Query{Area: geo.World, Limit: 10}); len(notes) > 0 || next != 0 || more || err != nil {
		t.Errorf("an empty book lists %v, %d, %v, %v", notes, next, more, err)
	}
	a := talk(t, book, "ada")
	for i := range 5 {
		a.write(here, fmt.Sprint(i))
		a.write(there, "elsewhere")
	}
	area := geo.Rect{South: here.Lat, North: here.Lat}
	var got []string
	after, more := uint64(0), true
	for more {
		var notes []note.Note
		var err error
		if notes, after, more, err = book.List(t.Context(), note.Query{Area: area, After: after, Limit: 2}); err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			got = append(got, n.Message)
			if n.Traveler != "ada" || n.Location != here || n.Time.IsZero() {
				t.Errorf("listed %+v", n)
			}
		}
	}
	if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if after != 10 {
		t.Errorf("the cursor after all is %d, want the end of the log, 10", after)
	}
}

// A page is not the last one while notes of the area come after however many that lie elsewhere.
func TestListGoesOnAfterManyElsewhere(t *testing.T) {
	was := *note.Look
	*note.Look = 10
	defer func() { *note.Look = was }()
	book := open(t, note.Options{})
	area := geo.Rect{South: 0, West: 0, North: 1000, East: 0}
	a := talk(t, book, "ada")
	for i := range 300 { // more places than are each asked
		a.write(geo.Point{Lat: int32(i)}, "before")
	}
	for range 25 {
		a.write(geo.Point{Lng: 5}, "elsewhere")
	}
	a.write(here, "after")
	listed := 0
	for after, more := uint64(0), true; more; {
		var notes []note.Note
		var err error
		if notes, after, more, err = book.List(t.Context(), note.Query{Area: area, After: after, Limit: *note.Look}); err != nil {
			t.Fatal(err)
		}
		listed += len(notes)
	}
	if listed != 301 {
		t.Errorf("%d notes are listed, want 301", listed)
	}
}
