package note

import (
	"context"
	"iter"
	"slices"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// An Event is what a watcher of an area is told.
type Event struct {
	Note   Note
	Live   bool   // no note: all stored notes have been told, what follows is live
	Cursor uint64 // where to go on after this event
}

// Watch tells the notes of an area until ctx ends or the loop stops: first stored ones, then an event with Live set, then
// each new one. Nothing is missed in between and nothing told twice, but for a note that is deleted, which is told once more.
//
// With a cursor the stored ones are all that come after it, otherwise the newest so many.
//
// Errors: store.ErrBeyond for a cursor that lies after the newest change, store.ErrSlow for a watcher too slow for what is
// written, who goes on from the last cursor.
func (b *Book) Watch(ctx context.Context, area geo.Rect, after uint64, newest int) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		stopped := false
		tell := func(e Event) error {
			if stopped = !yield(e, nil); stopped {
				return context.Canceled
			}
			return nil
		}
		if err := b.watch(ctx, area, after, newest, tell); !stopped {
			yield(Event{}, err)
		}
	}
}

func (b *Book) watch(ctx context.Context, area geo.Rect, after uint64, newest int, tell func(Event) error) (err error) {
	f := b.hub.begin()
	defer b.hub.end(f)
	b.hub.followArea(f, area)
	defer b.hub.leaveArea(f, area)
	untold := uint64(0) // what was deleted before is nothing to who begins
	if after == 0 {
		untold = b.store.Position()
		after, err = b.newest(ctx, area, newest)
	} else {
		err = b.store.Await(ctx, after)
	}
	if err != nil {
		return err
	}
	stored := store.Source[Note]{
		Page: func(tx *store.Tx, after, through uint64) ([]Note, uint64, error) {
			notes, rest, err := read(tx, area, span{after: after, through: through, deleted: true}, pageNotes)
			notes = slices.DeleteFunc(notes, func(n Note) bool { return n.Deleted && n.Position <= untold })
			return notes, rest.after, err
		},
		At: func(n Note) uint64 { return n.Position },
	}
	return store.Follow(ctx, b.store, stored, after, f,
		func(n Note) error { return tell(Event{Note: n, Cursor: n.Position}) },
		func(position uint64) error { return tell(Event{Live: true, Cursor: position}) })
}
