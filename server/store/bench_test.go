package store_test

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

func BenchmarkDo(b *testing.B) {
	benchmarkDo(b, func(b *testing.B) []*shelf { return []*shelf{opened(b, store.Options{Dir: b.TempDir()})} })
}

// BenchmarkCluster has two processes of a cluster, and its three servers, in one.
func BenchmarkCluster(b *testing.B) {
	c := natstest.Start(b)
	benchmarkDo(b, func(b *testing.B) []*shelf {
		c.Clear()
		to := &store.Cluster{URL: c.URL()}
		return []*shelf{opened(b, store.Options{Dir: b.TempDir(), Cluster: to}), opened(b, store.Options{Dir: b.TempDir(), Cluster: to})}
	})
}

func opened(b *testing.B, o store.Options) *shelf {
	b.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	st := store.New(o)
	s := newShelf(st)
	if err := st.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return s
}

func benchmarkDo(b *testing.B, open func(*testing.B) []*shelf) {
	for _, writers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			processes := open(b)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				s := processes[w%len(processes)]
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if _, err := s.add(b.Context(), fmt.Sprintf("%016d", i), "The lot at the trailhead is full"); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}
