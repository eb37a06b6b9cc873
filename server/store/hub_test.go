package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"routeguide/server/store/storetest"
)

func openNotes(t *testing.T) *Log {
	t.Helper()
	_, l := openWith(t, Options{Dir: t.TempDir()})
	return l
}

func openWith(t *testing.T, o Options) (*Store, *Log) {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := s.Log(t.Context(), "NOTES", "n.>")
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func appendN(t *testing.T, l *Log, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), Entry{Subject: fmt.Sprintf("n.%d", i%2)}); err != nil {
			t.Fatal(err)
		}
	}
}

// queued waits for n records and returns their sequences.
func queued(t *testing.T, f *Follower, n int) (seqs []uint64) {
	t.Helper()
	for len(seqs) < n {
		select {
		case <-f.Ready():
		case <-time.After(storetest.Patience):
			t.Fatalf("got %v", seqs)
		}
		recs, err := f.Take()
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			seqs = append(seqs, rec.Seq)
		}
	}
	return seqs
}

// TestFeedGap has the consumer leave records out and bring some twice, as one that starts anew may.
func TestFeedGap(t *testing.T) {
	l := openNotes(t)
	l.hub.cancel()
	<-l.hub.done
	appendN(t, l, 9)
	f, odd := l.Follow(20), l.Follow(20)
	defer f.Close()
	defer odd.Close()
	f.Match(func(string) bool { return true })
	odd.Subject("n.1")
	for _, seq := range []uint64{4, 2, 4, 5, 9, 9, 1} {
		l.hub.feed(Record{Seq: seq, Subject: fmt.Sprintf("n.%d", (seq-1)%2)})
	}
	if got := queued(t, f, 9); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("got %v", got)
	}
	if got := queued(t, odd, 4); !slices.Equal(got, []uint64{2, 4, 6, 8}) {
		t.Errorf("got %v", got)
	}
}

// TestConsumerLost deletes the hub's consumer under it.
func TestConsumerLost(t *testing.T) {
	l := openNotes(t)
	f := l.Follow(100)
	defer f.Close()
	f.Match(func(string) bool { return true })
	appendN(t, l, 3)
	got := queued(t, f, 3)
	names := l.stream.ConsumerNames(t.Context())
	for name := range names.Name() {
		if err := l.stream.DeleteConsumer(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	appendN(t, l, 5)
	if got = append(got, queued(t, f, 5)...); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("got %v", got)
	}
}
