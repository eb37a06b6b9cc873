package note_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"routeguide/server/geo"
	"routeguide/server/note"
)

// stored returns the travelers, numbers and messages of the notes at a place.
func stored(t *testing.T, book *note.Book, p geo.Point) (all []string) {
	t.Helper()
	for after, more := uint64(0), true; more; {
		var notes []note.Note
		var err error
		if notes, after, more, err = book.List(t.Context(), note.Query{Area: geo.RectOf(p, p), After: after, Limit: 1000}); err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			all = append(all, fmt.Sprintf("%s.%d=%s", n.Traveler, n.Number, n.Message))
		}
	}
	return all
}

// own returns what "a" wrote.
func own(all []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, "a.") })
}

// others has somebody else write so many notes at a place.
func others(t *testing.T, book *note.Book, p geo.Point, n int) {
	t.Helper()
	b := talk(t, book, "others")
	for i := range n {
		b.write(p, fmt.Sprint(i))
	}
}

func resume(t *testing.T, book *note.Book, name string, first uint32) *talker {
	t.Helper()
	w := talk(t, book, name)
	if err := w.Resume(first); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestResumedChatStoresNothingTwice(t *testing.T) {
	book := open(t, note.Options{Replay: 2})
	a := talk(t, book, "a")
	others(t, book, here, 5)
	for i, p := range []geo.Point{here, here, there, here} {
		a.write(p, fmt.Sprint("a", i))
	}
	others(t, book, here, 70)

	again := resume(t, book, "a", 1) // its client knows of note 0 only
	if again.Stored() != 4 || again.Name() != a.Name() {
		t.Errorf("%d notes of %s are stored, want 4 of %s", again.Stored(), again.Name(), a.Name())
	}
	for i, p := range []geo.Point{here, there, here, there, here} {
		again.write(p, fmt.Sprint("a", i+1))
	}
	if got, want := own(stored(t, book, here)), []string{"a.0=a0", "a.1=a1", "a.3=a3", "a.5=a5"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	if got, want := own(stored(t, book, there)), []string{"a.2=a2", "a.4=a4"}; !slices.Equal(got, want) {
		t.Errorf("stored %q there, want %q", got, want)
	}
}

// A client that was never told anything begins again with its first note, also where nothing of it is stored.
func TestResumedChatFromTheBeginning(t *testing.T) {
	book := open(t, note.Options{})
	others(t, book, here, 30)
	resume(t, book, "a", 0).write(here, "a0")
	again := resume(t, book, "a", 0)
	again.write(here, "a0")
	again.write(here, "a1")
	if got, want := own(stored(t, book, here)), []string{"a.0=a0", "a.1=a1"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	again.sent = again.sent[30:]
	again.expect("a0") // its own earlier one, as if the call had not broken
}

// Without saying where, a chat goes on after what is stored.
func TestChatGoesOn(t *testing.T) {
	book := open(t, note.Options{})
	talk(t, book, "a").write(here, "monday")
	again := talk(t, book, "a")
	again.write(here, "tuesday")
	again.expect("monday")
	if got, want := stored(t, book, here), []string{"a.0=monday", "a.1=tuesday"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// A number that is taken by another note, or that leaves out some, is an error for its sender; nothing is stored.
func TestChatThatDoesNotFit(t *testing.T) {
	book := open(t, note.Options{})
	talk(t, book, "a").write(here, "a0")
	for _, c := range []struct {
		p    geo.Point
		text string
	}{{here, "other"}, {there, "a0"}} {
		if err := resume(t, book, "a", 0).Write(t.Context(), c.p, c.text); !errors.Is(err, note.ErrOther) {
			t.Errorf("%v %q: %v, want ErrOther", c.p, c.text, err)
		}
	}
	if err := talk(t, book, "a").Resume(2); !errors.Is(err, note.ErrGap) {
		t.Errorf("Resume(2): %v, want ErrGap", err)
	}
	if err := talk(t, book, "new").Resume(1); !errors.Is(err, note.ErrGap) {
		t.Errorf("Resume(1) of a new chat: %v, want ErrGap", err)
	}
	if got := append(stored(t, book, here), stored(t, book, there)...); !slices.Equal(got, []string{"a.0=a0"}) {
		t.Errorf("stored %q", got)
	}
}

func TestResumedChatAtAFullPlace(t *testing.T) {
	book := open(t, note.Options{PerPlace: 2})
	a := talk(t, book, "a")
	a.write(here, "a0")
	a.write(here, "a1")
	again := resume(t, book, "a", 1)
	again.write(here, "a1")
	if err := again.Write(t.Context(), here, "a2"); !errors.Is(err, note.ErrPlaceFull) {
		t.Errorf("one note more: %v, want ErrPlaceFull", err)
	}
	if got, want := stored(t, book, here), []string{"a.0=a0", "a.1=a1"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}
