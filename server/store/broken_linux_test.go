package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestSyncAlways holds what durability stands on.
func TestSyncAlways(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if c := s.engine.(*embedded).running().JetStreamConfig(); !c.SyncAlways {
		t.Errorf("the server syncs every %v", c.SyncInterval)
	}
}

// A blind engine does not look whether there is room, until its eyes are opened.
type blind struct {
	engine
	opened atomic.Bool
}

func (b *blind) room(size, used int64) error {
	if !b.opened.Load() {
		return nil
	}
	return b.engine.room(size, used)
}

// TestWriteError has the server run into a full disk, as it would into a broken one, behind the back of what keeps it from
// that. It answers nothing then; appends must fail all the same, say why, and lose nothing that was acknowledged. Once
// there is room it goes on by itself.
func TestWriteError(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Logf("a write error was not tried, for want of a file system to fill: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s, l := openWith(t, Options{Dir: filepath.Join(dir, "data")})
	f := l.Follow(100)
	defer f.Close()
	f.Subject("n.a")
	eyes := &blind{engine: s.engine}
	l.appender.engine = eyes // before it is used for the first time
	acknowledged := make(map[string]bool)
	entry := func(i int) Entry { return Entry{Subject: "n.a", ID: fmt.Sprint(i), Data: make([]byte, MaxData)} }
	var failed int
	for failed = 0; len(acknowledged) == failed; failed++ {
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second) // longer than one attempt may wait for its answer
		_, err := l.Append(ctx, entry(failed))
		cancel()
		if err == nil {
			acknowledged[fmt.Sprint(failed)] = true
		} else if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
			t.Errorf("append: %v", err)
		}
	}
	if len(acknowledged) < 5 || len(acknowledged) >= 16 {
		t.Errorf("%d records in 16 megabytes", len(acknowledged))
	}
	if err := s.Ready(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	eyes.opened.Store(true)
	if _, err := l.Append(t.Context(), entry(100)); !errors.Is(err, ErrFull) {
		t.Errorf("append: %v", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{failed - 1, 100} { // the first may be there already
		if _, err := l.Append(t.Context(), entry(i)); err != nil {
			t.Fatal(err)
		}
		acknowledged[fmt.Sprint(i)] = true
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready after room was made: %v", err)
	}
	found := make(map[string]int)
	var all []uint64
	for rec, err := range l.Read(t.Context(), Query{Subjects: []string{"n.a"}}) {
		if err != nil {
			t.Fatal(err)
		}
		found[rec.ID]++
		all = append(all, rec.Seq)
	}
	for id := range acknowledged {
		if found[id] != 1 {
			t.Errorf("%s is there %d times", id, found[id])
		}
	}
	if got := queued(t, f, len(all)); !slices.Equal(got, all) {
		t.Errorf("followed %v, want %v", got, all)
	}
}
