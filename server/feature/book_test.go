package feature_test

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
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

func described(name string, p geo.Point) feature.Described {
	return feature.Described{Feature: feature.Feature{Name: name, Location: p}}
}

func create(t testing.TB, book *feature.Book, name string, p geo.Point) string {
	t.Helper()
	e, err := book.Create(t.Context(), described(name, p))
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func update(t testing.TB, book *feature.Book, id string, p feature.Patch) feature.Entry {
	t.Helper()
	e, err := book.Update(t.Context(), id, p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func rename(t testing.TB, book *feature.Book, id, name string) {
	t.Helper()
	update(t, book, id, feature.Patch{Name: &name})
}

func remove(t testing.TB, book *feature.Book, id string) {
	t.Helper()
	if err := book.Delete(t.Context(), id); err != nil {
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

func at(lat, lng int32) geo.Point { return geo.Point{Lat: lat, Lng: lng} }

func TestEditsAreSeenAtOnceAndAfterARestart(t *testing.T) {
	base := newIndex(t, []feature.Feature{
		{Name: "c", Location: at(3, 3)}, {Name: "a", Location: at(1, -1)}, {Name: "a2", Location: at(1, -1)}, {Name: "b", Location: at(2, 2)},
	})
	dir := t.TempDir()
	book, st := openBook(t, dir, base)
	all := func(want string) {
		t.Helper()
		got := strings.Fields(names(book.In(geo.World)))
		slices.Sort(got)
		if got := strings.Join(got, " "); got != want {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	there := func(p geo.Point, want string) {
		t.Helper()
		if f, ok := book.At(p); ok != (want != "none") || ok && f != (feature.Feature{Name: want, Location: p}) {
			t.Errorf("at %v is %v, %v, want %s", p, f, ok, want)
		}
	}
	all("a a2 b c")
	rename(t, book, "1,-1", "A")
	all("A a2 b c")
	there(at(1, -1), "a2") // the first of two
	z, y := create(t, book, "z", at(0, 9)), create(t, book, "y", at(2, 2))
	all("A a2 b c y z")
	there(at(2, 2), "b")
	remove(t, book, "2,2")
	all("A a2 c y z")
	there(at(2, 2), "y")
	remove(t, book, y)
	there(at(2, 2), "none")
	moved := update(t, book, z, feature.Patch{Location: new(at(0, 8))})
	if want := (feature.Entry{ID: z, Described: described("z", at(0, 8))}); moved != want {
		t.Errorf("moved to %v, want %v", moved, want)
	}
	there(at(0, 9), "none")
	there(at(0, 8), "z")
	remove(t, book, "1,-1.2")
	there(at(1, -1), "A")
	all("A c z")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	book, st = openBook(t, dir, base)
	all("A c z")
	there(at(0, 8), "z")
	there(at(1, -1), "A")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	// With another file the edits of what it lacks do not show, and the others do.
	book, _ = openBook(t, dir, newIndex(t, []feature.Feature{{Name: "b", Location: at(2, 2)}, {Name: "d", Location: at(4, 4)}}))
	all("d z")
}

// Of two who edit at once the last one has a field, and no other field.
func TestEditsAreOfFields(t *testing.T) {
	book, _ := openBook(t, t.TempDir(), newIndex(t, []feature.Feature{{Name: "hut", Location: at(1, 1)}}))
	name, category, web := "Hut", "hut", "https://example.org"
	update(t, book, "1,1", feature.Patch{Name: &name})
	update(t, book, "1,1", feature.Patch{Category: &category, WebAddress: &web})
	got := update(t, book, "1,1", feature.Patch{Location: new(at(5, 1))})
	want := feature.Entry{ID: "1,1", Described: described("Hut", at(5, 1))}
	want.Category, want.WebAddress = category, web
	if got != want {
		t.Errorf("the feature is %v, want %v", got, want)
	}
	empty := ""
	update(t, book, "1,1", feature.Patch{WebAddress: &empty})
	if found, _ := book.Now().Search(feature.Query{Text: "hut", Limit: 9}); len(found) != 1 || found[0].WebAddress != "" || found[0].Category != category {
		t.Errorf("found %v, want the hut without an address", found)
	}
}

func TestEditsThatCannotBe(t *testing.T) {
	book, st := openBook(t, t.TempDir(), feature.Default())
	for field, d := range map[string]feature.Described{
		"location":    described("", at(90e7+1, 0)),
		"name":        described(strings.Repeat("x", 4097), at(0, 0)),
		"description": {Details: feature.Details{Description: "\xff"}},
		"category":    {Details: feature.Details{Category: "Hut"}},
		"web_address": {Details: feature.Details{WebAddress: "javascript:alert(1)"}},
	} {
		var refused *feature.FieldError
		if _, err := book.Create(t.Context(), d); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("a wrong %s is %v", field, err)
		}
		patch := feature.Patch{Location: &d.Location, Name: &d.Name, Description: &d.Description, Category: &d.Category, WebAddress: &d.WebAddress}
		if _, err := book.Update(t.Context(), "407838351,-746143763", patch); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("a wrong %s is %v", field, err)
		}
	}
	for _, id := range []string{"", "1,1", "407838351,-746143763.2", "407838351,-0746143763", "900000001,0", "abc"} {
		if _, err := book.Update(t.Context(), id, feature.Patch{}); !errors.Is(err, feature.ErrNotFound) {
			t.Errorf("an update of %q is %v", id, err)
		}
		if err := book.Delete(t.Context(), id); !errors.Is(err, feature.ErrNotFound) {
			t.Errorf("a deletion of %q is %v", id, err)
		}
	}
	remove(t, book, "407838351,-746143763")
	remove(t, book, "407838351,-746143763")
	if _, err := book.Update(t.Context(), "407838351,-746143763", feature.Patch{}); !errors.Is(err, feature.ErrNotFound) {
		t.Errorf("an update of a deleted one is %v", err)
	}
	if got := rows(t, st); len(got) != 1 {
		t.Errorf("stored are %q, want the deletion", got)
	}
}

func rows(t *testing.T, st *store.Store) (all []string) {
	t.Helper()
	err := st.View(t.Context(), func(tx *store.Tx) error {
		for row, err := range tx.Query("SELECT sequence, id, created, deleted, coalesce(name, 'null') FROM feature_edit ORDER BY sequence") {
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprint(row.Int(0), " ", row.Text(1), " ", row.Int(2), " ", row.Int(3), " ", row.Text(4)))
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
	base := newIndex(t, []feature.Feature{{Name: "file 1"}, {Name: "file 2", Location: at(1, 0)}})
	book, _ := openBook(t, t.TempDir(), base)
	left, right := create(t, book, "0", at(5, -1)), create(t, book, "0", at(5, 1))
	seq := book.In(geo.World)
	next, stop := iter.Pull(seq)
	defer stop()
	if f, ok := next(); !ok || f.Name != "file 1" {
		t.Fatalf("the first is %v, %v", f, ok)
	}
	remove(t, book, "1,0")
	rename(t, book, right, "later")
	var rest []string
	for f, ok := next(); ok; f, ok = next() {
		rest = append(rest, f.Name)
	}
	if want := []string{"file 2", "0", "0"}; !slices.Equal(rest, want) {
		t.Errorf("the rest is %q, want %q", rest, want)
	}

	// The writer gives both a number, the left one first: they are the same, or the left one is one ahead.
	rename(t, book, right, "0")
	const edits = 50
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; n <= edits; n++ {
			name := fmt.Sprint(n)
			for _, id := range []string{left, right} {
				if _, err := book.Update(t.Context(), id, feature.Patch{Name: &name}); err != nil {
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
				all := slices.Collect(book.In(geo.World))
				if len(all) != 3 {
					t.Errorf("read %v", all)
					return
				}
				numbers := make(map[bool]int) // of the one to the left, and of the other
				for _, f := range all[1:] {
					n, err := strconv.Atoi(f.Name)
					if err != nil {
						t.Error(err)
					}
					numbers[f.Location.Lng < 0] = n
				}
				if l, r := numbers[true], numbers[false]; l != r && l != r+1 {
					t.Errorf("read %d and %d", l, r)
					return
				}
			}
		})
	}
	readers.Wait()
	<-done
	if f, ok := book.At(at(5, 1)); !ok || f.Name != fmt.Sprint(edits) {
		t.Errorf("in the end there is %v, %v", f, ok)
	}
}

// A change that is proposed again, as after an error, does not undo what somebody else did since.
func TestRepeatedEdit(t *testing.T) {
	book, st := openBook(t, t.TempDir(), newIndex(t, []feature.Feature{{Location: at(1, 0)}}))
	propose := func(id byte, name string) {
		t.Helper()
		_, err := st.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Feature{Feature: &logv1.FeatureChange{
			Id: []byte{id}, Kind: &logv1.FeatureChange_Updated{Updated: &logv1.FeatureUpdated{Id: "1,0", Name: &name}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	propose(1, "first")
	propose(2, "second")
	propose(1, "first")
	if f, _ := book.At(at(1, 0)); f.Name != "second" {
		t.Errorf("there is %q, want the second edit", f.Name)
	}
	if got, want := rows(t, st), []string{"2048 1,0 0 0 second"}; !slices.Equal(got, want) {
		t.Errorf("stored is %q, want %q", got, want)
	}
}

func TestIdentifiersOfAFile(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	features := crowded(random, 400)
	book, _ := openBook(t, t.TempDir(), newIndex(t, features))
	count := make(map[geo.Point]int)
	for i, f := range features {
		count[f.Location]++
		id := fmt.Sprintf("%d,%d", f.Location.Lat, f.Location.Lng)
		if n := count[f.Location]; n > 1 {
			id += fmt.Sprintf(".%d", n)
		}
		want := feature.Entry{ID: id, Described: described(fmt.Sprint("number ", i), f.Location)}
		if got := update(t, book, id, feature.Patch{Name: &want.Name}); got != want {
			t.Fatalf("feature %d is %v, want %v", i, got, want)
		}
	}
	if got := len(slices.Collect(book.In(geo.World))); got != len(features) {
		t.Errorf("there are %d features, want %d", got, len(features))
	}
}
