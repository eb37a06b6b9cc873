package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/lab/leaktest"
	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

// shelf is a book of texts, each stored once.
type shelf struct {
	store *store.Store

	mu        sync.Mutex
	followers map[*store.Follower[text]]struct{}
}

type text struct {
	position uint64
	text     string
}

var errRude = errors.New("rude")

func newShelf(st *store.Store) *shelf {
	s := &shelf{store: st, followers: make(map[*store.Follower[text]]struct{})}
	st.Register(store.Book{
		Name:   "contact",
		Schema: []string{"CREATE TABLE text(position INTEGER PRIMARY KEY, id BLOB UNIQUE, text TEXT)"},
		Apply:  s.apply, Committed: s.committed, Load: s.load,
		Frees: func(c *logv1.Change) bool { return c.GetContact().GetItem().GetText() == "forget all" },
	})
	return s
}

func (s *shelf) apply(tx *store.Tx, change *logv1.Change) (any, error) {
	item := change.GetContact().GetItem()
	switch item.Text {
	case "rude":
		return nil, errRude
	case "forget all":
		return tx.Position(), tx.Exec("DELETE FROM text")
	case "panic":
		if err := tx.Exec("INSERT INTO text VALUES(?, ?, ?)", tx.Position(), item.Id, item.Text); err != nil {
			return nil, err
		}
		panic("told to")
	}
	position := tx.Position()
	known, err := tx.First(func(r store.Row) { position = uint64(r.Int(0)) }, "SELECT position FROM text WHERE id = ?", item.Id)
	if known || err != nil {
		return position, err
	}
	return position, tx.Exec("INSERT INTO text VALUES(?, ?, ?)", position, item.Id, item.Text)
}

func (s *shelf) load(*store.Tx) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.followers {
		f.End(store.ErrSlow)
	}
	clear(s.followers)
	return nil
}

func (s *shelf) committed(events []store.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if e.Result != e.Position {
			continue // it was there already
		}
		for f := range s.followers {
			f.Offer(text{e.Position, e.Change.GetContact().GetItem().Text})
		}
	}
}

func (s *shelf) follow(limit int) *store.Follower[text] {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := store.NewFollower[text](limit)
	s.followers[f] = struct{}{}
	return f
}

func (s *shelf) add(ctx context.Context, id, what string) (uint64, error) {
	e, err := s.store.Do(ctx, &logv1.Change{Book: &logv1.Change_Contact{Contact: &logv1.ContactChange{
		Kind: &logv1.ContactChange_Item{Item: &logv1.ContactItem{Id: []byte(id), Text: what}},
	}}})
	if err != nil {
		return 0, err
	}
	return e.Result.(uint64), nil
}

func (s *shelf) page(tx *store.Tx, after, through uint64) (page []text, next uint64, err error) {
	for row, err := range tx.Query("SELECT position, text FROM text WHERE position > ? AND position <= ? ORDER BY position LIMIT 10", after, through) {
		if err != nil {
			return nil, 0, err
		}
		page = append(page, text{uint64(row.Int(0)), row.Text(1)})
	}
	if len(page) == 10 {
		return page, page[9].position, nil
	}
	return page, through, nil
}

