package feature_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

func importFile(t testing.TB, book *feature.Book, in io.Reader) (all []feature.Progress, err error) {
	t.Helper()
	err = book.Import(t.Context(), in, func(p feature.Progress) error {
		all = append(all, p)
		return nil
	})
	return all, err
}

func TestImport(t *testing.T) {
	for _, form := range forms {
		book, st := openBook(t, t.TempDir(), newIndex(t, nil))
		features := append(scattered(1500), scattered(10)...) // ten are there twice
		var content bytes.Buffer
		form.write(&content, features)
		size := int64(content.Len())
		file := content.String()
		progress, err := importFile(t, book, strings.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", form.name, err)
		}
		if got, want := progress[len(progress)-1], (feature.Progress{Bytes: size, Added: 1500, Repeated: 10}); got != want || len(progress) < 4 {
			t.Errorf("%s: came to %+v, want %+v in some steps", form.name, progress, want)
		}
		if !slices.IsSortedFunc(progress, func(a, b feature.Progress) int { return int(a.Added - b.Added) }) {
			t.Errorf("%s: progress is %+v", form.name, progress)
		}
		found := slices.Collect(book.In(geo.World))
		if len(found) != 1500 {
			t.Errorf("%s: there are %d features", form.name, len(found))
		}
		before := st.Position()
		if progress, err = importFile(t, book, strings.NewReader(file)); err != nil || progress[len(progress)-1] != (feature.Progress{Bytes: size, Repeated: 1510}) {
			t.Errorf("%s: once more came to %+v, %v", form.name, progress, err)
		}
		if st.Position() == before || len(slices.Collect(book.In(geo.World))) != 1500 {
			t.Errorf("%s: importing twice doubled something", form.name)
		}
	}
}

func TestImportTakesDetailsAndComesAgainAfterADeletion(t *testing.T) {
	book, _ := openBook(t, t.TempDir(), newIndex(t, nil))
	const file = `{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.5, 46.5]},
		"properties": {"name": "Hütte", "category": "Café & Bar", "website": "https://example.org/x", "url": "no", "description": "Open\nin summer", "other": {"a": 1}}}]}`
	want := feature.Described{
		Feature: feature.Feature{Name: "Hütte", Location: geo.Point{Lat: 46_5000000, Lng: 7_5000000}},
		Details: feature.Details{Description: "Open\nin summer", Category: "cafe-bar", WebAddress: "https://example.org/x"},
	}
	for range 2 {
		progress, err := importFile(t, book, strings.NewReader(file))
		if err != nil || progress[len(progress)-1].Added != 1 {
			t.Fatalf("came to %+v, %v", progress, err)
		}
		near := book.Now().Nearest(want.Location, 5, 1)
		if len(near) != 1 || near[0].Described != want {
			t.Fatalf("there is %v, want %v", near, want)
		}
		remove(t, book, near[0].ID)
	}
}

func TestImportOfABrokenFile(t *testing.T) {
	book, _ := openBook(t, t.TempDir(), newIndex(t, nil))
	for file, want := range map[string]string{
		"name,latitude,longitude\na,1,2\nb,91,2\n":        `line 3: latitude: "91" is not between -90 and 90`,
		"{\"features\": [\n{\"geometry\": null}\n]}":      `line 1: none of the 1 features is a Point`,
		"[{\"location\":\n{\"latitude\": 1}}]":            `line 2: location.longitude: missing`,
		"hello":                                           "line 1: neither JSON nor CSV: ",
		"name,latitude,longitude\nb,2,2\n\"open,1,2\nc\n": `line 3: `,
	} {
		_, err := importFile(t, book, strings.NewReader(file))
		var broken *feature.FileError
		if !errors.As(err, &broken) || !strings.HasPrefix(broken.Error(), want) {
			t.Errorf("%q fails with %v, want %s", file, err, want)
		}
	}
	found := strings.Fields(names(book.In(geo.World)))
	slices.Sort(found)
	if got := strings.Join(found, " "); got != "a b" {
		t.Errorf("what came before is %q, want a and b", got)
	}
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader("name,latitude,longitude\nc,3,3\n"), readError{broken})
	if _, err := importFile(t, book, in); err != broken {
		t.Errorf("fails with %v, want the error of its reader", err)
	}
	if err := book.Import(t.Context(), strings.NewReader("name,latitude,longitude\n"), func(feature.Progress) error { return broken }); err != broken {
		t.Errorf("fails with %v, want the error of progress", err)
	}
}

type readError struct{ err error }

func (r readError) Read([]byte) (int, error) { return 0, r.err }

func BenchmarkImport(b *testing.B) {
	random := rand.New(rand.NewPCG(81, 82))
	for b.Loop() {
		b.StopTimer()
		index, _ := feature.NewIndex(each(nil))
		book, _ := openBook(b, b.TempDir(), index)
		var content bytes.Buffer
		content.WriteString("name,latitude,longitude,category\n")
		for i := range 100_000 {
			p := randomPoint(random)
			fmt.Fprintf(&content, "Feature number %d,%v,test\n", i, p)
		}
		b.StartTimer()
		if _, err := importFile(b, book, &content); err != nil {
			b.Fatal(err)
		}
	}
}
