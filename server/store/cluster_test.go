package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

// streamName is that of the cluster's stream, as operators know it.
const streamName = "ROUTEGUIDE"

// hash returns one of all rows of all tables.
func (s *shelf) hash(t *testing.T) string {
	t.Helper()
	sum := sha256.New()
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		for table, err := range tx.Query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
			if err != nil {
				return err
			}
			var columns []string
			for column, err := range tx.Query("SELECT name FROM pragma_table_info(?)", table.Text(0)) {
				if err != nil {
					return err
				}
				columns = append(columns, fmt.Sprintf("quote(%q)", column.Text(0)))
			}
			fmt.Fprintln(sum, table.Text(0), columns)
			for row, err := range tx.Query(fmt.Sprintf("SELECT %s FROM %q ORDER BY 1", strings.Join(columns, "||','||"), table.Text(0))) {
				if err != nil {
					return err
				}
				fmt.Fprintln(sum, row.Text(0))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// same fails unless all processes come to the position of the first, with the same rows.
func same(t *testing.T, processes ...*shelf) {
	t.Helper()
	at := uint64(0)
	for _, p := range processes {
		at = max(at, p.store.Position())
	}
	want := ""
	for i, p := range processes {
		p.await(t, at)
		if got := p.hash(t); want == "" {
			want = got
		} else if got != want {
			t.Errorf("the rows of process %d differ: %d of %d", i, len(p.all(t)), len(processes[0].all(t)))
		}
	}
}

func until(t *testing.T, what string, done func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(natstest.Patience); ; <-tick.C {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting until %s: %v", what, err)
		}
	}
}

func (s *shelf) await(t *testing.T, position uint64) {
	t.Helper()
	until(t, fmt.Sprint("position ", position), func() error {
		if at := s.store.Position(); at < position {
			return fmt.Errorf("it is at %d, %v", at, s.store.Ready())
		}
		return nil
	})
}

func (s *shelf) awaitReady(t *testing.T) {
	t.Helper()
	until(t, "the process is ready", s.store.Ready)
}

// writers write to processes until they are stopped, each change until it was made.
type writers struct {
	running sync.WaitGroup
	stop    chan struct{}
	made    atomic.Int64
}

func write(t *testing.T, name string, each int, processes ...*shelf) *writers {
	w := &writers{stop: make(chan struct{})}
	for p, process := range processes {
		for i := range each {
			w.running.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-w.stop:
						return
					default:
					}
					id := fmt.Sprint(name, ".", p, ".", i, ".", n)
					for {
						_, err := process.add(t.Context(), id, "text "+id)
						if err == nil {
							break
						}
						if !errors.Is(err, store.ErrUnavailable) {
							t.Errorf("%s: %v", id, err)
							return
						}
					}
					w.made.Add(1)
				}
			})
		}
	}
	t.Cleanup(func() {
		if w.stop != nil {
			w.end()
		}
	})
	return w
}

// more returns when so many more changes were made.
func (w *writers) more(t *testing.T, n int64) {
	t.Helper()
	goal := w.made.Load() + n
	until(t, "writers go on", func() error {
		if made := w.made.Load(); made < goal {
			return fmt.Errorf("%d of %d made", made, goal)
		}
		return nil
	})
}

// end stops the writers and returns how many changes were made.
func (w *writers) end() int {
	close(w.stop)
	w.running.Wait()
	w.stop = nil
	return int(w.made.Load())
}

func TestClusterFaults(t *testing.T) {
	c := natstest.Start(t)
	at := func() store.Options {
		return store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}}
	}
	processes := []*shelf{open(t, at()), open(t, at()), open(t, at())}
	w := write(t, "a", 8, processes...)
	w.more(t, 100)

	leader := c.Leader(streamName)
	c.Kill(leader)
	w.more(t, 100)
	c.Restart(leader)
	c.AwaitCurrent(streamName)

	leader = c.Leader(streamName)
	c.Cut(leader)
	w.more(t, 100)
	c.Join(leader)
	c.AwaitCurrent(streamName)
	w.more(t, 100)

	for i := range 3 {
		c.Kill(i)
	}
	for _, p := range processes {
		until(t, "a process without a cluster is not ready", func() error {
			if p.store.Ready() == nil {
				return errors.New("it is ready")
			}
			return nil
		})
		if len(p.all(t)) == 0 {
			t.Error("nothing can be read without the cluster")
		}
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, store.ErrUnavailable)
	if _, err := processes[0].add(ctx, "late", "not made"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change without the cluster: %v", err)
	}
	cancel()
	for i := range 3 {
		c.Restart(i)
	}
	w.more(t, 100)
	made := w.end()
	same(t, processes...)
	// The change that was given up may have been made, once.
	if stored := len(processes[0].all(t)); stored != made && stored != made+1 {
		t.Errorf("%d changes were made and %d are stored", made, stored)
	}
	for _, p := range processes {
		p.awaitReady(t)
	}
}

