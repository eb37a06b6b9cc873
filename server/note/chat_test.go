package note_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/note"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

var (
	here  = geo.Point{Lat: 1}
	there = geo.Point{Lat: 2}
)

func open(t *testing.T, o note.Options) *note.Book {
	t.Helper()
	book, _ := openStore(t, o)
	return book
}

func openStore(t *testing.T, o note.Options) (*note.Book, *store.Store) {
	t.Helper()
	st := store.New(store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	book := note.New(st, o)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return book, st
}

// A talker is a chat and what it was sent.
type talker struct {
	*note.Chat
	t    *testing.T
	sent []string
}

// talk begins the chat whose secret and traveler are called name, or goes on with it.
func talk(t *testing.T, book *note.Book, name string) *talker {
	t.Helper()
	w := &talker{t: t}
	var err error
	w.Chat, err = book.Chat(t.Context(), sha256.Sum256([]byte(name)), name, name, func(n note.Note) error {
		w.sent = append(w.sent, n.Message)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func (w *talker) write(p geo.Point, message string) {
	w.t.Helper()
	if err := w.Write(w.t.Context(), p, message); err != nil {
		w.t.Fatal(err)
	}
}

func (w *talker) expect(want ...string) {
	w.t.Helper()
	for len(w.sent) < len(want) {
		select {
		case <-w.t.Context().Done():
			w.t.Fatalf("was sent %q, want %q", w.sent, want)
		case <-time.After(time.Minute):
			w.t.Fatalf("was sent %q, want %q", w.sent, want)
		case <-w.Ready():
			if err := w.Deliver(); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if !slices.Equal(w.sent, want) {
		w.t.Fatalf("was sent %q, want %q", w.sent, want)
	}
	w.sent = nil
}

func TestChatIsSentWhatWasStoredEarlier(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "a")
	for i, p := range []geo.Point{{Lng: 1}, {Lng: 2}, {Lng: 3}} { // as the tutorials' clients do
		a.write(p, fmt.Sprint(i))
	}
	a.expect()
	for i, p := range []geo.Point{{Lng: 1}, {Lng: 2}, {Lng: 3}} {
		a.write(p, fmt.Sprint(i+3))
	}
	a.expect("0", "1", "2")
	a.write(geo.Point{Lng: 1}, "6")
	a.expect("3") // and not 0 again

	b := talk(t, book, "b")
	b.write(geo.Point{Lng: 1}, "7")
	b.expect("0", "3", "6")
	a.expect("7")
}

func TestChatIsLiveWhereItWrote(t *testing.T) {
	book := open(t, note.Options{})
	a, b := talk(t, book, "a"), talk(t, book, "b")
	a.write(here, "a1")
	b.write(there, "b1") // not at a place of a's
	b.write(here, "b2")
	b.expect("a1")
	a.expect("b2")
	b.write(here, "b3")
	b.expect("b2") // its own earlier one, never the new one
	a.write(here, "a2")
	a.expect("b3", "a1")
	b.expect("a2")
}

func TestChatReplaysTheNewest(t *testing.T) {
	book := open(t, note.Options{Replay: 3})
	a := talk(t, book, "a")
	for i := range 10 {
		a.write(here, fmt.Sprint(i))
	}
	b := talk(t, book, "b")
	b.write(here, "hello")
	b.expect("7", "8", "9")
}

func TestChatEndsWithItsContext(t *testing.T) {
	book := open(t, note.Options{})
	a := talk(t, book, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Write(ctx, here, "too late"); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v, want canceled", err)
	}
}

// Many travelers write at once at few places: each is sent every note of others there exactly once, in one order.
func TestManyTravelersSeeOneOrder(t *testing.T) {
	const travelers, each = 8, 25
	book := open(t, note.Options{})
	sent := make([][]note.Note, travelers)
	var wg sync.WaitGroup
	for i := range travelers {
		wg.Go(func() {
			chat, err := book.Chat(t.Context(), sha256.Sum256([]byte{byte(i)}), fmt.Sprint("chat", i), "", func(n note.Note) error {
				sent[i] = append(sent[i], n)
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
			defer chat.Close()
			for k := range each {
				if err := chat.Write(t.Context(), geo.Point{Lat: int32(k % 2)}, fmt.Sprint(k)); err != nil {
					t.Error(err)
					return
				}
			}
			own := each - 2 // the newest own one of either place is not sent back
			for len(sent[i]) < (travelers-1)*each+own {
				select {
				case <-chat.Ready():
					if err := chat.Deliver(); err != nil {
						t.Error(err)
						return
					}
				case <-time.After(time.Minute):
					t.Errorf("traveler %d was sent %d notes", i, len(sent[i]))
					return
				}
			}
		})
	}
	wg.Wait()
	for i, notes := range sent {
		seen := map[string]bool{}
		for _, n := range notes {
			if seen[n.ID()] {
				t.Fatalf("traveler %d was sent %s twice", i, n.ID())
			}
			seen[n.ID()] = true
		}
	}
}
