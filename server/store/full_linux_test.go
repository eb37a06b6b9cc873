package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"routeguide/server/store"
)

// A disk fills up around the store, and gets room again; then the store fills it by itself.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Logf("a full disk was not tried, for want of a file system to fill: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	o := store.Options{Dir: filepath.Join(dir, "data")}
	s := open(t, o)
	ballast := filepath.Join(dir, "ballast")
	big := strings.Repeat("x", 1<<18)
	stored := 0
	// add returns what a text comes to that is written until the store has an answer for good.
	add := func(want error) {
		t.Helper()
		until := time.Now().Add(time.Minute)
		for {
			_, err := s.add(t.Context(), fmt.Sprint(stored), big)
			if err == nil {
				stored++
			} else if !errors.Is(err, store.ErrFull) {
				t.Fatal(err)
			}
			if errors.Is(err, want) {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("the store still answers %v, not %v", err, want)
			}
		}
	}
	add(nil)
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 1<<16))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	add(store.ErrFull)
	if err := s.store.Ready(); !errors.Is(err, store.ErrFull) {
		t.Errorf("ready: %v", err)
	}
	if got := len(s.all(t)); got != stored {
		t.Errorf("%d of %d texts can be read", got, stored)
	}
	if err := errors.Join(f.Close(), os.Remove(ballast)); err != nil {
		t.Fatal(err)
	}
	add(nil)
	if err := s.store.Ready(); err != nil {
		t.Errorf("ready after room was made: %v", err)
	}
	var wg sync.WaitGroup
	var more atomic.Int64
	for i := range 80 {
		wg.Go(func() {
			if _, err := s.add(t.Context(), fmt.Sprint("more ", i), big); err == nil {
				more.Add(1)
			} else if !errors.Is(err, store.ErrFull) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stored += int(more.Load()); stored >= 64 {
		t.Errorf("%d texts of 256 KiB are on a disk of 16 MiB", stored)
	}
	if got := len(s.all(t)); got != stored {
		t.Errorf("%d of %d texts", got, stored)
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(open(t, o).all(t)); got != stored {
		t.Errorf("%d of %d texts after a restart", got, stored)
	}
}
