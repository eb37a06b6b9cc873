package store

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"
	"time"

	"routeguide/server/store/storetest"
)

// TestFade has a log that keeps its records for a few seconds, and then one that keeps them for ever again.
func TestFade(t *testing.T) {
	var said bytes.Buffer
	o := Options{Dir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelError}))}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	l, err := s.openLog(t.Context(), 4*time.Second, "NOTES", []string{"n.>"})
	if err != nil {
		t.Fatal(err)
	}
	appendN(t, l, 10)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(storetest.Patience); ; <-tick.C {
		if n, err := l.Count(t.Context(), "n.1"); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d records, %v", n, err)
		} else if n == 0 {
			break
		}
	}
	f := l.Follow(10)
	defer f.Close()
	f.Subject("n.0")
	appendN(t, l, 1)
	if got := queued(t, f, 1); got[0] != 11 {
		t.Errorf("followed %v", got)
	}
	if end, err := l.End(t.Context()); end != 11 || err != nil {
		t.Errorf("the log ends at %d, %v", end, err)
	}
	if _, ok, err := l.Last(t.Context(), "n.1"); ok || err != nil {
		t.Errorf("last: %v, %v", ok, err)
	}
	l.close()
	if l, err = s.openLog(t.Context(), 0, "NOTES", []string{"n.>"}); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if said.Len() > 0 {
		t.Errorf("said %s", &said)
	}
	if info := l.stream.CachedInfo(); info.Config.MaxAge != 0 || info.Config.Duplicates != duplicates {
		t.Errorf("records are kept for %v and IDs for %v", info.Config.MaxAge, info.Config.Duplicates)
	}
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		fades      bool
		first, end uint64
		deleted    []uint64
		want       [][2]uint64
	}{
		{false, 0, 0, []uint64{0}, nil},
		{false, 1, 10, nil, nil},
		{false, 3, 10, nil, [][2]uint64{{1, 2}}},
		{false, 11, 10, nil, [][2]uint64{{1, 10}}},
		{false, 3, 10, []uint64{5, 6, 8}, [][2]uint64{{1, 2}, {5, 6}, {8, 8}}},
		{true, 3, 10, nil, nil},
		{true, 3, 10, []uint64{4, 5}, [][2]uint64{{4, 5}}},
	} {
		if got := missing(c.fades, c.first, c.end, c.deleted); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v are missing", c, got)
		}
	}
}