// A process that is connected to a server which is cut off from the others finds another one, although that server goes on
// answering.
func TestServerThatIsCutOff(t *testing.T) {
	c := natstest.Start(t)
	s := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
	w := write(t, "a", 8, s)
	w.more(t, 100)
	c.Cut(c.NodeOf("routeguide"))
	w.more(t, 100)
	if made := w.end(); len(s.all(t)) != made {
		t.Errorf("%d changes were made and %d are stored", made, len(s.all(t)))
	}
}

// A cursor that one process gave is good at another one, which waits until it is there.
func TestCursorOfAnotherProcess(t *testing.T) {
	c := natstest.Start(t)
	one := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
	two := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
	for i := range 50 {
		id := fmt.Sprint(i)
		at, err := one.add(t.Context(), id, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := two.store.Await(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if all := two.all(t); len(all) != i+1 || all[i] != (text{at, id}) {
			t.Fatalf("the other process has %v", all)
		}
	}
}

// One server that is no cluster will do, with one replica; more are refused with what to do about it.
func TestSingleServer(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	three := store.New(store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: s.ClientURL()}})
	if err := three.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "-nats-replicas") {
		t.Errorf("three replicas on one server: %v", err)
	}
	one := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: s.ClientURL(), Replicas: 1}})
	two := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: s.ClientURL(), Replicas: 1}})
	if _, err := one.add(t.Context(), "a", "a"); err != nil {
		t.Fatal(err)
	}
	same(t, one, two)
}

// The file of one machine, of another cluster or of an earlier stream joins no cluster, and that of a cluster is not used
// alone.
func TestFileThatBelongsElsewhere(t *testing.T) {
	c := natstest.Start(t)
	refused := func(o store.Options) {
		t.Helper()
		st := store.New(o)
		newShelf(st)
		err := st.Open(t.Context())
		if !errors.Is(err, store.ErrElsewhere) {
			t.Errorf("opened: %v", err)
		}
	}
	used := func(o store.Options) {
		t.Helper()
		s := open(t, o)
		if _, err := s.add(t.Context(), "a", "a"); err != nil {
			t.Fatal(err)
		}
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	alone := store.Options{Dir: t.TempDir()}
	used(alone)
	alone.Cluster = &store.Cluster{URL: c.URL()}
	refused(alone)
	member := store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}}
	used(member)
	refused(store.Options{Dir: member.Dir})
	used(member)
	c.Clear()
	refused(member)
}

// What a newer version or somebody else puts into the stream is not passed over: the process says so and stops.
func TestMessageThatCannotBeApplied(t *testing.T) {
	newer := []byte("\x0a\x01x\x10\x01\x1a\x04\xa2\x06\x01x") // a batch with a change of field 100
	for name, data := range map[string][]byte{"newer": newer, "malformed": []byte("\xff"), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			c := natstest.Start(t)
			s := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
			if _, err := s.add(t.Context(), "a", "a"); err != nil {
				t.Fatal(err)
			}
			before := s.store.Position()
			info, err := c.Stream(streamName)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.JetStream().Publish(t.Context(), info.Config.Subjects[0], data); err != nil {
				t.Fatal(err)
			}
			until(t, "the process says that it has stopped", func() error {
				if err := s.store.Ready(); err == nil || !strings.Contains(err.Error(), "message 2") {
					return fmt.Errorf("it says %v", err)
				}
				return nil
			})
			if _, err := s.add(t.Context(), "b", "b"); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a change after that: %v", err)
			}
			if len(s.all(t)) != 1 || s.store.Position() != before {
				t.Errorf("stored %v, at %d", s.all(t), s.store.Position())
			}
		})
	}
}

// snapshots returns the messages that there are snapshots of.
func snapshots(t *testing.T, c *natstest.Cluster) (names []string) {
	t.Helper()
	bucket, err := c.JetStream().ObjectStore(t.Context(), "routeguide")
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	objects, err := bucket.List(t.Context())
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		t.Fatal(err)
	}
	for _, o := range objects {
		names = append(names, o.Name)
	}
	return names
}
