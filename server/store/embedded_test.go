package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"routeguide/server/store"
	"routeguide/server/store/storetest"
)

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "below")
	s := open(t, store.Options{Dir: dir})
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory's mode is %v, %v", info.Mode(), err)
	}
	checkLocked(t, dir, os.Getpid())
	add(t, notes(t, s), entry("n.a", "still works"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, notes(t, open(t, store.Options{Dir: dir})), subjects("n.>")); len(got) != 1 {
		t.Errorf("%d records", len(got))
	}
}

func TestDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, strange, filepath.Join(file, "below"), "/proc/nowhere"} {
		s, err := store.Open(t.Context(), store.Options{Dir: dir})
		if err == nil {
			t.Errorf("opened %q", dir)
			s.Close()
		} else if !strings.Contains(err.Error(), fmt.Sprintf("%q", dir)) {
			t.Errorf("%q is not in %q", dir, err)
		} else {
			t.Log(err)
		}
	}
}

// TestMaxBytes fills a store to its limit and opens it again with a higher and a lower one.
func TestMaxBytes(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir, MaxBytes: 4 << 20})
	l := notes(t, s)
	stored := 0
	for full := false; !full; {
		_, err := l.Append(t.Context(), store.Entry{Subject: "n.a", Data: make([]byte, 100<<10)})
		switch full = errors.Is(err, store.ErrFull); {
		case full:
		case err != nil:
			t.Fatal(err)
		default:
			stored++
		}
		if stored > 50 {
			t.Fatal("five megabytes in four")
		}
	}
	if stored < 35 {
		t.Errorf("full after %d records", stored)
	}
	// A group of many is refused as a whole.
	addAllFull := func() {
		done := make(chan error)
		for range 300 {
			go func() {
				_, err := l.Append(t.Context(), store.Entry{Subject: "n.b", Data: make([]byte, 100<<10)})
				done <- err
			}()
		}
		for range 300 {
			if err := <-done; !errors.Is(err, store.ErrFull) {
				t.Errorf("append to a full store: %v", err)
			}
		}
	}
	addAllFull()
	if got := len(read(t, l, subjects("n.>"))); got != stored {
		t.Errorf("%d of %d records", got, stored)
	}
	for _, c := range []struct {
		max  int64
		want error
	}{{1 << 20, store.ErrFull}, {16 << 20, nil}, {0, nil}} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, store.Options{Dir: dir, MaxBytes: c.max})
		l = notes(t, s)
		if got := len(read(t, l, subjects("n.a"))); got != stored {
			t.Errorf("limit %d: %d of %d records", c.max, got, stored)
		}
		if err := s.Ready(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("limit %d: ready says %v", c.max, err)
		}
		if _, err := l.Append(t.Context(), entry("n.c", "x")); !errors.Is(err, c.want) {
			t.Errorf("limit %d: %v", c.max, err)
		}
	}
}

// TestGoroutines leaves nothing running.
func TestGoroutines(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	l := notes(t, s)
	f := l.Follow(10)
	f.Subject("n.a")
	addAll(t, l, 100, 100, func(int) store.Entry { return entry("n.a", "x") })
	for _, err := range l.Read(t.Context(), subjects("n.a")) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(storetest.Patience); ; <-tick.C {
		left := running()
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
	}
}

// running returns the stacks of the store's goroutines and those of NATS.
func running() (stacks []string) {
	buf := make([]byte, 8<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(stack, "testing.tRunner") &&
			(strings.Contains(stack, "nats-io/") || strings.Contains(stack, "server/store")) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
