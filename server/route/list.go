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
