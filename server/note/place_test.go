package note_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"routeguide/server/geo"
	"routeguide/server/note"
)

// A place takes as many notes as it may have, however many write there at once, and knows those that come again.
func TestPlaceFull(t *testing.T) {
	const limit, writers = 7, 40
	book := open(t, note.Options{PerPlace: limit})
	var wg sync.WaitGroup
	var stored, refused atomic.Int64
	for i := range writers {
		w := talk(t, book, fmt.Sprint("w", i))
		wg.Go(func() {
			switch err := w.Write(t.Context(), here, "hello"); {
			case err == nil:
				stored.Add(1)
			case errors.Is(err, note.ErrPlaceFull):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	notes, _, _, err := book.List(t.Context(), note.Query{Area: geo.World, Limit: writers})
	if err != nil {
		t.Fatal(err)
	}
	if stored.Load() != limit || refused.Load() != writers-limit || len(notes) != limit {
		t.Errorf("%d notes were stored, %d refused and %d found", stored.Load(), refused.Load(), len(notes))
	}
	again := talk(t, book, notes[3].Traveler)
	if err := again.Resume(0); err != nil {
		t.Fatal(err)
	}
	again.write(here, "hello")
	if notes, _, _, err = book.List(t.Context(), note.Query{Area: geo.World, Limit: writers}); err != nil || len(notes) != limit {
		t.Errorf("%d notes after one came again, %v", len(notes), err)
	}
	talk(t, book, "elsewhere").write(there, "hello")
}
