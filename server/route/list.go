package route

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Query selects routes. The zero value of a field leaves it open.
type Query struct {
	Area        *geo.Rect // their bounds share a point with it
	From, Until time.Time // they start at From or later, before Until
	Traveler    string
	State       State
	Hidden      bool   // hidden ones too
	After       Cursor // where the page before ended
	Limit       int    // routes a page
}

// A Cursor is a place in a list of routes. The zero value is before the first.
type Cursor struct{ Start, Key int64 }

// List returns the routes that q selects, the one that started last first, and the cursor for the next page, which is zero
// after the last one.
func (b *Book) List(ctx context.Context, q Query) (routes []Route, next Cursor, err error) {
	where, args := "WHERE deleted = 0", []any{}
	add := func(condition string, values ...any) {
		where += " AND " + condition
		args = append(args, values...)
	}
	if q.Traveler != "" {
		add("traveler = ?", q.Traveler)
	}
	if !q.From.IsZero() {
		add("start >= ?", q.From.UnixMilli())
	}
	if !q.Until.IsZero() {
		add("start < ?", q.Until.UnixMilli())
	}
	if q.State != 0 {
		add("state = ?", int64(q.State))
	}
	if !q.Hidden {
		add("hidden = 0")
	}
	if q.After != (Cursor{}) {
		add("(start, id) < (?, ?)", q.After.Start, q.After.Key)
	}
	if q.Area != nil {
		const overlap = "SELECT abs(id) FROM route_box WHERE north >= ? AND south <= ? AND east >= ? AND west <= ?"
		parts := q.Area.Split()
		condition, values := overlap, []any{}
		for i, part := range parts {
			if i > 0 {
				condition += " UNION " + overlap
			}
			values = append(values, part.South, part.North, part.West, part.East)
		}
		add("id IN ("+condition+")", values...)
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		for r, err := range tx.Query(columns+where+" ORDER BY start DESC, id DESC LIMIT ?", append(args, q.Limit+1)...) {
			if err != nil {
				return err
			}
			if len(routes) == q.Limit {
				return nil
			}
			found := scan(r)
			routes, next = append(routes, found.Route), Cursor{found.Start.UnixMilli(), found.id}
		}
		next = Cursor{}
		return nil
	})
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list routes: %w", err)
	}
	return routes, next, nil
}

// Get returns a route.
//
// Errors: ErrNotFound, and those of store.
func (b *Book) Get(ctx context.Context, id string) (Route, error) {
	var found row
	err := b.store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = present(tx, id)
		return err
	})
	if err != nil {
		return Route{}, fmt.Errorf("look for the route: %w", err)
	}
	return found.Route, nil
}

// Track returns the points of a route that are kept, from the one of a number on, as many as are stored together; none
// after the last.
func (b *Book) Track(ctx context.Context, id string, from uint32) (fixes []Fix, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		var p logv1.Points
		var failed error
		first := from
		_, err := tx.First(func(r store.Row) { first, failed = uint32(r.Int(0)), proto.Unmarshal(r.Blob(1), &p) },
			`SELECT c.first, c.points FROM chunk c JOIN route r ON r.id = c.route WHERE r.public = ?1
			AND c.first >= coalesce((SELECT max(first) FROM chunk WHERE route = r.id AND first <= ?2), 0) ORDER BY c.first LIMIT 1`, id, from)
		if fixes = unpack(&p); first < from {
			fixes = fixes[min(int(from-first), len(fixes)):]
		}
		return cmp.Or(err, failed)
	})
	if err != nil {
		return nil, fmt.Errorf("read the track: %w", err)
	}
	return fixes, nil
}
