package store_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

// A diary is a log that a test reads.
type diary struct {
	mu   sync.Mutex
	said strings.Builder
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.String()
}

func logger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// fragile registers a book that panics when it is told that a change was made, if it breaks.
func fragile(breaks bool) func(*store.Store) {
	return func(st *store.Store) {
		st.Register(store.Book{
			Name:  "note",
			Apply: func(*store.Tx, *logv1.Change) (any, error) { return nil, nil },
			Committed: func([]store.Event) {
				if breaks {
					panic("told to")
				}
			},
		})
	}
}

func (s *shelf) shatter(t *testing.T) error {
	_, err := s.store.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{}}})
	return err
}

// halts fails unless a process comes to make no more changes, says why, says it once, and goes on to be read.
func (s *shelf) halts(t *testing.T, said *diary, why string, stored int) {
	t.Helper()
	until(t, "the process says that it has stopped", func() error {
		if err := s.store.Ready(); err == nil || !strings.Contains(err.Error(), why) {
			return fmt.Errorf("it says %v", err)
		}
		return nil
	})
	if _, err := s.add(t.Context(), "after", "after"); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), why) {
		t.Errorf("a change after the panic: %v", err)
	}
	if got := s.all(t); len(got) != stored {
		t.Errorf("%d are read after the panic, want %d", len(got), stored)
	}
	if n := strings.Count(said.String(), "no more changes are made here"); n != 1 || !strings.Contains(said.String(), "stack=") {
		t.Errorf("the log says it %d times:\n%s", n, said)
	}
}

// A panic outside of the change that it happens at ends the making of changes in this process, and nothing else.
func TestPanicHaltsTheStore(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		said := new(diary)
		o := store.Options{Dir: t.TempDir(), Logger: logger(said)}
		s := open(t, o, fragile(true))
		if _, err := s.add(t.Context(), "a", "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.shatter(t); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("the change that nobody could be told of: %v", err)
		}
		s.halts(t, said, "told to", 1)
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, o, fragile(false))
		if at, err := again.add(t.Context(), "b", "b"); err != nil || at != 3 {
			t.Errorf("after a restart the next change is at %d, %v; want 3", at, err)
		}
	})
	t.Run("cluster", func(t *testing.T) {
		c := natstest.Start(t)
		said := new(diary)
		o := store.Options{Dir: t.TempDir(), Logger: logger(said), Cluster: &store.Cluster{URL: c.URL()}}
		s := open(t, o, fragile(true))
		other := open(t, store.Options{Dir: t.TempDir(), Cluster: o.Cluster}, fragile(false))
		if _, err := s.add(t.Context(), "a", "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.shatter(t); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("the change that nobody could be told of: %v", err)
		}
		s.halts(t, said, "told to", 1)
		if _, err := other.add(t.Context(), "b", "b"); err != nil {
			t.Errorf("a change of another process: %v", err)
		}
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		same(t, other, open(t, o, fragile(false)))
	})
	t.Run("snapshots", func(t *testing.T) {
		c := natstest.Start(t)
		said := new(diary)
		s := open(t, store.Options{Dir: t.TempDir(), Logger: logger(said), Cluster: store.Cluster{URL: c.URL()}.Never()})
		s.halts(t, said, "panic: ", 0)
	})
}
