package feature

import (
	"context"
	"fmt"
	"iter"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// ErrFar says that the features were too different at a time that was asked for.
var ErrFar = fmt.Errorf("more than %d features were edited since that time", mostSince)

// keptPast is how many earlier values are kept; one takes some 150 bytes, and never more than 11 KB. Fewer in a test.
var keptPast uint32 = 100_000

const (
	// mostSince is how many features may have been edited since a time that Then looks back to.
	mostSince = 100_000
	// pastRows is how many edits are read in one go.
	pastRows = 256
)

// Then returns the features as they were at a time, or as they are if that is zero or lies ahead. It takes some microseconds
// for each feature that was edited since.
//
// Errors: ErrFar, and those of store.
func (b *Book) Then(ctx context.Context, at time.Time) (*Edition, error) {
	now := b.current.Load()
	if at.IsZero() {
		return now, nil
	}
	moment := max(at.UnixMilli(), 0)
	var since []*edit
	err := b.store.View(ctx, func(tx *store.Tx) error {
		for r, err := range tx.Query(columns+"FROM feature_edit WHERE time > ? LIMIT ?", moment, mostSince+1) {
			if err != nil {
				return err
			}
			if len(since) == mostSince {
				return ErrFar
			}
			was, err := b.before(tx, scan(r), "time <= ?", moment)
			if err != nil {
				return err
			}
			since = append(since, was)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look back: %w", err)
	}
	then, _ := now.with(since, now.position)
	return then, nil
}

// before returns the newest of the earlier values of a feature that a condition selects, or what it was before all edits.
func (b *Book) before(tx *store.Tx, r row, condition string, value any) (*edit, error) {
	was := row{id: r.id, created: r.created, deleted: r.created != 0}
	_, err := tx.First(func(found store.Row) { was = scan(found) },
		columns+"FROM feature_past WHERE id = ? AND "+condition+" ORDER BY number DESC LIMIT 1", r.id, value)
	return b.base.edit(was), err
}

// A Past is what an edit made of a feature.
type Past struct {
	Event
	Moment store.Moment
}

// Past tells the edits of the features of an area that come after a moment and before a time, in the order of time: a feature
// that was added, changed or moved into the area, and one that was deleted or moved out of it. It reads some at a time, as
// they are known then.
//
// Errors: those of store.
func (b *Book) Past(ctx context.Context, area geo.Rect, after store.Moment, before time.Time) iter.Seq2[Past, error] {
	return store.Pages(ctx, b.store, after, func(tx *store.Tx, after store.Moment) (page []Past, next store.Moment, more bool, err error) {
		const part = " WHERE time > 0 AND (time, sequence) > (?1, ?2) AND time < ?3"
		rows := 0
		for r, err := range tx.Query(columns+"FROM feature_edit"+part+" UNION ALL "+columns+"FROM feature_past"+part+" ORDER BY time, sequence LIMIT ?4",
			after.Time.UnixMilli(), after.Keys[0], before.UnixMilli(), pastRows) {
			if err != nil {
				return nil, after, false, err
			}
			rows++
			made := scan(r)
			next = store.Moment{Time: time.UnixMilli(made.time), Keys: [2]int64{int64(made.sequence)}}
			e := Past{Moment: next}
			if m := b.base.edit(made); m.shown && area.Contains(m.Location) {
				e.Entry = m.Entry
			} else {
				was, err := b.before(tx, made, "sequence < ?", made.sequence)
				if err != nil {
					return nil, after, false, err
				}
				if !was.shown || !area.Contains(was.Location) {
					continue
				}
				e.Entry.ID, e.Deleted = made.id, true
			}
			page = append(page, e)
		}
		return page, next, rows == pastRows, nil
	})
}
