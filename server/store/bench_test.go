package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"routeguide/server/store"
)

func BenchmarkDo(b *testing.B) {
	for _, writers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			st := store.New(store.Options{Dir: b.TempDir()})
			s := newShelf(st)
			if err := st.Open(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
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
