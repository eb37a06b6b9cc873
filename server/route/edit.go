package route

import (
	"context"
	"crypto/rand"
	"fmt"

	logv1 "routeguide/proto/routeguide/log/v1"
)

// An Edit says what shall be said of a route; what is nil stays.
type Edit struct {
	Name   *string
	Color  *string // #rrggbb, or empty
	Hidden *bool
}

// Update changes what is said of a route, and returns it. Of two who change one field the last one has it.
//
// Errors: ErrNotFound, and those of store.
func (b *Book) Update(ctx context.Context, id string, edit Edit) (Route, error) {
	updated := &logv1.RouteUpdated{RouteId: id, Id: make([]byte, 16), Name: edit.Name, Color: edit.Color, Hidden: edit.Hidden}
	_, _ = rand.Read(updated.Id) // never fails
	e, err := b.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Updated{Updated: updated}}))
	if err != nil {
		return Route{}, fmt.Errorf("update the route: %w", err)
	}
	return e.Result.(made).route, nil
}

// Delete deletes a route and its points for good. Who records it is told ErrNotFound. One that was deleted may be deleted
// again.
//
// Errors: ErrNotFound for a route that there never was, and those of store.
func (b *Book) Delete(ctx context.Context, id string) error {
	deleted := &logv1.RouteDeleted{RouteId: id}
	if _, err := b.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Deleted{Deleted: deleted}})); err != nil {
		return fmt.Errorf("delete the route: %w", err)
	}
	return nil
}