func (s *shelf) all(t *testing.T) (all []text) {
	t.Helper()
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		for after := uint64(0); after < tx.Position(); {
			page, next, err := s.page(tx, after, tx.Position())
			if err != nil {
				return err
			}
			all, after = append(all, page...), next
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// open opens a store with a shelf and other books.
func open(t *testing.T, o store.Options, books ...func(*store.Store)) *shelf {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	st := store.New(o)
	s := newShelf(st)
	for _, register := range books {
		register(st)
	}
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestStore runs what a store promises on one machine and on a cluster.
func TestStore(t *testing.T) {
	cases := map[string]func(*testing.T, store.Options){
		"ChangesAreMadeOnceAndInOrder": changesAreMadeOnceAndInOrder,
		"ManyWritersAndFollowers":      manyWritersAndFollowers,
		"SlowFollowerIsCutOff":         slowFollowerIsCutOff,
		"PositionBeyondTheNewest":      positionBeyondTheNewest,
		"TwoProcessesAtOneDirectory":   twoProcessesAtOneDirectory,
	}
	t.Run("alone", func(t *testing.T) {
		for name, f := range cases {
			t.Run(name, func(t *testing.T) { f(t, store.Options{Dir: t.TempDir()}) })
		}
	})
	t.Run("cluster", func(t *testing.T) {
		c := natstest.Start(t)
		for name, f := range cases {
			t.Run(name, func(t *testing.T) {
				t.Cleanup(c.Clear)
				f(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
			})
		}
	})
}

func changesAreMadeOnceAndInOrder(t *testing.T, o store.Options) {
	s := open(t, o)
	for i := range 25 {
		if at, err := s.add(t.Context(), fmt.Sprint(i), fmt.Sprint("text ", i)); err != nil || at != uint64(i+1) {
			t.Fatalf("change %d is at %d, %v", i, at, err)
		}
	}
	if at, err := s.add(t.Context(), "7", "text 7"); err != nil || at != 8 {
		t.Errorf("the same change again is at %d, %v; want 8", at, err)
	}
	if _, err := s.add(t.Context(), "x", "rude"); !errors.Is(err, errRude) {
		t.Errorf("a refused change: %v", err)
	}
	if _, err := s.add(t.Context(), "y", "panic"); err == nil {
		t.Error("a change that panics is made")
	}
	if _, err := s.add(t.Context(), "7", "panic"); err == nil { // it writes what is there already
		t.Error("a change that the tables do not take is made")
	}
	if got := s.all(t); len(got) != 25 || got[24] != (text{25, "text 24"}) {
		t.Errorf("stored %v", got)
	}
	before := s.store.Position()
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.add(t.Context(), "z", "late"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	again := open(t, o)
	if err := again.store.Await(t.Context(), before); err != nil { // a process of a cluster may learn of it later
		t.Fatal(err)
	}
	if got := again.all(t); len(got) != 25 || again.store.Position() != before {
		t.Errorf("after a restart %d are stored at position %d, want 25 at %d", len(got), again.store.Position(), before)
	}
}

// Many write at once, some of them what is refused or panics: each has its own outcome, and whoever followed from the
// beginning is told all, once, in order.
func manyWritersAndFollowers(t *testing.T, o store.Options) {
	const writers, each = 16, 40
	s := open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg, readers sync.WaitGroup
	told := make([][]text, 4)
	for i := range told {
		readers.Go(func() {
			f := s.follow(writers * each)
			from := store.Source[text]{Page: s.page, At: func(t text) uint64 { return t.position }}
			err := store.Follow(ctx, s.store, from, 0, f, func(t text) error {
				if told[i] = append(told[i], t); len(told[i]) == writers*each {
					return context.Canceled
				}
				return nil
			}, func(uint64) error { return nil })
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.add(t.Context(), fmt.Sprint(w, ".", i), "fine"); err != nil {
					t.Error(err)
				}
				if i%10 == 3 {
					if _, err := s.add(t.Context(), "", "rude"); !errors.Is(err, errRude) {
						t.Error(err)
					}
					if _, err := s.add(t.Context(), "", "panic"); err == nil || errors.Is(err, errRude) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	done := make(chan struct{})
	go func() { readers.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("the followers were not told all")
	}
	cancel()
	<-done
	want := s.all(t)
	for i, got := range told {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("follower %d was told %d, want %d", i, len(got), len(want))
		}
	}
}

func slowFollowerIsCutOff(t *testing.T, o store.Options) {
	s := open(t, o)
	f := s.follow(3)
	for i := range 5 {
		if _, err := s.add(t.Context(), fmt.Sprint(i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.Take(); len(got) != 3 || !errors.Is(err, store.ErrSlow) {
		t.Errorf("took %v, %v", got, err)
	}
}

func positionBeyondTheNewest(t *testing.T, o store.Options) {
	s := open(t, o)
	if err := s.store.Await(t.Context(), 1); !errors.Is(err, store.ErrBeyond) {
		t.Errorf("Await = %v", err)
	}
}

func twoProcessesAtOneDirectory(t *testing.T, o store.Options) {
	open(t, o)
	other := store.New(o)
	newShelf(other)
	if err := other.Open(t.Context()); !errors.Is(err, store.ErrLocked) {
		t.Errorf("the second: %v", err)
	}
}
