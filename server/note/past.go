package note

import (
	"context"
	"iter"
	"math"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// Past tells the notes of an area that come after a moment and were taken before a time, in the order of time, but for those
// that are deleted when they are read, which is some at a time.
//
// Errors: those of store.
func (b *Book) Past(ctx context.Context, area geo.Rect, after store.Moment, before time.Time) iter.Seq2[Note, error] {
	return store.Pages(ctx, b.store, after, func(tx *store.Tx, after store.Moment) (page []Note, next store.Moment, more bool, err error) {
		looked := 0
		for row, err := range tx.Query(columns+"WHERE n.deleted = 0 AND (n.time, n.position) > (?, ?) AND n.time < ? ORDER BY n.time, n.position LIMIT ?",
			nanoseconds(after.Time), after.Keys[0], nanoseconds(before), look) {
			if err != nil {
				return nil, after, false, err
			}
			looked++
			n := noteOf(row)
			if next = n.Moment(); area.Contains(n.Location) {
				if page = append(page, n); len(page) == pageNotes {
					return page, next, true, nil
				}
			}
		}
		return page, next, looked == look, nil
	})
}

// Moment is the note's place in the order of time.
func (n Note) Moment() store.Moment {
	return store.Moment{Time: n.Time, Keys: [2]int64{int64(n.Position)}}
}

// nanoseconds since 1970, or the earliest or latest that can be told.
func nanoseconds(t time.Time) int64 {
	switch year := t.Year(); {
	case year < 1700:
		return math.MinInt64
	case year > 2200:
		return math.MaxInt64
	}
	return t.UnixNano()
}
