package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"routeguide/server/store"
)

// A backend is one place where records are kept, empty at first. Its open may be called again after the store was closed.
type backend struct {
	open func(t *testing.T) *store.Store
}

// suite is what holds for every kind of store.
func suite(t *testing.T, newBackend func(t *testing.T) backend) {
	for name, test := range map[string]func(*testing.T, backend){
		"Order":          testOrder,
		"Several":        testSeveral,
		"Newest":         testNewest,
		"Through":        testThrough,
		"ReadStops":      testReadStops,
		"Last":           testLast,
		"Expect":         testExpect,
		"ExpectRace":     testExpectRace,
		"Duplicates":     testDuplicates,
		"RetryOfExpect":  testRetryOfExpect,
		"MixedGroup":     testMixedGroup,
		"Canceled":       testCanceled,
		"Sizes":          testSizes,
		"Subjects":       testSubjects,
		"Reopen":         testReopen,
		"Closed":         testClosed,
		"Follow":         testFollow,
		"FollowTwice":    testFollowTwice,
		"FollowSlow":     testFollowSlow,
		"FollowClose":    testFollowClose,
		"FollowProperty": testFollowProperty,
	} {
		t.Run(name, func(t *testing.T) { test(t, newBackend(t)) })
	}
}

func TestEmbedded(t *testing.T) {
	suite(t, func(t *testing.T) backend {
		dir := t.TempDir()
		return backend{open: func(t *testing.T) *store.Store { return open(t, store.Options{Dir: dir}) }}
	})
}

// quick is less than appends go on for when nobody answers them.
const quick = 15 * time.Second

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func notes(t testing.TB, s *store.Store) *store.Log {
	t.Helper()
	l, err := s.Log(t.Context(), "NOTES", "n.>")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(subject, text string) store.Entry {
	return store.Entry{Subject: subject, Data: []byte(text)}
}

func add(t testing.TB, l *store.Log, entries ...store.Entry) (seqs []uint64) {
	t.Helper()
	for _, e := range entries {
		seq, err := l.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, seq)
	}
	return seqs
}

// addAll appends concurrently, with so many callers.
func addAll(t testing.TB, l *store.Log, callers, n int, entry func(i int) store.Entry) {
	t.Helper()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := c; i < n; i += callers {
				if _, err := l.Append(t.Context(), entry(i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func read(t testing.TB, l *store.Log, q store.Query) (recs []store.Record) {
	t.Helper()
	for rec, err := range l.Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, rec)
	}
	return recs
}

func subjects(s ...string) store.Query { return store.Query{Subjects: s} }

// show makes records comparable and readable.
func show(recs []store.Record) string {
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintf(&b, "%d %s %s %q\n", r.Seq, r.Subject, r.ID, r.Data)
	}
	return b.String()
}

func same(t testing.TB, what string, got, want []store.Record) {
	t.Helper()
	if show(got) != show(want) {
		t.Fatalf("%s:\n%swant\n%s", what, show(got), show(want))
	}
}

func seqs(recs []store.Record) (s []uint64) {
	for _, r := range recs {
		s = append(s, r.Seq)
	}
	return s
}

func testOrder(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	if got := read(t, l, subjects("n.>")); len(got) > 0 {
		t.Fatalf("a new log has %d records", len(got))
	}
	if end, err := l.End(t.Context()); end != 0 || err != nil {
		t.Fatalf("a new log ends at %d, %v", end, err)
	}
	got := add(t, l, store.Entry{Subject: "n.a", ID: "w", Data: []byte("one")},
		store.Entry{Subject: "n.b", ID: "x", Data: []byte("two")}, store.Entry{Subject: "n.a", ID: "y"})
	if !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Fatalf("appended as %v", got)
	}
	same(t, "all", read(t, l, subjects("n.>")), []store.Record{
		{Seq: 1, Subject: "n.a", ID: "w", Data: []byte("one")}, {Seq: 2, Subject: "n.b", ID: "x", Data: []byte("two")}, {Seq: 3, Subject: "n.a", ID: "y", Data: nil},
	})
	if end, err := l.End(t.Context()); end != 3 || err != nil {
		t.Fatalf("the log ends at %d, %v", end, err)
	}
}

// fill appends 1,500 records to thirty subjects n.<0…2>.<0…29>, several pages of them, and returns the log.
func fill(t *testing.T, l *store.Log) []store.Record {
	t.Helper()
	addAll(t, l, 300, 1500, func(i int) store.Entry {
		return entry(fmt.Sprintf("n.%d.%d", i%30/10, i%30), fmt.Sprint(i))
	})
	return read(t, l, subjects("n.>"))
}

// pick is Read done as plainly as can be.
func pick(log []store.Record, q store.Query) (recs []store.Record) {
	pattern := strings.NewReplacer(".", `\.`, "*", `[^.]+`, ">", `.+`).Replace(strings.Join(q.Subjects, "|"))
	wanted := regexp.MustCompile("^(" + pattern + ")$")
	for _, rec := range log {
		if wanted.MatchString(rec.Subject) && rec.Seq > q.After && (q.Through == 0 || rec.Seq <= q.Through) &&
			(q.Match == nil || q.Match(rec.Subject)) {
			recs = append(recs, rec)
		}
	}
	if q.Newest > 0 {
		recs = recs[max(0, len(recs)-q.Newest):]
	}
	return recs
}

