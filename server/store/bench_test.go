package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"routeguide/server/store"
)

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l := notes(b, open(b, store.Options{Dir: b.TempDir()}))
			b.ResetTimer()
			addAll(b, l, callers, b.N, note)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

const places = 10_000

// note is one of ten notes of each of 10,000 places: every other place has its notes one after the other, as in a
// conversation, and the rest have them spread over the log.
func note(i int) store.Entry {
	p := i % places
	if p%2 == 0 {
		p = i / 20 * 2 % places
	}
	return store.Entry{
		Subject: fmt.Sprintf("n.%02x.%04x.%d_%d", p%256, p, p, -p), ID: fmt.Sprint("note-", i), Data: make([]byte, 150),
	}
}

// filled returns a directory with a log of 100,000 records, ten of each place.
func filled(b *testing.B) string {
	dir := b.TempDir()
	s := open(b, store.Options{Dir: dir})
	addAll(b, notes(b, s), 1024, 10*places, note)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

func BenchmarkRead(b *testing.B) {
	l := notes(b, open(b, store.Options{Dir: filled(b)}))
	for _, c := range []struct {
		name  string
		place func(i int) int
	}{
		{"conversation", func(i int) int { return i * 2 % places }},
		{"spread", func(i int) int { return (i*2 + 1) % places }},
		{"same", func(int) int { return 1000 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				p := c.place(i * 7919)
				q := store.Query{Subjects: []string{fmt.Sprintf("n.%02x.%04x.%d_%d", p%256, p, p, -p)}, Newest: 1000}
				if n := len(read(b, l, q)); n != 10 {
					b.Fatalf("%d records", n)
				}
			}
		})
	}
	b.Run("cell/newest=100", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			q := store.Query{Subjects: []string{fmt.Sprintf("n.%02x.>", i%256)}, Newest: 100}
			if n := len(read(b, l, q)); n != 100 {
				b.Fatalf("%d records", n)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		n := 0
		for b.Loop() {
			for _, err := range l.Read(b.Context(), subjects("n.>")) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkFanOut measures from the acknowledgement of a record to the last of 1,000 followers that wait for it.
func BenchmarkFanOut(b *testing.B) {
	const followers = 1000
	l := notes(b, open(b, store.Options{Dir: b.TempDir()}))
	var wg, got sync.WaitGroup
	end := make(chan struct{})
	for range followers {
		f := l.Follow(16)
		defer f.Close()
		f.Subject("n.a")
		wg.Go(func() {
			for {
				select {
				case <-end:
					return
				case <-f.Ready():
				}
				recs, err := f.Take()
				if err != nil {
					b.Error(err)
					return
				}
				for range recs {
					got.Done()
				}
			}
		})
	}
	var times []time.Duration
	for b.Loop() {
		got.Add(followers)
		add(b, l, entry("n.a", "hello"))
		begin := time.Now()
		got.Wait()
		times = append(times, time.Since(begin))
	}
	close(end)
	wg.Wait()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "median-µs")
}

func BenchmarkOpen(b *testing.B) {
	dir := filled(b)
	for b.Loop() {
		s, err := store.Open(b.Context(), store.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		notes(b, s)
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
