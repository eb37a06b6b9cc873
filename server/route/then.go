package route

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// pageRoutes is how many routes are looked at in one go.
const pageRoutes = 256

// until returns a route as it was at the time that q asks for, if it does, and whether q selects it.
func (b *Book) until(ctx context.Context, r Route, q Query) (then Route, there bool, err error) {
	if q.At.IsZero() || !r.Newest.Time.After(q.At) {
		return r, true, nil
	}
	then = Route{
		ID: r.ID, Traveler: r.Traveler, State: Recording, Name: r.Name, Color: r.Color, Hidden: r.Hidden,
		Began: r.Began, Ended: r.Ended, Start: r.Start, Newest: Fix{Time: r.Start},
	}
	for fixes, err := range b.Track(ctx, r.ID) {
		if errors.Is(err, ErrNotFound) {
			return then, false, nil // it was deleted just now
		} else if err != nil {
			return then, false, err
		}
		for _, f := range fixes {
			if f.Time.After(q.At) {
				return then, q.Area == nil || then.Points > 0 && then.Bounds.Overlaps(*q.Area), nil
			}
			f.onFeature = b.feature(f.Point) // of recorded points it is not stored
			then.measure(f)
		}
	}
	return then, q.Area == nil || then.Points > 0 && then.Bounds.Overlaps(*q.Area), nil
}

// A Step is somebody who records a route being at a point of it.
type Step struct {
	Route    string // the route's public name
	Traveler string // the name that its traveler gave, or empty
	Fix      Fix
	Moment   store.Moment // its place in the order of time; only Past knows it
}

// OnTheWay returns who was on the way in an area at a time, in no order: those whose route was being recorded, and the newest
// point until then was not as old as maxAge. Hidden routes are left out.
//
// Errors: those of store.
func (b *Book) OnTheWay(ctx context.Context, area geo.Rect, at time.Time, maxAge time.Duration) (there []Step, err error) {
	oldest := at.Add(-maxAge)
	for after, more := (Cursor{}), true; more; {
		err := b.store.View(ctx, func(tx *store.Tx) error {
			var page []row
			var err error
			// One that is not finished may go on.
			page, more, err = shown(tx, area, after, "start <= ? AND time > ? AND (time > ? OR state != ?)",
				at.UnixMilli(), oldest.UnixMilli(), at.UnixMilli(), int64(Finished))
			for _, r := range page {
				after = Cursor{r.Start.UnixMilli(), r.id}
				f, some, err := newest(tx, r, at)
				if err != nil {
					return err
				}
				if some && f.Time.After(oldest) && area.Contains(f.Point) {
					there = append(there, Step{Route: r.ID, Traveler: r.Traveler, Fix: f})
				}
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look for who was on the way: %w", err)
		}
	}
	return there, nil
}

// shown returns the next routes that a condition selects, in the order in which they start, which have points, are not hidden
// and may have some in an area; and whether there may be more.
func shown(tx *store.Tx, area geo.Rect, after Cursor, condition string, args ...any) (page []row, more bool, err error) {
	if after == (Cursor{}) {
		after.Start = math.MinInt64
	}
	where := "WHERE deleted = 0 AND hidden = 0 AND points > 0 AND (start, id) > (?, ?) AND " + condition
	args = append([]any{after.Start, after.Key}, args...)
	if area != geo.World {
		inside, values := within(area)
		where, args = where+" AND "+inside, append(args, values...)
	}
	for r, err := range tx.Query(columns+where+" ORDER BY start, id LIMIT ?", append(args, pageRoutes)...) {
		if err != nil {
			return nil, false, err
		}
		page = append(page, scan(r))
	}
	return page, len(page) == pageRoutes, nil
}

// newest returns the newest point of a route until a time, if there is one.
func newest(tx *store.Tx, r row, at time.Time) (f Fix, some bool, err error) {
	if !r.Newest.Time.After(at) {
		return r.Newest, true, nil
	}
	next, err := seek(tx, r, at.UnixMilli()+1)
	if err != nil || next == 0 {
		return f, false, err
	}
	first, fixes, err := chunkAt(tx, r.id, next-1)
	if at := int(next - 1 - first); err == nil && at < len(fixes) {
		return fixes[at], true, nil
	}
	return f, false, err // it is not kept
}

// seek returns the number of the first point of a route that was measured at a time, in milliseconds, or later; points that
// are not kept count as earlier.
func seek(tx *store.Tx, r row, at int64) (number uint32, err error) {
	low, high := uint32(0), r.Points
	for low < high {
		middle := low + (high-low)/2
		first, fixes, err := chunkAt(tx, r.id, middle)
		if err != nil {
			return 0, err
		}
		within := sort.Search(len(fixes), func(i int) bool { return fixes[i].Time.UnixMilli() >= at })
		switch end := first + uint32(len(fixes)); {
		case end <= middle:
			low = middle + 1 // not kept
		case within == len(fixes):
			low = end
		case within > 0:
			return first + uint32(within), nil
		default:
			high = first
		}
	}
	return low, nil
}

// chunkAt returns the points that are stored together with the one of a number, and the number of their first; none where it
// is not kept.
func chunkAt(tx *store.Tx, route int64, number uint32) (first uint32, fixes []Fix, err error) {
	var p logv1.Points
	_, found := tx.First(func(r store.Row) {
		first, err = uint32(r.Int(0)), proto.Unmarshal(r.Blob(1), &p)
	}, "SELECT first, points FROM chunk WHERE route = ? AND first <= ? ORDER BY first DESC LIMIT 1", route, number)
	return first, unpack(&p), errors.Join(found, err)
}
