package feature_test

import (
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

// openBook opens the book of base whose edits are in dir, until the test ends or close is called.
func openBook(t testing.TB, dir string, base *feature.Index) (book *feature.Book, st *store.Store) {
	t.Helper()
	st = store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	book = feature.New(st, base)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return book, st
}

func put(t testing.TB, book *feature.Book, name string, p geo.Point) {
	t.Helper()
	if err := book.Put(t.Context(), feature.Feature{Name: name, Location: p}); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, book *feature.Book, p geo.Point) {
	t.Helper()
	if err := book.Delete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func names(seq iter.Seq[feature.Feature]) string {
	var names []string
	for f := range seq {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func TestEditsAreSeenAtOnceAndAfterARestart(t *testing.T) {
	at := func(lat, lng int32) geo.Point { return geo.Point{Lat: lat, Lng: lng} }
	base := newIndex(t, []feature.Feature{
		{Name: "c", Location: at(3, 3)}, {Name: "a", Location: at(1, 1)}, {Name: "a2", Location: at(1, 1)}, {Name: "b", Location: at(2, 2)},
	})
	dir := t.TempDir()
	book, st := openBook(t, dir, base)
	all := func(want string) {
		t.Helper()
		if got := names(book.In(geo.World)); got != want {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	all("c a a2 b")
	put(t, book, "A", at(1, 1)) // takes the place of both
	all("c b A")
	put(t, book, "z", at(0, 9))
	all("c b z A")
	remove(t, book, at(2, 2))
	remove(t, book, at(7, 7)) // where nothing is
	all("c z A")
	if f, ok := book.At(at(1, 1)); !ok || f.Name != "A" {
		t.Errorf("at the edited point is %v, %v", f, ok)
	}
	if f, ok := book.At(at(2, 2)); ok || f != (feature.Feature{}) {
		t.Errorf("at the deleted point is %v", f)
	}
	remove(t, book, at(0, 9))
	put(t, book, "b again", at(2, 2))
	put(t, book, "", at(1, 1))
	all("c  b again")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	book, _ = openBook(t, dir, base)
	all("c  b again")
	if f, ok := book.At(at(1, 1)); !ok || f.Location != at(1, 1) {
		t.Errorf("after the restart there is %v, %v at the edited point", f, ok)
	}
}

func TestEditsThatCannotBe(t *testing.T) {
	book, st := openBook(t, t.TempDir(), feature.Default())
	nowhere := geo.Point{Lat: 90e7 + 1}
	for _, err := range []error{
		book.Put(t.Context(), feature.Feature{Location: nowhere}),
		book.Put(t.Context(), feature.Feature{Name: strings.Repeat("x", 4097)}),
		book.Put(t.Context(), feature.Feature{Name: "\xff"}),
		book.Delete(t.Context(), nowhere),
	} {
		if err == nil {
			t.Error("an edit that cannot be was made")
		}
	}
	if at := st.Position(); at != 0 {
		t.Errorf("%d changes were made", at)
	}
}

// The same edits come to the same rows, one at a time or many at once, each once or again as after an error.
func TestSameEditsSameRows(t *testing.T) {
	type step struct {
		at   geo.Point
		name string // "" deletes
	}
	random := rand.New(rand.NewPCG(11, 12))
	var steps []step
	for i := range 400 {
		s := step{at: crowdedPoint(random), name: fmt.Sprint(i)}
		if random.IntN(4) == 0 {
			s.name = ""
		}
		steps = append(steps, s)
	}
	edit := func(book *feature.Book, s step) {
		err := book.Delete(t.Context(), s.at)
		if s.name != "" {
			err = book.Put(t.Context(), feature.Feature{Name: s.name, Location: s.at})
		}
		if err != nil {
			t.Error(err)
		}
	}
	base := newIndex(t, crowded(random, 50))

	one, first := openBook(t, t.TempDir(), base)
	for _, s := range steps {
		edit(one, s)
	}
	two, second := openBook(t, t.TempDir(), base)
	const writers = 16
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for _, s := range steps {
				if (int(s.at.Lat/10e7)+int(s.at.Lng/30e7)+writers)%writers == w { // those of one point in their order
					edit(two, s)
					edit(two, s)
				}
			}
		})
	}
	wg.Wait()
	if got, want := rows(t, second), rows(t, first); !slices.Equal(got, want) || len(want) < 100 {
		t.Errorf("the second store has the rows %q, want %q", got, want)
	}
	if got, want := slices.Collect(two.In(geo.World)), slices.Collect(one.In(geo.World)); !slices.Equal(got, want) {
		t.Errorf("the second book has %v, want %v", got, want)
	}
}

func rows(t *testing.T, st *store.Store) (all []string) {
	t.Helper()
	err := st.View(t.Context(), func(tx *store.Tx) error {
		for row, err := range tx.Query("SELECT lat, lng, name, deleted FROM feature_edit ORDER BY lat, lng") {
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprintf("%d %d %s %d", row.Int(0), row.Int(1), row.Text(2), row.Int(3)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What In yields is one state: what is edited after it was called does not show, nor while others edit.
func TestReadersSeeOneState(t *testing.T) {
	base := newIndex(t, []feature.Feature{{Name: "file 1"}, {Name: "file 2", Location: geo.Point{Lat: 1}}})
	book, _ := openBook(t, t.TempDir(), base)
	left, right := geo.Point{Lat: 5, Lng: -1}, geo.Point{Lat: 5, Lng: 1}
	put(t, book, "0", left)
	put(t, book, "0", right)
	seq := book.In(geo.World)
	next, stop := iter.Pull(seq)
	defer stop()
	if f, ok := next(); !ok || f.Name != "file 1" {
		t.Fatalf("the first is %v, %v", f, ok)
	}
	remove(t, book, geo.Point{Lat: 1})
	remove(t, book, right)
	var rest []string
	for f, ok := next(); ok; f, ok = next() {
		rest = append(rest, f.Name)
	}
	if want := []string{"file 2", "0", "0"}; !slices.Equal(rest, want) {
		t.Errorf("the rest is %q, want %q", rest, want)
	}

	// The writer gives both points a number, the left one first: they are the same, or the left one is one ahead.
	put(t, book, "0", right)
	const edits = 50
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; n <= edits; n++ {
			for _, p := range []geo.Point{left, right} {
				if err := book.Put(t.Context(), feature.Feature{Name: fmt.Sprint(n), Location: p}); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true
				default:
				}
				var l, r int
				if _, err := fmt.Sscanf(names(book.In(geo.World)), "file 1 %d %d", &l, &r); err != nil || l != r && l != r+1 {
					t.Errorf("read %d and %d, %v", l, r, err)
					return
				}
			}
		})
	}
	readers.Wait()
	<-done
	if f, ok := book.At(right); !ok || f.Name != fmt.Sprint(edits) {
		t.Errorf("in the end there is %v, %v", f, ok)
	}
}

// A change that is proposed again, as after an error, does not undo what somebody else did since.
func TestRepeatedEdit(t *testing.T) {
	book, st := openBook(t, t.TempDir(), newIndex(t, nil))
	propose := func(id byte, name string) {
		t.Helper()
		_, err := st.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Feature{Feature: &logv1.FeatureChange{
			Id: []byte{id}, Kind: &logv1.FeatureChange_Put{Put: &logv1.FeaturePut{Latitude: 1, Name: name}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	propose(1, "first")
	propose(2, "second")
	propose(1, "first")
	if f, _ := book.At(geo.Point{Lat: 1}); f.Name != "second" {
		t.Errorf("there is %q, want the second edit", f.Name)
	}
	if got, want := rows(t, st), []string{"1 0 second 0"}; !slices.Equal(got, want) {
		t.Errorf("stored is %q, want %q", got, want)
	}
}
