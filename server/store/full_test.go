package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"routeguide/server/store"
)

// A store that has as much as it may have takes only what makes room, also after a restart, and goes on when there is room.
func TestMaxBytes(t *testing.T) {
	o := store.Options{Dir: t.TempDir(), MaxBytes: 1 << 20}
	s := open(t, o)
	stored := 0
	fill := func() (err error) {
		for i := 0; err == nil && i < 1000; i++ {
			if _, err = s.add(t.Context(), fmt.Sprint(stored), strings.Repeat("x", 4096)); err == nil {
				stored++
			}
		}
		return err
	}
	if err := fill(); !errors.Is(err, store.ErrFull) || stored < 100 || stored > 256 {
		t.Fatalf("after %d texts: %v", stored, err)
	}
	if err := s.store.Ready(); !errors.Is(err, store.ErrFull) {
		t.Errorf("ready: %v", err)
	}
	if got := len(s.all(t)); got != stored {
		t.Errorf("%d texts, want %d", got, stored)
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	before := stored
	if err := fill(); !errors.Is(err, store.ErrFull) || stored != before {
		t.Errorf("after a restart it takes %d more: %v", stored-before, err)
	}
	if _, err := s.add(t.Context(), "", "forget all"); err != nil {
		t.Fatalf("what makes room: %v", err)
	}
	if err := s.store.Ready(); err != nil {
		t.Errorf("ready after room was made: %v", err)
	}
	stored = 0
	if err := fill(); !errors.Is(err, store.ErrFull) || stored < 100 {
		t.Errorf("after room was made %d texts: %v", stored, err)
	}
}
