package note

import (
	"context"
	"fmt"
	"slices"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

const (
	columns = "SELECT n.position, c.name, n.number, p.lat, p.lng, n.time, n.traveler, n.message, n.deleted FROM note n JOIN chat c ON c.id = n.chat JOIN place p ON p.id = n.place "
	// fewPlaces is how many places are each asked for their notes; for an area with more, all notes are looked at in order.
	fewPlaces = 256
	// pageNotes is how many notes are read in one go for somebody who follows.
	pageNotes = 256
)

// look is how many notes are looked at in one go; fewer in a test.
var look = 20_000

// A span is the positions after, excluded, through, included, read from the lower end or from the upper one.
type span struct {
	after, through uint64
	newest         bool
	deleted        bool      // with the notes that were deleted
	at             time.Time // only those that there were by then; zero: any
}

func (s span) order() string {
	if s.newest {
		return " ORDER BY n.position DESC LIMIT ?"
	}
	return " ORDER BY n.position LIMIT ?"
}

// rest is what is left to be read of s after a position was read.
func (s span) rest(position uint64) span {
	if s.newest {
		s.through = position - 1
	} else {
		s.after = position
	}
	return s
}

func (s span) empty() bool { return s.after >= s.through }

func (s span) shows(n Note) bool {
	return (s.deleted || !n.Deleted) && (s.at.IsZero() || !n.Time.After(s.at))
}

// read returns at most limit notes of an area, in the order of the span, and the span that is left to be read.
func read(tx *store.Tx, area geo.Rect, s span, limit int) ([]Note, span, error) {
	s.through = min(s.through, tx.Position())
	places, few, err := places(tx, area)
	switch {
	case err != nil:
		return nil, s, err
	case few && len(places) == 1 && !s.deleted:
		return s.scan(tx, area, limit, limit, "WHERE n.place = ? AND n.deleted = 0 AND n.position > ? AND n.position <= ?", places[0], s.after, s.through)
	case few:
		return readPlaces(tx, places, s, limit)
	}
	return s.scan(tx, area, limit, look, "WHERE n.position > ? AND n.position <= ?", s.after, s.through)
}

// scan returns at most limit notes of an area among the first rows that a condition selects, and the span that is left.
func (s span) scan(tx *store.Tx, area geo.Rect, limit, rows int, where string, args ...any) (notes []Note, rest span, err error) {
	looked := 0
	for row, err := range tx.Query(columns+where+s.order(), append(args, rows)...) {
		if err != nil {
			return nil, s, err
		}
		looked++
		n := noteOf(row)
		s = s.rest(n.Position)
		if area.Contains(n.Location) && s.shows(n) {
			if notes = append(notes, n); len(notes) == limit {
				return notes, s, nil
			}
		}
	}
	if looked < rows {
		s.after = s.through
	}
	return notes, s, nil
}

// readPlaces is read for a few places.
func readPlaces(tx *store.Tx, places []int64, s span, limit int) ([]Note, span, error) {
	kinds := 1
	if s.deleted {
		kinds = 2
	}
	var found []uint64
	for _, place := range places {
		for deleted := range kinds {
			for row, err := range tx.Query("SELECT n.position FROM note n WHERE n.place = ? AND n.deleted = ? AND n.position > ? AND n.position <= ?"+s.order(),
				place, deleted, s.after, s.through, limit) {
				if err != nil {
					return nil, s, err
				}
				found = append(found, uint64(row.Int(0)))
			}
		}
	}
	slices.Sort(found)
	if s.newest {
		slices.Reverse(found)
	}
	if len(found) < limit {
		s.after = s.through
	} else {
		found = found[:limit]
		s = s.rest(found[limit-1])
	}
	notes := make([]Note, 0, len(found))
	for _, position := range found {
		if _, err := tx.First(func(r store.Row) { notes = append(notes, noteOf(r)) }, columns+"WHERE n.position = ?", position); err != nil {
			return nil, s, err
		}
	}
	return slices.DeleteFunc(notes, func(n Note) bool { return !s.shows(n) }), s, nil
}

// places returns the places of an area, unless they are many.
func places(tx *store.Tx, area geo.Rect) (ids []int64, few bool, err error) {
	if area == geo.World {
		return nil, false, nil
	}
	if area.South == area.North && area.West == area.East {
		place, err := placeAt(tx, geo.Point{Lat: area.South, Lng: area.West})
		if place != 0 {
			ids = append(ids, place)
		}
		return ids, true, err
	}
	for _, part := range area.Split() {
		for row, err := range tx.Query("SELECT id FROM place_box WHERE south >= ? AND north <= ? AND west >= ? AND east <= ? LIMIT ?",
			part.South, part.North, part.West, part.East, fewPlaces+1) {
			if err != nil {
				return nil, false, err
			}
			ids = append(ids, row.Int(0))
		}
	}
	return ids, len(ids) <= fewPlaces, nil
}

func noteOf(r store.Row) Note {
	return Note{
		Position: uint64(r.Int(0)), Chat: r.Text(1), Number: uint32(r.Int(2)),
		Location: geo.Point{Lat: int32(r.Int(3)), Lng: int32(r.Int(4))},
		Time:     time.Unix(0, r.Int(5)), Traveler: r.Text(6), Message: r.Text(7), Deleted: r.Int(8) != 0,
	}
}

// A Query selects notes.
type Query struct {
	Area  geo.Rect
	At    time.Time // those that there were then, and still are; zero: now
	After uint64    // the cursor after which they come
	Limit int       // at the most so many
}

// List returns the notes that q selects, oldest first, and the cursor to go on from; more says whether there may be others
// before that.
//
// Errors: store.ErrBeyond for a cursor that lies after the newest change.
func (b *Book) List(ctx context.Context, q Query) (notes []Note, next uint64, more bool, err error) {
	if err := b.store.Await(ctx, q.After); err != nil {
		return nil, 0, false, err
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		rest := span{after: q.After, through: tx.Position(), at: q.At}
		if notes, rest, err = read(tx, q.Area, rest, q.Limit); err != nil {
			return err
		}
		next, more = rest.after, !rest.empty()
		if len(notes) == q.Limit && more { // a page that is full and has nothing behind it is the last one
			following, beyond, err := read(tx, q.Area, rest, 1)
			more = len(following) > 0 || !beyond.empty()
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, false, fmt.Errorf("read notes: %w", err)
	}
	return notes, next, more, nil
}

// newest returns the position after which the newest so many notes of an area begin.
func (b *Book) newest(ctx context.Context, area geo.Rect, count int) (after uint64, err error) {
	rest := span{through: b.store.Position(), newest: true}
	if count == 0 {
		return rest.through, nil
	}
	for !rest.empty() {
		var notes []Note
		err := b.store.View(ctx, func(tx *store.Tx) (err error) {
			notes, rest, err = read(tx, area, rest, count)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("read notes: %w", err)
		}
		if count -= len(notes); count == 0 {
			return notes[len(notes)-1].Position - 1, nil
		}
	}
	return 0, nil
}
