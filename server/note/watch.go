package note

import (
	"context"
	"fmt"
	"iter"

	"routeguide/server/geo"
)

// An Event is what a watcher of an area is told.
type Event struct {
	Note   Note
	Live   bool   // no note: all stored notes have been told, what follows is live
	Cursor uint64 // where to go on after this event
}

// Watch tells the notes of an area until ctx ends or the loop stops: first stored ones, then an event with Live set, then
// each new one. Nothing is missed in between and nothing told twice.
//
// With a cursor the stored ones are all that come after it, otherwise the newest so many. A watcher too slow for what is
// written is cut off with an error that wraps store.ErrSlow and goes on from its last cursor.
func (b *Book) Watch(ctx context.Context, area geo.Rect, after uint64, newest int) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := b.watch(ctx, area, after, newest, func(e Event) bool { return yield(e, nil) }); err != nil {
			yield(Event{}, err)
		}
	}
}

func (b *Book) watch(ctx context.Context, area geo.Rect, after uint64, newest int, tell func(Event) bool) error {
	end, err := b.end(ctx, after)
	if err != nil {
		return err
	}
	feed := b.log.Follow(followBuffer)
	defer feed.Close()
	q := query(area)
	if q.Match == nil {
		q.Through = feed.Subject(q.Subjects[0])
	} else {
		q.Through = feed.Match(q.Match)
	}
	// The feed may not have come to what was acknowledged just before: that is history all the same.
	q.Through = max(q.Through, end)
	q.After = after
	if after == 0 {
		q.Newest = newest
	}
	if q.Through > after && (after > 0 || newest > 0) {
		for rec, err := range b.log.Read(ctx, q) {
			if err != nil {
				return fmt.Errorf("read notes: %w", err)
			}
			n, err := decode(rec)
			if err != nil {
				return err
			}
			if !tell(Event{Note: n, Cursor: n.Seq}) {
				return nil
			}
		}
	}
	if !tell(Event{Live: true, Cursor: q.Through}) {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-feed.Ready():
		}
		recs, err := feed.Take()
		for _, rec := range recs {
			if rec.Seq <= q.Through {
				continue
			}
			n, err := decode(rec)
			if err != nil {
				return err
			}
			if !tell(Event{Note: n, Cursor: n.Seq}) {
				return nil
			}
		}
		if err != nil {
			return fmt.Errorf("follow notes: %w", err)
		}
	}
}
