package feature

import (
	"context"
	"iter"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Cursor says up to where somebody was told of edits; 0 is nowhere.
type Cursor uint64

const (
	// pageRows are more than one change writes.
	pageRows = 2 * maxAdded
	// through is the part of a cursor, below the position, that stands for all edits there.
	through = maxAdded
)

// An Event is what a watcher of an area is told.
type Event struct {
	Entry   Entry
	Deleted bool   // the feature is no more, or left the area; of Entry there is the identifier alone
	Current bool   // no feature: all have been told, what follows is live
	Cursor  Cursor // where to go on after this event; 0 before Current where the watcher began without
}

// Watch tells the features of an area until ctx ends or the loop stops. Without a cursor, first those that there are; with
// one, those that were edited after it, each once and as it is now. Then an event with Current set, then each edit. Nothing is
// missed in between and nothing told twice.
//
// Errors: store.ErrBeyond for a cursor that lies after the newest change, store.ErrSlow for a watcher too slow for what is
// edited, who goes on from the last cursor.
func (b *Book) Watch(ctx context.Context, area geo.Rect, after Cursor) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		stopped := false
		tell := func(e Event) error {
			if stopped = !yield(e, nil); stopped {
				return context.Canceled
			}
			return nil
		}
		if err := b.watch(ctx, area, after, tell); !stopped {
			yield(Event{}, err)
		}
	}
}

func (b *Book) watch(ctx context.Context, area geo.Rect, after Cursor, tell func(Event) error) error {
	if after == 0 {
		now := b.current.Load()
		for e := range now.In(area) {
			if err := tell(Event{Entry: e}); err != nil {
				return err
			}
		}
		after = Cursor(now.position<<addedBits | through)
	}
	position := uint64(after) >> addedBits
	if err := b.store.Await(ctx, position); err != nil {
		return err
	}
	if after&through != through { // a part of a change
		position--
	}
	f := b.hub.follow(area)
	defer b.hub.leave(f)
	live := false
	edits := store.Source[*edit]{Page: b.page, At: func(m *edit) uint64 { return m.sequence >> addedBits }}
	return store.Follow(ctx, b.store, edits, position, f.Follower, func(m *edit) error {
		cursor := Cursor(m.sequence)
		switch {
		case cursor <= after:
			return nil
		case m.shown && area.Contains(m.Location):
			return tell(Event{Entry: m.Entry, Cursor: cursor})
		case !live && (m.created > uint64(after) || m.shown && !m.moved && m.created == 0):
			return nil // it was not in the area when the cursor was given
		}
		return tell(Event{Entry: Entry{ID: m.ID}, Deleted: true, Cursor: cursor})
	}, func(position uint64) error {
		live = true
		return tell(Event{Current: true, Cursor: Cursor(position<<addedBits | through)})
	})
}

// page implements store.Source. It has all edits of a position, or none.
func (b *Book) page(tx *store.Tx, after, through uint64) (page []*edit, next uint64, err error) {
	for r, err := range tx.Query(columns+"FROM feature_edit WHERE sequence >= ? AND sequence < ? ORDER BY sequence LIMIT ?", (after+1)<<addedBits, (through+1)<<addedBits, pageRows) {
		if err != nil {
			return nil, after, err
		}
		page = append(page, b.base.edit(scan(r)))
	}
	if len(page) < pageRows {
		return page, through, nil
	}
	last := page[len(page)-1].sequence >> addedBits
	for page[len(page)-1].sequence>>addedBits == last {
		page = page[:len(page)-1]
	}
	return page, last - 1, nil
}
