package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"routeguide/server/store"
	"routeguide/server/store/storetest"
)

// A load is writers that go on until they are stopped, each adding to a counter of its own and leaving entries elsewhere.
type load struct {
	t    *testing.T
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu           sync.Mutex
	acknowledged map[string]uint64 // sequence by ID or, for those without one, by data
	more         chan struct{}     // receives after an entry was acknowledged
}

func startLoad(t *testing.T, writers int, logs ...*store.Log) *load {
	ctx, cancel := context.WithCancel(t.Context())
	w := &load{t: t, stop: cancel, acknowledged: make(map[string]uint64), more: make(chan struct{}, 1)}
	for i := range writers {
		l := logs[i%len(logs)]
		w.wg.Go(func() {
			var last uint64
			for n := 0; ctx.Err() == nil; n++ {
				text := fmt.Sprintf("%d-%d", i, n)
				e := store.Entry{Subject: fmt.Sprintf("n.place.%d", n%10), ID: text, Data: []byte(text)}
				switch n % 3 {
				case 1:
					e.ID = ""
				case 2:
					e.Subject, e.Expect = fmt.Sprintf("n.counter.%d", i), expect(last)
				}
				// Not the context that ends the load: what was begun is acknowledged, or has failed.
				seq, err := l.Append(t.Context(), e)
				if err != nil {
					t.Errorf("append %s: %v", text, err)
					return
				}
				if e.Expect != nil {
					last = seq
				}
				w.mu.Lock()
				w.acknowledged[text] = seq
				w.mu.Unlock()
				select {
				case w.more <- struct{}{}:
				default:
				}
			}
		})
	}
	t.Cleanup(w.end)
	return w
}

// await returns when n more entries have been acknowledged.
func (w *load) await(n int) {
	w.t.Helper()
	timeout := time.After(storetest.Patience)
	for goal := w.count() + n; w.count() < goal; {
		select {
		case <-w.more:
		case <-timeout:
			w.t.Fatal("the writers stand still")
		}
	}
}

func (w *load) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acknowledged)
}

func (w *load) end() {
	w.stop()
	w.wg.Wait()
}

// check compares what a log has with what was acknowledged.
func (w *load) check(l *store.Log) []store.Record {
	w.t.Helper()
	all := read(w.t, l, subjects("n.>"))
	found := make(map[string]uint64)
	for i, rec := range all {
		if rec.Seq != uint64(i+1) {
			w.t.Fatalf("record %d has sequence %d", i, rec.Seq)
		}
		if before, ok := found[string(rec.Data)]; ok {
			w.t.Errorf("%s is stored as %d and as %d", rec.Data, before, rec.Seq)
		}
		found[string(rec.Data)] = rec.Seq
	}
	for text, seq := range w.acknowledged {
		if found[text] != seq {
			w.t.Errorf("%s was acknowledged as %d and is %d", text, seq, found[text])
		}
	}
	w.t.Logf("%d acknowledged, %d found", len(w.acknowledged), len(all))
	return all
}

// TestClusterLeaderKilled kills the log's leader while two stores write to it, and follow it.
func TestClusterLeaderKilled(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	one, two := notes(t, openCluster(t, c.URL())), notes(t, openCluster(t, c.URL()))
	followers := []*store.Follower{one.Follow(1 << 20), two.Follow(1 << 20)}
	for _, f := range followers {
		defer f.Close()
		f.Match(func(string) bool { return true })
	}
	w := startLoad(t, 24, one, two)
	for range 2 {
		w.await(300)
		leader := c.Leader("NOTES")
		c.Kill(leader)
		begin := time.Now()
		w.await(300)
		t.Logf("went on %v after node %d was killed", time.Since(begin), leader)
		c.Restart(leader)
		c.AwaitCurrent("NOTES")
	}
	w.end()
	all := w.check(two)
	for _, f := range followers {
		got, err := take(t, f, len(all))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "followed", got, all)
	}
}

// TestClusterPartition cuts off the node that one of two stores is connected to. That store can neither write nor read
// what may be old; afterwards it has everything.
func TestClusterPartition(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	outside := notes(t, openCluster(t, c.URL()))
	add(t, outside, entry("n.a", "first"))
	leader := c.Leader("NOTES")
	s := openCluster(t, c.NodeURL(leader)) // the leader itself, which takes a while to learn that it is none any more
	inside := notes(t, s)
	f := inside.Follow(10000)
	defer f.Close()
	from := f.Subject("n.a")
	add(t, inside, entry("n.b", "second"))

	others := make([]string, 0, 2)
	for i := range 3 {
		if i != leader {
			others = append(others, c.NodeURL(i))
		}
	}
	outside = notes(t, openCluster(t, others[0]+","+others[1]))
	c.Cut(leader)
	late := store.Entry{Subject: "n.c", ID: "late", Data: []byte("once")}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := inside.Append(short, late); !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append on a node that is cut off: %v", err)
	}
	addAll(t, outside, 50, 1000, func(i int) store.Entry { return entry("n.a", fmt.Sprint(i)) })
	c.Await("a store that is cut off to say so", func() error {
		if err := s.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			return fmt.Errorf("ready says %v", err)
		}
		return nil
	})
	short, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if end, err := inside.End(short); err == nil {
		t.Errorf("on a node that is cut off the log ends at %d", end)
	}

	c.Join(leader)
	end, err := outside.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The node has yet to get what it missed.
	if got, err := inside.End(t.Context()); err != nil || got < end {
		t.Errorf("the log ends at %d or later, not at %d: %v", end, got, err)
	}
	want := read(t, outside, store.Query{Subjects: []string{"n.a"}, Through: end})
	same(t, "read afterwards", read(t, inside, store.Query{Subjects: []string{"n.a"}, Through: end}), want)
	if last, _, err := inside.Last(t.Context(), "n.a"); err != nil || last.Seq != want[len(want)-1].Seq {
		t.Errorf("last: %d, %v", last.Seq, err)
	}
	add(t, inside, late)
	got, err := take(t, f, 1000)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(want, func(rec store.Record) bool { return rec.Seq > from })
	same(t, "followed", got, want[i:])
	if again := read(t, outside, subjects("n.c")); len(again) != 1 {
		t.Errorf("appended twice with one ID and stored as\n%s", show(again))
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
}

