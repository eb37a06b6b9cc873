package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"routeguide/server/store"
)

// TestFullDisk fills the file system around the store and makes room again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Logf("a full disk was not tried, for want of a file system to fill: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, store.Options{Dir: filepath.Join(dir, "data")})
	l := notes(t, s)
	add(t, l, entry("n.a", "before"))
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := l.Append(t.Context(), entry("n.a", "full")); !errors.Is(err, store.ErrFull) {
			t.Fatalf("append: %v", err)
		}
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Errorf("ready: %v", err)
	}
	if err := errors.Join(f.Close(), os.Remove(ballast)); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready after room was made: %v", err)
	}
	add(t, l, entry("n.a", "after"))
	// The store fills the rest by itself, in big groups.
	done := make(chan error)
	stored := 2
	for range 40 {
		go func() {
			_, err := l.Append(t.Context(), store.Entry{Subject: "n.b", Data: make([]byte, 1<<20)})
			done <- err
		}()
	}
	for range 40 {
		if err := <-done; err == nil {
			stored++
		} else if !errors.Is(err, store.ErrFull) {
			t.Errorf("append: %v", err)
		}
	}
	if got := len(read(t, l, subjects("n.>"))); got != stored {
		t.Errorf("%d of %d records", got, stored)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(read(t, notes(t, open(t, store.Options{Dir: filepath.Join(dir, "data")})), subjects("n.>"))); got != stored {
		t.Errorf("%d of %d records after reopening", got, stored)
	}
}
