package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"routeguide/server/store"
)

const frame = 24 + page

// A leftover is what a process that was killed leaves behind.
type leftover struct {
	file, log       []byte
	newer, newerLog []byte // of a newer version
	ends            []int  // the size of the log after each change
}

// log returns the files of a store in use, as a kill would leave them, after n changes that each were one transaction.
func log(t *testing.T, n int) (l leftover) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, store.FileName)
	s := open(t, store.Options{Dir: dir})
	for i := range n {
		if _, err := s.add(t.Context(), fmt.Sprint("id ", i), fmt.Sprint("text ", i)); err != nil {
			t.Fatal(err)
		}
		l.ends = append(l.ends, len(read(t, file+"-wal")))
	}
	l.file, l.log = read(t, file), read(t, file+"-wal")
	foreign(t, file, "UPDATE book SET version = 99")
	l.newer, l.newerLog = read(t, file), read(t, file+"-wal")
	return l
}

// stored opens what is left and returns how many texts it has, which are the first that were written.
func (l leftover) stored(t *testing.T, log []byte) (int, error) {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, store.FileName), l.file)
	put(t, filepath.Join(dir, store.FileName+"-wal"), log)
	s, err := tryOpen(t, dir)
	if err != nil {
		return 0, err
	}
	all := s.all(t)
	for i, got := range all {
		if got.text != fmt.Sprint("text ", i) {
			t.Errorf("text %d is %v", i, got)
		}
	}
	return len(all), s.store.Close()
}

// A log may end anywhere: that is a transaction which was never told to be stored.
func TestTornLog(t *testing.T) {
	const changes = 12
	l := log(t, changes)
	for size := len(l.log); size >= 0; size -= 1031 {
		want := 0
		for _, end := range l.ends {
			if size >= end {
				want++
			}
		}
		if size < l.ends[0] && len(l.file) == 0 {
			break
		}
		if got, err := l.stored(t, l.log[:size]); err != nil || got != want {
			t.Errorf("cut at %d of %d: %d texts, %v; want %d", size, len(l.log), got, err, want)
		}
	}
	// A power cut may leave any part of the last transaction unwritten.
	last := l.ends[changes-2]
	for at := last; at < len(l.log); at += 197 {
		torn := bytes.Clone(l.log)
		clear(torn[at:min(at+512, len(torn))])
		if got, err := l.stored(t, torn); err != nil || got < changes-1 {
			t.Errorf("torn at %d of %d: %d texts, %v; want %d", at, len(l.log), got, err, changes-1)
		}
	}
}

// A later store has gone on after a torn transaction, and what it wrote lies over the rest of that.
func TestLogOverATornOne(t *testing.T) {
	l := log(t, 8)
	for _, back := range []int{1, 2, 3} {
		at := len(l.log) - back*frame
		torn := flip(l.log, 8*(at+1000))
		dir := t.TempDir()
		put(t, filepath.Join(dir, store.FileName), l.file)
		put(t, filepath.Join(dir, store.FileName+"-wal"), torn)
		s, err := tryOpen(t, dir)
		if err != nil && back*frame > len(l.log)-l.ends[len(l.ends)-2] {
			continue // more than the last transaction
		} else if err != nil {
			t.Fatalf("torn %d frames before the end: %v", back, err)
		}
		var last leftover
		for i := range 3 {
			if _, err := s.add(t.Context(), fmt.Sprint("later ", i), "later"); err != nil {
				t.Fatal(err)
			}
			last.file = read(t, filepath.Join(dir, store.FileName))
			last.log = read(t, filepath.Join(dir, store.FileName+"-wal"))
			other := t.TempDir()
			put(t, filepath.Join(other, store.FileName), last.file)
			put(t, filepath.Join(other, store.FileName+"-wal"), last.log)
			if again, err := tryOpen(t, other); err != nil {
				t.Errorf("torn %d frames before the end, %d changes later: %v", back, i+1, err)
			} else if got := len(again.all(t)); got != 7+i+1 {
				t.Errorf("torn %d frames before the end, %d changes later: %d texts", back, i+1, got)
			}
		}
	}
}

// One flipped bit anywhere in a log costs nothing that was stored: it is one of the last transaction, or the start is refused.
func TestFlippedBitInTheLog(t *testing.T) {
	const changes = 6
	l := log(t, changes)
	refused := 0
	for at := 0; at < len(l.log); at++ {
		if in := (at - 32) % frame; at > 32 && in > 24 && in%1021 != 0 {
			continue // every byte of headers, some of pages
		}
		got, err := l.stored(t, flip(l.log, 8*at+at%8))
		switch {
		case err == nil && got >= changes-1:
		case errors.Is(err, store.ErrDamaged) && strings.Contains(err.Error(), store.FileName+"-wal is damaged after byte"):
			refused++
		default:
			t.Errorf("byte %d of %d, the last change begins at %d: %d texts, %v", at, len(l.log), l.ends[changes-2], got, err)
		}
	}
	if refused < 100 {
		t.Errorf("%d were refused", refused)
	}
}
