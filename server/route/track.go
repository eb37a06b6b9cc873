package route

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

// pagePoints is how many points are read in one go, or a few more.
const pagePoints = 1000

// Get returns a route.
//
// Errors: ErrNotFound, and those of store.
func (b *Book) Get(ctx context.Context, id string) (Route, error) {
	var found row
	look := func(tx *store.Tx) (err error) {
		found, err = present(tx, id)
		return err
	}
	err := b.store.View(ctx, look)
	if errors.Is(err, ErrNotFound) { // it may have been begun at another process until a moment ago
		if err = b.store.Reach(ctx); err == nil {
			err = b.store.View(ctx, look)
		}
	}
	if err != nil {
		return Route{}, fmt.Errorf("look for the route: %w", err)
	}
	return found.Route, nil
}

// Track yields the points of a route that are kept, in order of time and some at a time; those that come to it meanwhile too,
// as far as it gets to see them. Nothing is locked while it yields.
//
// Errors: ErrNotFound, also when the route is deleted meanwhile; ErrAnew; and those of store.
func (b *Book) Track(ctx context.Context, id string) iter.Seq2[[]Fix, error] {
	return func(yield func([]Fix, error) bool) {
		if _, err := b.Get(ctx, id); err != nil {
			yield(nil, err)
			return
		}
		var anew uint64
		for next, more := uint32(0), true; more; {
			var fixes []Fix
			err := b.store.View(ctx, func(tx *store.Tx) error {
				r, err := present(tx, id)
				if err != nil {
					return err
				}
				if next > 0 && r.anew != anew {
					return ErrAnew
				}
				anew = r.anew
				fixes, next, err = points(tx, r, next, pagePoints)
				more = next < r.Points
				return err
			})
			if err != nil {
				yield(nil, fmt.Errorf("read the track: %w", err))
				return
			}
			if len(fixes) > 0 && !yield(fixes, nil) {
				return
			}
		}
	}
}

// points returns the next points of a route from the one of a number on, about so many, and the number of the one to go on
// from.
func points(tx *store.Tx, r row, from uint32, about int) (fixes []Fix, next uint32, err error) {
	const chunks = `SELECT first, points FROM chunk WHERE route = ?1
		AND first >= coalesce((SELECT max(first) FROM chunk WHERE route = ?1 AND first <= ?2), 0) ORDER BY first`
	next = from
	for c, err := range tx.Query(chunks, r.id, from) {
		if err != nil {
			return nil, 0, err
		}
		if len(fixes) >= about {
			return fixes, next, nil
		}
		var p logv1.Points
		if err := proto.Unmarshal(c.Blob(1), &p); err != nil {
			return nil, 0, fmt.Errorf("decode points: %w", err)
		}
		first, some := uint32(c.Int(0)), unpack(&p)
		end := first + uint32(len(some))
		if first < from {
			some = some[min(int(from-first), len(some)):]
		}
		fixes, next = append(fixes, some...), max(next, end)
	}
	return fixes, r.Points, nil // what is missing is not kept any more
}
