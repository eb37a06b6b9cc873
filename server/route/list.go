package route

import (
	"context"
	"fmt"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Query selects routes. The zero value of a field leaves it open.
type Query struct {
	Area        *geo.Rect // their bounds share a point with it
	From, Until time.Time // they start at From or later, before Until
	Traveler    string
	State       State
	Hidden      bool      // hidden ones too
	At          time.Time // those that had begun by then, as they were
	After       Cursor    // where the page before ended
	Limit       int       // routes a page
}

// A Cursor is a place in a list of routes. The zero value is before the first.
type Cursor struct{ Start, Key int64 }

// List returns the routes that q selects, the one that started last first, and the cursor for the next page, which is zero
// after the last one. As it was at a time, a route was being recorded until its newest point, and is made of its points until
// then; all else is as it is now.
func (b *Book) List(ctx context.Context, q Query) (routes []Route, next Cursor, err error) {
	limit := q.Limit
	for {
		q.Limit = limit - len(routes)
		page, next, err := b.page(ctx, q)
		if err != nil {
			return nil, Cursor{}, fmt.Errorf("list routes: %w", err)
		}
		for _, r := range page {
			then, there, err := b.until(ctx, r.Route, q)
			if err != nil {
				return nil, Cursor{}, fmt.Errorf("list routes: %w", err)
			}
			if there {
				routes = append(routes, then)
			}
		}
		if next == (Cursor{}) || len(routes) == limit {
			return routes, next, nil
		}
		q.After = next
	}
}

// page returns the next routes that q may select, as they are now.
func (b *Book) page(ctx context.Context, q Query) (page []row, next Cursor, err error) {
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
	if !q.At.IsZero() {
		add("start <= ?", q.At.UnixMilli())
	}
	if q.State != 0 && q.At.IsZero() {
		add("state = ?", int64(q.State))
	} else if q.State != 0 {
		add("iif(time > ?, ?, state) = ?", q.At.UnixMilli(), int64(Recording), int64(q.State))
	}
	if !q.Hidden {
		add("hidden = 0")
	}
	if q.After != (Cursor{}) {
		add("(start, id) < (?, ?)", q.After.Start, q.After.Key)
	}
	if q.Area != nil {
		condition, values := within(*q.Area)
		add(condition, values...)
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		for r, err := range tx.Query(columns+where+" ORDER BY start DESC, id DESC LIMIT ?", append(args, q.Limit+1)...) {
			if err != nil {
				return err
			}
			if len(page) == q.Limit {
				return nil
			}
			found := scan(r)
			page, next = append(page, found), Cursor{found.Start.UnixMilli(), found.id}
		}
		next = Cursor{}
		return nil
	})
	return page, next, err
}

// within is the condition that the bounds of a route share a point with an area.
func within(area geo.Rect) (condition string, values []any) {
	const overlap = "SELECT abs(id) FROM route_box WHERE north >= ? AND south <= ? AND east >= ? AND west <= ?"
	condition = overlap
	for i, part := range area.Split() {
		if i > 0 {
			condition += " UNION " + overlap
		}
		values = append(values, part.South, part.North, part.West, part.East)
	}
	return "id IN (" + condition + ")", values
}
