package note_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/note"
)

// forgetful is a store that remembers identifiers for no longer than it must.
const forgetful = 100 * time.Millisecond

// forget returns when the store has forgotten the identifiers of all notes that were written before.
func forget(t *testing.T, book *note.Book) {
	t.Helper()
	probe := geo.Point{Lat: -1}
	before := len(stored(t, book, probe))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); len(stored(t, book, probe)) < before+2; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("an identifier is remembered for ever")
		}
		talk(t, book, fmt.Sprint("probe", before)).write(probe, "?")
	}
}

// stored returns the identifiers and messages at a place.
func stored(t *testing.T, book *note.Book, p geo.Point) (all []string) {
	t.Helper()
	area := geo.Rect{South: p.Lat, North: p.Lat, West: p.Lng, East: p.Lng}
	for after, more := uint64(0), true; more; {
		var notes []note.Note
		var err error
		if notes, after, more, err = book.List(t.Context(), area, after, 1000); err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			all = append(all, n.ID+"="+n.Message)
		}
	}
	return all
}

// others leaves so many notes at a place.
func others(t *testing.T, book *note.Book, p geo.Point, n int) {
	t.Helper()
	b := talk(t, book, fmt.Sprint("other", time.Now().UnixNano()))
	for i := range n {
		b.write(p, fmt.Sprint(i))
	}
}

func resume(t *testing.T, book *note.Book, id string, first int) *talker {
	w := talk(t, book, id)
	w.Resume(first)
	return w
}

func TestResumedChatStoresNothingTwice(t *testing.T) {
	for name, remember := range map[string]time.Duration{"soon": 0, "later": forgetful} {
		t.Run(name, func(t *testing.T) {
			book := openFor(t, note.Options{Replay: 2}, remember)
			a := talk(t, book, "a")
			others(t, book, here, 5)
			for i, p := range []geo.Point{here, here, there, here} {
				a.write(p, fmt.Sprint("a", i))
			}
			others(t, book, here, 700) // more than are looked at in one step
			if remember > 0 {
				forget(t, book)
			}

			again := resume(t, book, "a", 1) // its client knows of note 0 only
			for i, p := range []geo.Point{here, there, here, there, here} {
				again.write(p, fmt.Sprint("a", i+1))
			}
			if got, want := own(stored(t, book, here)), []string{"a.0=a0", "a.1=a1", "a.3=a3", "a.5=a5"}; !slices.Equal(got, want) {
				t.Errorf("stored %q, want %q", got, want)
			}
			if got, want := own(stored(t, book, there)), []string{"a.2=a2", "a.4=a4"}; !slices.Equal(got, want) {
				t.Errorf("stored %q there, want %q", got, want)
			}
		})
	}
}

// own returns what "a" wrote.
func own(all []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s[:2] != "a." })
}

// A client that was never told anything begins again with its first note, also where nothing of it is stored.
func TestResumedChatFromTheBeginning(t *testing.T) {
	book := openFor(t, note.Options{}, forgetful)
	others(t, book, here, 300)
	resume(t, book, "a", 0).write(here, "a0")
	forget(t, book)
	again := resume(t, book, "a", 0)
	again.write(here, "a0")
	again.write(here, "a1")
	if got, want := own(stored(t, book, here)), []string{"a.0=a0", "a.1=a1"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	again.sent = again.sent[300:]
	again.expect("a0") // its own earlier one, as if the call had not broken
}

// An identifier alone does not make a chat one that is resumed: who uses the same one every day loses nothing.
func TestNewChatUnderAnOldIdentifier(t *testing.T) {
	book := openFor(t, note.Options{}, forgetful)
	talk(t, book, "a").write(here, "monday")
	forget(t, book)
	talk(t, book, "a").write(here, "tuesday")
	if got, want := stored(t, book, here), []string{"a.0=monday", "a.0=tuesday"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

func TestResumedChatAtAFullPlace(t *testing.T) {
	book := openFor(t, note.Options{PerPlace: 2}, forgetful)
	a := talk(t, book, "a")
	a.write(here, "a0")
	a.write(here, "a1")
	forget(t, book)
	again := resume(t, book, "a", 1)
	again.write(here, "a1")
	if err := again.Write(t.Context(), here, "a2"); !errors.Is(err, note.ErrPlaceFull) {
		t.Errorf("one note more: %v, want ErrPlaceFull", err)
	}
	if got, want := stored(t, book, here), []string{"a.0=a0", "a.1=a1"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}
