package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"routeguide/server/store"
	"routeguide/server/store/storetest"
)

// take waits until a follower has n records or has ended.
func take(t testing.TB, f *store.Follower, n int) (recs []store.Record, err error) {
	t.Helper()
	for len(recs) < n && err == nil {
		select {
		case <-f.Ready():
		case <-time.After(storetest.Patience):
			t.Fatalf("%d of %d records:\n%s", len(recs), n, show(recs))
		}
		var more []store.Record
		more, err = f.Take()
		recs = append(recs, more...)
	}
	return recs, err
}

func testFollow(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	add(t, l, entry("n.a", "before"))
	f := l.Follow(100)
	defer f.Close()
	from := f.Subject("n.a")
	add(t, l, entry("n.b", "not followed"), entry("n.a", "1"), entry("n.b", "nor this"), entry("n.a", "2"))
	past := read(t, l, store.Query{Subjects: []string{"n.a"}, Through: from})
	live, err := take(t, f, 3-len(past))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "history and live", append(past, live...), read(t, l, subjects("n.a")))
}

// testFollowTwice wants the same records in several ways.
func testFollowTwice(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	f := l.Follow(100)
	defer f.Close()
	from := f.Subject("n.a")
	add(t, l, entry("n.a", "1"))
	first, err := take(t, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	if again := f.Subject("n.a"); again != from {
		t.Errorf("followed from %d, then from %d", from, again)
	}
	f.Match(func(s string) bool { return strings.HasPrefix(s, "n.a") })
	f.Match(func(s string) bool { return strings.HasSuffix(s, "a") })
	add(t, l, entry("n.a", "2"), entry("n.ab", "3"), entry("n.ba", "4"), entry("n.b", "5"), entry("n.a", "6"))
	rest, err := take(t, f, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := seqs(append(first, rest...)); !slices.Equal(got, []uint64{1, 2, 3, 4, 6}) {
		t.Errorf("got %v", got)
	}
}

func testFollowSlow(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	slow, quick := l.Follow(3), l.Follow(1000)
	defer slow.Close()
	defer quick.Close()
	slow.Match(func(string) bool { return true })
	quick.Subject("n.a")
	addAll(t, l, 50, 200, func(i int) store.Entry { return entry("n.a", fmt.Sprint(i)) })
	all, err := take(t, quick, 200)
	if err != nil {
		t.Fatal(err)
	}
	got, err := take(t, slow, 100)
	if !errors.Is(err, store.ErrSlow) {
		t.Errorf("take: %v", err)
	}
	same(t, "what was queued before", got, all[:3])
	if recs, err := slow.Take(); len(recs) > 0 || !errors.Is(err, store.ErrSlow) {
		t.Errorf("take again: %d records, %v", len(recs), err)
	}
	cursor := got[len(got)-1].Seq
	same(t, "from the cursor", read(t, l, store.Query{Subjects: []string{"n.a"}, After: cursor}), all[3:])
}

func testFollowClose(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	gone, witness := l.Follow(10), l.Follow(10)
	defer witness.Close()
	gone.Subject("n.a")
	gone.Match(func(string) bool { return true })
	witness.Subject("n.a")
	gone.Close()
	gone.Close()
	gone.Subject("n.b")
	add(t, l, entry("n.a", ""))
	if _, err := take(t, witness, 1); err != nil {
		t.Fatal(err)
	}
	if recs, err := gone.Take(); len(recs) > 0 || !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed follower has %d records, %v", len(recs), err)
	}
}

// testFollowProperty has followers join at any time while many write: what each reads up to where it joined and what comes
// after that is the log, in order, nothing missed and nothing twice.
func testFollowProperty(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	const writers, each, followers, places = 16, 100, 40, 6
	var written atomic.Int64
	after := make([]chan struct{}, writers*each+1) // closed when so many have been written
	for i := range after {
		after[i] = make(chan struct{})
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := l.Append(t.Context(), entry(fmt.Sprintf("n.%d", (w+i)%places), fmt.Sprint(w, i))); err != nil {
					t.Error(err)
					return
				}
				close(after[written.Add(1)])
			}
		})
	}
	type view struct {
		wants func(subject string) bool
		recs  []store.Record
	}
	views := make([]view, followers)
	for i := range views {
		wg.Go(func() {
			<-after[1+rand.IntN(writers*each)]
			views[i].wants, views[i].recs = follow(t, l, rand.IntN(places), i%2 == 0, writers*each)
		})
	}
	wg.Wait()
	all := read(t, l, subjects("n.>"))
	for _, v := range views {
		var want []store.Record
		for _, rec := range all {
			if v.wants(rec.Subject) {
				want = append(want, rec)
			}
		}
		same(t, "a follower's view", v.recs, want)
	}
}

// follow reads and follows a place, or all places with matching numbers, until the log has n records and it has all of
// its own.
func follow(t *testing.T, l *store.Log, place int, single bool, n uint64) (wants func(string) bool, recs []store.Record) {
	f := l.Follow(int(n))
	defer f.Close()
	q := store.Query{Subjects: []string{fmt.Sprintf("n.%d", place)}}
	wants = func(s string) bool { return s == q.Subjects[0] }
	if single {
		q.Through = f.Subject(q.Subjects[0])
	} else {
		wants = func(s string) bool { return int(s[2]-'0')%3 == place%3 }
		q.Subjects, q.Match = []string{"n.>"}, wants
		q.Through = f.Match(wants)
	}
	if q.Through > 0 {
		for rec, err := range l.Read(t.Context(), q) {
			if err != nil {
				t.Error(err)
				return wants, nil
			}
			recs = append(recs, rec)
		}
	}
	all := l.Follow(int(n))
	for seen := all.Match(func(string) bool { return true }); seen < n; {
		<-all.Ready()
		more, err := all.Take()
		if err != nil {
			t.Error(err)
			return wants, nil
		}
		seen += uint64(len(more))
	}
	// The log's last record is being handed out, and nobody leaves before every follower has it.
	all.Close()
	live, err := f.Take()
	if err != nil {
		t.Error(err)
	}
	return wants, append(recs, live...)
}
