package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestExpand reads with filters that stand for few records in all the ways there are, as if the log were a big one: through
// the server, and from the files.
func TestExpand(t *testing.T) {
	l := openNotes(t)
	for i := range 300 {
		// Cells of 1, 2, 4, 8 … records, with a place for every second of them.
		cell := 8 - min(8, len(fmt.Sprintf("%b", i)))
		e := Entry{Subject: fmt.Sprintf("n.%d.%d", cell, i/2)}
		if _, err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	files := l.archive
	read := func(sparse uint64, q Query) (seqs []uint64) {
		l.sparse, l.archive = sparse, nil
		if sparse == 0 {
			l.archive = files
		}
		for rec, err := range l.Read(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, rec.Seq)
		}
		return seqs
	}
	for range 100 {
		var q Query
		for range 1 + rand.IntN(3) {
			cell := rand.IntN(10)
			q.Subjects = append(q.Subjects, []string{"n.*.7", fmt.Sprintf("n.%d.*", cell), fmt.Sprintf("n.%d.>", cell)}[rand.IntN(3)])
		}
		q.Newest = rand.IntN(3) * rand.IntN(100)
		if rand.IntN(3) == 0 {
			q.After = rand.Uint64N(300)
		}
		if rand.IntN(3) == 0 {
			q.Through = rand.Uint64N(400)
		}
		if rand.IntN(3) == 0 {
			q.Match = func(s string) bool { return strings.HasSuffix(s, "1") }
		}
		plain, expanded, fromFiles := read(1000, q), read(3, q), read(0, q)
		if !slices.Equal(plain, expanded) || !slices.Equal(plain, fromFiles) {
			t.Fatalf("%+v: %v, expanded %v, from files %v", q, plain, expanded, fromFiles)
		}
	}
}