// TestClusterAway has all nodes killed, and started again.
func TestClusterAway(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	s := openCluster(t, c.URL())
	l := notes(t, s)
	f := l.Follow(10)
	defer f.Close()
	f.Subject("n.a")
	add(t, l, entry("n.a", "before"))
	for i := range 3 {
		c.Kill(i)
	}
	short, cancel := context.WithTimeout(t.Context(), 8*time.Second) // longer than one attempt may wait for its answer
	defer cancel()
	e := store.Entry{Subject: "n.a", ID: "while", Data: []byte("while")}
	if _, err := l.Append(short, e); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("append without a cluster: %v", err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ready without a cluster: %v", err)
	}
	for i := range 3 {
		c.Restart(i)
	}
	c.Await("the store to be ready", func() error { return s.Ready(t.Context()) })
	add(t, l, e, entry("n.a", "after"))
	recs, err := take(t, f, 3)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "followed", recs, read(t, l, subjects("n.a")))
	if len(recs) != 3 {
		t.Errorf("%d records", len(recs))
	}
}

// TestClusterRefused asks for what a cluster cannot do.
func TestClusterRefused(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	var all sync.WaitGroup
	defer all.Wait()
	for name, o := range map[string]struct {
		store.Cluster
		said string
	}{
		"five replicas on three servers": {store.Cluster{URL: c.URL(), Replicas: 5}, "5 replicas are not possible: ask for fewer"},
		"no such file":                   {store.Cluster{URL: c.URL(), CA: "/nowhere/ca.pem"}, "/nowhere/ca.pem"},
		"a server without TLS":           {store.Cluster{URL: "tls" + c.NodeURL(0)[len("nats"):]}, "secure connection"},
		"nobody there":                   {store.Cluster{URL: "nats://127.0.0.1:1"}, "no servers available"},
	} {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			s, err := store.Open(ctx, store.Options{Cluster: &o.Cluster})
			if err == nil {
				_, err = s.Log(ctx, "NOTES", "n.>")
				err = errors.Join(err, s.Close())
			}
			if err == nil || !strings.Contains(err.Error(), o.said) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestClusterOpenedAtOnce has several processes make the log at the same time.
func TestClusterOpenedAtOnce(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	var wg sync.WaitGroup
	for i := range 5 {
		s := openCluster(t, c.URL())
		wg.Go(func() {
			l, err := s.Log(t.Context(), "NOTES", "n.>")
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := l.Append(t.Context(), entry("n.a", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := read(t, notes(t, openCluster(t, c.URL())), subjects("n.a")); len(got) != 5 {
		t.Errorf("%d records", len(got))
	}
}

// TestClusterClosed closes a store whose cluster is gone, with callers waiting: it is quick and leaves nothing running.
func TestClusterClosed(t *testing.T) {
	c := storetest.Start(t)
	before := len(ours())
	s := openCluster(t, c.URL())
	l := notes(t, s)
	f := l.Follow(10)
	f.Subject("n.a")
	add(t, l, entry("n.a", "before"))
	for i := range 3 {
		c.Kill(i)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := l.Append(t.Context(), entry("n.a", "while")); !errors.Is(err, store.ErrClosed) {
				t.Errorf("append: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := l.End(t.Context()); !errors.Is(err, store.ErrClosed) {
				t.Errorf("end: %v", err)
			}
		})
	}
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if d := time.Since(begin); d > quick {
		t.Errorf("closing took %v", d)
	}
	c.Await("all goroutines to end", func() error {
		if left := ours(); len(left) > before {
			return fmt.Errorf("%d are left:\n%s", len(left)-before, strings.Join(left, "\n\n"))
		}
		return nil
	})
}

// ours returns the stacks of stores and of NATS clients, but not those of its servers.
func ours() []string {
	return slices.DeleteFunc(running(), func(stack string) bool {
		return strings.Contains(stack, "nats-server") || strings.Contains(stack, "storetest")
	})
}
