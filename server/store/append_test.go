package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"routeguide/server/store"
)

func expect(seq uint64) *uint64 { return &seq }

func testExpect(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	one := add(t, l, store.Entry{Subject: "n.a", Expect: expect(0)})[0]
	add(t, l, entry("n.b", "between"))
	for _, wrong := range []uint64{0, one + 1, one + 100} {
		if _, err := l.Append(t.Context(), store.Entry{Subject: "n.a", Expect: expect(wrong)}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("expecting %d: %v", wrong, err)
		}
	}
	if _, err := l.Append(t.Context(), store.Entry{Subject: "n.c", Expect: expect(5)}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("expecting a record where there is none: %v", err)
	}
	add(t, l, store.Entry{Subject: "n.a", Expect: expect(one)})
}

// testExpectRace has many writers add to one counter each, provided that nobody else has in the meantime.
func testExpectRace(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	const writers, wins = 12, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for won := 0; won < wins; {
				last, _, err := l.Last(t.Context(), "n.counter")
				if err != nil {
					t.Error(err)
					return
				}
				_, err = l.Append(t.Context(), store.Entry{
					Subject: "n.counter", Data: fmt.Append(nil, last.Seq), ID: fmt.Sprint(w, "-", last.Seq), Expect: expect(last.Seq),
				})
				switch {
				case err == nil:
					won++
				case !errors.Is(err, store.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
		// Traffic beside it makes for groups of all sizes.
		wg.Go(func() {
			for range wins {
				if _, err := l.Append(t.Context(), entry(fmt.Sprintf("n.w%d", w), "x")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	recs := read(t, l, subjects("n.counter"))
	if len(recs) != writers*wins {
		t.Fatalf("%d records", len(recs))
	}
	var before uint64
	for _, rec := range recs {
		if string(rec.Data) != fmt.Sprint(before) {
			t.Fatalf("record %d follows %s instead of %d", rec.Seq, rec.Data, before)
		}
		before = rec.Seq
	}
}

func testDuplicates(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	first := add(t, l, store.Entry{Subject: "n.a", ID: "x", Data: []byte("first")})[0]
	add(t, l, entry("n.a", "between"))
	if again := add(t, l, store.Entry{Subject: "n.a", ID: "x", Data: []byte("again")})[0]; again != first {
		t.Errorf("stored as %d, then as %d", first, again)
	}
	// Each of 200 entries is appended by three callers at once.
	var mu sync.Mutex
	got := make(map[string]map[uint64]int)
	addAllGet(t, l, 600, func(i int) store.Entry {
		id := fmt.Sprint("d", i%200)
		return store.Entry{Subject: "n." + id, ID: id}
	}, func(e store.Entry, seq uint64) {
		mu.Lock()
		defer mu.Unlock()
		if got[e.ID] == nil {
			got[e.ID] = make(map[uint64]int)
		}
		got[e.ID][seq]++
	})
	for id, bySeq := range got {
		recs := read(t, l, subjects("n."+id))
		if len(recs) != 1 || len(bySeq) != 1 || bySeq[recs[0].Seq] != 3 {
			t.Fatalf("%s is stored as %s and was acknowledged as %v", id, show(recs), bySeq)
		}
	}
}

// addAllGet appends n entries, all at once.
func addAllGet(t *testing.T, l *store.Log, n int, entry func(i int) store.Entry, got func(store.Entry, uint64)) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			e := entry(i)
			seq, err := l.Append(t.Context(), e)
			if err != nil {
				t.Errorf("%s: %v", e.ID, err)
				return
			}
			got(e, seq)
		})
	}
	wg.Wait()
}

// testRetryOfExpect appends an entry again that was stored, but whose caller does not know that.
func testRetryOfExpect(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	zero := add(t, l, entry("n.a", "zero"))[0]
	e := store.Entry{Subject: "n.a", ID: "one", Expect: expect(zero)}
	one := add(t, l, e)[0]
	if again := add(t, l, e)[0]; again != one {
		t.Errorf("stored as %d, then as %d", one, again)
	}
	add(t, l, entry("n.a", "two"))
	if again := add(t, l, e)[0]; again != one {
		t.Errorf("stored as %d, then, behind another, as %d", one, again)
	}
	e.ID = "other"
	if _, err := l.Append(t.Context(), e); !errors.Is(err, store.ErrConflict) {
		t.Errorf("another entry: %v", err)
	}
}

// testMixedGroup has entries that cannot be stored among many that can, all at once.
func testMixedGroup(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	first := add(t, l, store.Entry{Subject: "n.dup", ID: "dup"})[0]
	var wg sync.WaitGroup
	var conflicts, stored atomic.Int64
	for i := range 900 {
		wg.Go(func() {
			switch i % 100 {
			case 7:
				if seq, err := l.Append(t.Context(), store.Entry{Subject: "n.dup", ID: "dup"}); seq != first || err != nil {
					t.Errorf("duplicate: %d, %v", seq, err)
				}
			case 50:
				if _, err := l.Append(t.Context(), store.Entry{Subject: "n.dup", Expect: expect(99999)}); errors.Is(err, store.ErrConflict) {
					conflicts.Add(1)
				}
			default:
				seq, err := l.Append(t.Context(), entry(fmt.Sprintf("n.%d", i), fmt.Sprint(i)))
				if err != nil {
					t.Errorf("entry %d: %v", i, err)
					return
				}
				stored.Add(1)
				if recs := read(t, l, store.Query{Subjects: []string{fmt.Sprintf("n.%d", i)}, After: seq - 1, Through: seq}); len(recs) != 1 || string(recs[0].Data) != fmt.Sprint(i) {
					t.Errorf("entry %d is not record %d", i, seq)
				}
			}
		})
	}
	wg.Wait()
	if conflicts.Load() != 9 || stored.Load() != 882 {
		t.Errorf("%d conflicts, %d stored", conflicts.Load(), stored.Load())
	}
	if recs := read(t, l, subjects("n.>")); len(recs) != 883 {
		t.Errorf("%d records", len(recs))
	}
}

// testCanceled ends the callers' contexts in the middle of writing and has them try again.
func testCanceled(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	done, end := context.WithCancel(t.Context())
	end()
	if _, err := l.Append(done, entry("n.a", "never")); !errors.Is(err, context.Canceled) {
		t.Errorf("append with an ended context: %v", err)
	}
	const callers = 500
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var count atomic.Int64
	for i := range callers {
		e := store.Entry{Subject: "n.b", ID: fmt.Sprint(i), Data: fmt.Append(nil, i)}
		wg.Go(func() {
			if count.Add(1) == callers/2 {
				cancel()
			}
			_, err := l.Append(ctx, e)
			if errors.Is(err, context.Canceled) {
				_, err = l.Append(t.Context(), e)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ids := make(map[string]bool)
	for _, rec := range read(t, l, subjects("n.>")) {
		ids[rec.ID] = true
	}
	if n := len(read(t, l, subjects("n.>"))); n != callers || len(ids) != callers {
		t.Errorf("%d records with %d IDs", n, len(ids))
	}
}

func testSizes(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	const count = 8 // more than go together
	addAll(t, l, count, count, func(i int) store.Entry {
		return store.Entry{Subject: "n.big", ID: strings.Repeat(string(rune('a'+i)), 512), Data: bytes.Repeat([]byte{byte(i)}, store.MaxData)}
	})
	recs := read(t, l, subjects("n.big"))
	for _, rec := range recs {
		if len(rec.Data) != store.MaxData || rec.Data[0] != rec.Data[store.MaxData-1] || rec.ID[0] != 'a'+rec.Data[0] {
			t.Fatalf("record %d is damaged", rec.Seq)
		}
	}
	if len(recs) != count {
		t.Errorf("%d records", len(recs))
	}
	if _, err := l.Append(t.Context(), store.Entry{Subject: "n.big", Data: make([]byte, store.MaxData+1)}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("one byte more: %v", err)
	}
	got := read(t, l, store.Query{Subjects: []string{"n.big"}, Newest: 3})
	same(t, "newest", got, recs[count-3:])
}

func testSubjects(t *testing.T, b backend) {
	s := b.open(t)
	l := notes(t, s)
	for _, subject := range []string{
		"", "n", "m.a", "n.", ".n", "n..a", "n.*", "n.>", "n.a>b", "n.a b", "n.a\tb", "n.a\r\nb", "n.\x00", "n.\xff", "$JS.API.INFO",
		"n." + strings.Repeat("x", 600),
	} {
		if _, err := l.Append(t.Context(), entry(subject, "")); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
	for _, id := range []string{" ", "a b", "a\r\nNats-Rollup: all", strings.Repeat("x", 513)} {
		if _, err := l.Append(t.Context(), store.Entry{Subject: "n.a", ID: id}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("ID %q: %v", id, err)
		}
	}
	odd := []string{"n.a", "n.-1_2", "n.é.0f", "n.$x:y", "n." + strings.Repeat("x", 510)}
	for _, subject := range odd {
		add(t, l, entry(subject, subject))
		if recs := read(t, l, subjects(subject)); len(recs) != 1 || recs[0].Subject != subject {
			t.Errorf("%q is stored as %s", subject, show(recs))
		}
	}
	two, err := s.Log(t.Context(), "TWO", "a.*.c", "b")
	if err != nil {
		t.Fatal(err)
	}
	add(t, two, entry("a.x.c", ""), entry("b", ""))
	for _, subject := range []string{"a.c", "a.x.c.d", "a.x.d", "b.c", "n.a"} {
		if _, err := two.Append(t.Context(), entry(subject, "")); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
	if got := len(read(t, two, subjects(">"))); got != 2 {
		t.Errorf("%d records", got)
	}
}