func testSeveral(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	all := fill(t, l)
	if len(all) != 1500 {
		t.Fatalf("%d records", len(all))
	}
	for i, rec := range all {
		if rec.Seq != uint64(i+1) {
			t.Fatalf("record %d has sequence %d", i, rec.Seq)
		}
	}
	odd := func(s string) bool { return strings.HasSuffix(s, "1") }
	for name, q := range map[string]store.Query{
		"a cell":                        subjects("n.1.>"),
		"filters that overlap":          subjects("n.1.>", "n.*.12", "n.1.12"),
		"two places and an empty one":   subjects("n.2.27", "n.0.3", "n.9"),
		"some of two cells, in between": {Subjects: []string{"n.0.>", "n.2.>"}, Match: odd, After: 250, Through: 1250},
	} {
		same(t, name, read(t, l, q), pick(all, q))
	}
}

func testNewest(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	fill(t, l)
	// A place written at one end of the log only, and a rare one.
	addAll(t, l, 100, 1000, func(i int) store.Entry { return entry("n.0.late", fmt.Sprint(i)) })
	add(t, l, entry("n.7.x", "once"))
	all := read(t, l, subjects("n.>"))
	for range 30 {
		q := store.Query{Newest: 1 + rand.IntN(400)}
		for range 1 + rand.IntN(3) {
			q.Subjects = append(q.Subjects, []string{"n.>", "n.0.>", "n.1.*", "n.2.25", "n.0.late", "n.7.x", "n.none"}[rand.IntN(7)])
		}
		if rand.IntN(2) == 0 {
			q.After = rand.Uint64N(2501)
		}
		if rand.IntN(2) == 0 {
			q.Through = q.After + 1 + rand.Uint64N(2500)
		}
		if rand.IntN(2) == 0 {
			q.Match = func(s string) bool { return strings.Contains(s, "1") || strings.HasSuffix(s, "x") }
		}
		same(t, fmt.Sprintf("%+v", q), read(t, l, q), pick(all, q))
	}
}

func testThrough(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	add(t, l, entry("n.a", "1"), entry("n.b", "2"), entry("n.a", "3"), entry("n.a", "4"))
	for _, c := range []struct {
		after, through uint64
		want           []uint64
	}{
		{0, 0, []uint64{1, 3, 4}}, {0, 2, []uint64{1}}, {1, 3, []uint64{3}}, {3, 0, []uint64{4}}, {4, 0, nil}, {9, 0, nil}, {0, 99, []uint64{1, 3, 4}},
		{3, 2, nil},
	} {
		got := seqs(read(t, l, store.Query{Subjects: []string{"n.a"}, After: c.after, Through: c.through}))
		if !slices.Equal(got, c.want) {
			t.Errorf("after %d through %d: %v, want %v", c.after, c.through, got, c.want)
		}
	}
}

func testReadStops(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	fill(t, l)
	n := 0
	for _, err := range l.Read(t.Context(), subjects("n.>")) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 200 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range l.Read(ctx, subjects("n.>")) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a canceled read ends with %v", last)
	}
	for _, err := range l.Read(t.Context(), store.Query{}) {
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("a read of nothing: %v", err)
		}
	}
}

func testLast(t *testing.T, b backend) {
	l := notes(t, b.open(t))
	if _, ok, err := l.Last(t.Context(), "n.a"); ok || err != nil {
		t.Fatal(ok, err)
	}
	add(t, l, entry("n.a", "1"), store.Entry{Subject: "n.a", ID: "x", Data: []byte("2")}, entry("n.b", "3"))
	rec, ok, err := l.Last(t.Context(), "n.a")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	same(t, "last", []store.Record{rec}, []store.Record{{Seq: 2, Subject: "n.a", ID: "x", Data: []byte("2")}})
}

func testReopen(t *testing.T, b backend) {
	s := b.open(t)
	l := notes(t, s)
	fill(t, l)
	add(t, l, store.Entry{Subject: "n.x", ID: "once", Data: []byte("before")})
	before := read(t, l, subjects("n.>"))
	if again := notes(t, s); again != l {
		t.Error("one name, two logs")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = b.open(t)
	l = notes(t, s)
	same(t, "after reopening", read(t, l, subjects("n.>")), before)
	if got := add(t, l, store.Entry{Subject: "n.x", ID: "once", Data: []byte("again")}, entry("n.a", "next")); !slices.Equal(got, []uint64{1501, 1502}) {
		t.Errorf("appended as %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.open(t).Log(t.Context(), "NOTES", "other.>"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("opened for other subjects: %v", err)
	}
}

func testClosed(t *testing.T, b backend) {
	s := b.open(t)
	l := notes(t, s)
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	f := l.Follow(10)
	defer f.Close()
	f.Subject("n.a")
	// Callers that wait are failed, whatever has become of their entry.
	var wg sync.WaitGroup
	started := make(chan struct{}, 100)
	for range 100 {
		wg.Go(func() {
			for {
				_, err := l.Append(t.Context(), entry("n.b", "x"))
				select {
				case started <- struct{}{}:
				default:
				}
				if errors.Is(err, store.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("append while closing: %v", err)
					return
				}
			}
		})
	}
	for range 100 {
		<-started
	}
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if d := time.Since(begin); d > quick {
		t.Errorf("closing took %v", d)
	}
	<-f.Ready()
	if _, err := f.Take(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("take: %v", err)
	}
	late := l.Follow(1)
	<-late.Ready()
	if _, err := late.Take(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("take of a late follower: %v", err)
	}
	for _, err := range l.Read(t.Context(), subjects("n.b")) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("read: %v", err)
		}
	}
	if _, _, err := l.Last(t.Context(), "n.b"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("last: %v", err)
	}
	if _, err := s.Log(t.Context(), "X", "x"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("log: %v", err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("ready: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
