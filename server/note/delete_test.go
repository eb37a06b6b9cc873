package note_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"routeguide/server/geo"
	"routeguide/server/note"
	"routeguide/server/store"
)

func remove(t *testing.T, book *note.Book, name, id string) {
	t.Helper()
	if err := book.Delete(t.Context(), sha256.Sum256([]byte(name)), id); err != nil {
		t.Fatalf("delete %s: %v", id, err)
	}
}

func TestDeletedNoteIsGone(t *testing.T) {
	book, st := openStore(t, note.Options{})
	a := talk(t, book, "a")
	for i := range 3 {
		a.write(here, fmt.Sprint("secret ", i))
	}
	a.write(there, "secret 3")
	for range 2 { // the second time nothing is to be done
		remove(t, book, "a", "a.1")
		remove(t, book, "a", "a.3")
	}
	for _, area := range []geo.Rect{geo.RectOf(here, here), geo.RectOf(here, there), geo.World} {
		notes, _, more, err := book.List(t.Context(), note.Query{Area: area, Limit: 10})
		if err != nil || more || len(notes) != 2 || notes[0].ID() != "a.0" || notes[1].ID() != "a.2" {
			t.Errorf("in %v are %v, %v, want the notes 0 and 2", area, notes, err)
		}
	}
	b := talk(t, book, "b")
	b.write(here, "hello")
	b.expect("secret 0", "secret 2")
	b.write(there, "hello")
	b.expect()
	a.expect("secret 0", "secret 1", "hello", "hello") // 0 and 1 when it wrote there again
	err := st.View(t.Context(), func(tx *store.Tx) error {
		for row, err := range tx.Query("SELECT number, traveler, message FROM note WHERE chat = (SELECT id FROM chat WHERE name = 'a')") {
			if err != nil {
				return err
			}
			if gone := row.Int(0)%2 == 1; gone != (row.Text(2) == "") {
				t.Errorf("of note %d is stored %q", row.Int(0), row.Text(2))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A chat is not sent its own earlier note where that was deleted meanwhile.
func TestDeletedNoteIsNotSentBack(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "a")
	a.write(here, "0")
	remove(t, book, "a", "a.0")
	a.write(here, "1")
	a.expect()
	a.write(here, "2")
	a.expect("1")
}

// A deleted note keeps its number: its chat goes on after it, and it is not stored again.
func TestDeletedNoteKeepsItsNumber(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "a")
	a.write(here, "0")
	a.write(here, "1")
	remove(t, book, "a", "a.1")
	if again := talk(t, book, "a"); again.Stored() != 2 {
		t.Errorf("%d notes are stored, want 2", again.Stored())
	}
	again := resume(t, book, "a", 0) // its client was told nothing
	for i := range 3 {
		again.write(here, fmt.Sprint(i))
	}
	if got, want := stored(t, book, here), []string{"a.0=0", "a.2=2"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	if err := resume(t, book, "a", 1).Write(t.Context(), there, "1"); !errors.Is(err, note.ErrOther) {
		t.Errorf("the note at another place: %v, want ErrOther", err)
	}
}

func TestDeletedNoteMakesRoom(t *testing.T) {
	book := open(t, note.Options{PerPlace: 2})
	a := talk(t, book, "a")
	a.write(here, "0")
	a.write(here, "1")
	if err := a.Write(t.Context(), here, "2"); !errors.Is(err, note.ErrPlaceFull) {
		t.Fatalf("the place is not full: %v", err)
	}
	remove(t, book, "a", "a.0")
	a.write(here, "2")
	if err := a.Write(t.Context(), here, "3"); !errors.Is(err, note.ErrPlaceFull) {
		t.Errorf("the place is not full again: %v", err)
	}
}

func TestDeleteRefuses(t *testing.T) {
	book := open(t, note.Options{})
	talk(t, book, "a").write(here, "0")
	talk(t, book, "b").write(here, "0")
	for _, c := range []struct {
		who, id string
		want    error
	}{
		{"b", "a.0", note.ErrNotOwn},
		{"nobody", "a.0", note.ErrNotOwn},
		{"a", "a.1", note.ErrNone},
		{"b", "a.1", note.ErrNone},
		{"a", "c.0", note.ErrNone},
		{"a", "a", note.ErrNone},
		{"a", "a.", note.ErrNone},
		{"a", "a.-1", note.ErrNone},
		{"a", "a.0.0", note.ErrNone},
		{"a", "a.4294967296", note.ErrNone},
		{"a", strings.Repeat("a", 5000) + ".0", note.ErrNone},
		{"a", "", note.ErrNone},
	} {
		if err := book.Delete(t.Context(), sha256.Sum256([]byte(c.who)), c.id); !errors.Is(err, c.want) {
			t.Errorf("%s deletes %.20q: %v, want %v", c.who, c.id, err, c.want)
		}
	}
	if got, want := stored(t, book, here), []string{"a.0=0", "b.0=0"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// Whoever watches a place, an area or everything is told of a deletion once, live or when they come back; who begins is not.
func TestWatchTellsDeletions(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "a")
	for i := range 300 { // more places than are each asked
		a.write(geo.Point{Lat: int32(i), Lng: 5}, fmt.Sprint(i))
	}
	for name, area := range map[string]geo.Rect{
		"a place":     geo.RectOf(geo.Point{Lat: 7, Lng: 5}, geo.Point{Lat: 7, Lng: 5}),
		"few places":  {South: 6, West: 0, North: 9, East: 9},
		"many places": {South: 0, West: 0, North: 400, East: 9},
		"the world":   geo.World,
	} {
		t.Run(name, func(t *testing.T) {
			w := talk(t, book, name)
			at := geo.Point{Lat: 7, Lng: 5}
			next, stop := iter.Pull2(book.Watch(t.Context(), area, 0, 0))
			defer stop()
			_, began := watch(t, next, 1)
			w.write(at, "one")
			w.write(at, "two")
			if told, _ := watch(t, next, 2); !slices.Equal(told, []string{"one", "two"}) {
				t.Fatalf("told %q", told)
			}
			for range 2 {
				remove(t, book, name, name+".0")
			}
			w.write(at, "three")
			if told, _ := watch(t, next, 2); !slices.Equal(told, []string{"deleted " + name + ".0", "three"}) {
				t.Errorf("told %q of a deletion", told)
			}

			back, stopped := iter.Pull2(book.Watch(t.Context(), area, began, 0))
			defer stopped()
			if told, _ := watch(t, back, 4); !slices.Equal(told, []string{"two", "deleted " + name + ".0", "three", "live"}) {
				t.Errorf("who comes back is told %q", told)
			}
			fresh, end := iter.Pull2(book.Watch(t.Context(), area, 0, 2))
			defer end()
			if told, _ := watch(t, fresh, 3); !slices.Equal(told, []string{"two", "three", "live"}) {
				t.Errorf("who begins is told %q", told)
			}
		})
	}
}
