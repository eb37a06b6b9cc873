package store_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

var randomChanges = flag.Int("changes", 100_000, "random changes that TestSameRows applies")

// kinds make random changes of a kind each.
var kinds = []func(*rand.Rand) *logv1.Change{contactItem}

// contactItem is a new item, one that was there before, one that is refused or one that panics.
func contactItem(r *rand.Rand) *logv1.Change {
	item := &logv1.ContactItem{Id: binary.BigEndian.AppendUint64(nil, r.Uint64N(50_000)), Time: r.Int64(), Text: fmt.Sprint("text ", r.Uint64())}
	switch r.IntN(10_000) {
	case 0, 1, 2:
		item.Text = "rude"
	case 3:
		item.Text = "panic"
	}
	return &logv1.Change{Book: &logv1.Change_Contact{Contact: &logv1.ContactChange{Kind: &logv1.ContactChange_Item{Item: item}}}}
}

// Processes have the same rows after the same changes, whether they apply them as they are made, later, or begin from a
// snapshot in the middle.
func TestSameRows(t *testing.T) {
	c := natstest.Start(t)
	to := store.Cluster{URL: c.URL()}
	live := open(t, store.Options{Dir: t.TempDir(), Cluster: &to})
	later := store.Options{Dir: t.TempDir(), Cluster: &to}
	if err := open(t, later).store.Close(); err != nil { // it has begun, and so it needs no snapshot
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	next := make(chan *logv1.Change)
	var running sync.WaitGroup
	defer running.Wait()
	defer close(next)
	var waiting atomic.Int64
	for range 1024 {
		running.Go(func() {
			for change := range next {
				_, _ = live.store.Do(t.Context(), change) // some are refused
				waiting.Add(-1)
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	half := func() {
		for range *randomChanges / 2 {
			waiting.Add(1)
			next <- kinds[r.IntN(len(kinds))](r)
		}
		until(t, "all changes are made", func() error {
			if n := waiting.Load(); n > 0 {
				return fmt.Errorf("%d are not", n)
			}
			return nil
		})
	}
	half()
	maker := open(t, store.Options{Dir: t.TempDir(), Cluster: to.Often(1, time.Hour)})
	until(t, "there is a snapshot", func() error {
		if len(snapshots(t, c)) == 0 {
			return fmt.Errorf("there is none: %v", maker.store.Ready())
		}
		return nil
	})
	if err := maker.store.Close(); err != nil {
		t.Fatal(err)
	}
	half()
	if at := live.store.Position(); at != uint64(*randomChanges) {
		t.Errorf("%d of %d changes were made", at, *randomChanges)
	}
	if info, err := c.Stream(streamName); err != nil || info.State.FirstSeq != 1 {
		t.Fatalf("the stream was cut: %v", err)
	}
	same(t, live, open(t, later), open(t, store.Options{Dir: t.TempDir(), Cluster: &to}))
}
