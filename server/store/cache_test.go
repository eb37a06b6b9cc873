package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestCache reads subjects in all the ways there are while they are written to, out of caches that are too small, just
// large enough and larger, and compares that with what is stored.
func TestCache(t *testing.T) {
	for _, size := range []int{2 << 10, 50 << 10, 16 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			_, l := openWith(t, Options{Dir: t.TempDir(), CacheBytes: size})
			const subjects = 20
			var writing, reading sync.WaitGroup
			stop := make(chan struct{})
			for range 20 {
				writing.Go(func() {
					for range 100 {
						e := Entry{Subject: fmt.Sprint("n.", rand.IntN(subjects)), Data: bytes.Repeat([]byte("x"), rand.IntN(200))}
						if _, err := l.Append(t.Context(), e); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for range 2 {
				reading.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						compareWithStored(t, l, fmt.Sprint("n.", rand.IntN(subjects+1)))
					}
				})
			}
			writing.Wait()
			close(stop)
			reading.Wait()
			for range 500 {
				compareWithStored(t, l, fmt.Sprint("n.", rand.IntN(subjects+1)))
			}
			checkCache(t, l.cache)
		})
	}
}

func compareWithStored(t *testing.T, l *Log, subject string) {
	end := l.end.Load()
	if end == 0 {
		return
	}
	q := Query{Subjects: []string{subject}, After: rand.Uint64N(2) * rand.Uint64N(end), Through: end, Newest: rand.IntN(2) * rand.IntN(50)}
	if rand.IntN(3) == 0 {
		q.Through = 1 + rand.Uint64N(end)
	}
	var want []uint64
	err := l.readStored(t.Context(), q, func(rec Record) bool {
		want = append(want, rec.Seq)
		return true
	})
	if err != nil {
		t.Error(err)
	}
	var got []uint64
	for rec, err := range l.Read(t.Context(), q) {
		if err != nil || rec.Subject != subject {
			t.Errorf("%+v, %v", rec, err)
		}
		got = append(got, rec.Seq)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v: got %v, want %v", q, got, want)
	}
}

// checkCache counts what is in a cache.
func checkCache(t *testing.T, c *cache) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for _, element := range c.entries {
		e := element.Value.(*cached)
		sum := entryBytes + len(e.subject)
		for _, rec := range e.recs {
			sum += sizeOfRecord(rec)
		}
		if sum != e.bytes || sum > c.max/subjectShare+entryBytes {
			t.Errorf("%s has %d bytes, and says %d", e.subject, sum, e.bytes)
		}
		total += sum
	}
	if total != c.bytes || total > c.max || len(c.entries) != c.used.Len() {
		t.Errorf("%d bytes in %d entries, and it says %d in %d; there is room for %d", total, len(c.entries), c.bytes, c.used.Len(), c.max)
	}
}

// TestCacheHits reads a place again and again: once from the files, with what is written in the meantime.
func TestCacheHits(t *testing.T) {
	l := openNotes(t)
	f := l.Follow(10)
	defer f.Close()
	f.Subject("n.1")
	appendN(t, l, 10)
	queued(t, f, 5)
	q := Query{Subjects: []string{"n.1"}}
	for n := 5; n < 15; n++ {
		recs := collect(t, l, q)
		if len(recs) != n {
			t.Fatalf("%d records, want %d", len(recs), n)
		}
		appendN(t, l, 2)
		queued(t, f, 1) // until then it is not in the cache
		if got, ok, known := l.cache.get(cacheKey{"NOTES", "n.1"}, Query{Through: uint64(2*n + 2)}); !ok || !known || len(got) != n+1 {
			t.Fatalf("the cache has %d records, %v, %v; want %d", len(got), ok, known, n+1)
		}
	}
}

func collect(t *testing.T, l *Log, q Query) (recs []Record) {
	t.Helper()
	for rec, err := range l.Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, rec)
	}
	return recs
}
