package route

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// errMissing says that points before those of a change are not stored.
var errMissing = errors.New("points of the route before these are not stored")

// made is the result of a change of one route.
type made struct {
	route   Route
	fixes   []Fix // what came to it
	deleted bool
	anew    bool // fixes are all of its points, and may not be what they were
	again   bool // it was made before
}

func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	switch kind := change.GetRoute().GetKind().(type) {
	case *logv1.RouteChange_Begun:
		return begin(tx, kind.Begun)
	case *logv1.RouteChange_Extended:
		return extend(tx, kind.Extended)
	case *logv1.RouteChange_Forgotten:
		return nil, tx.Exec("DELETE FROM chunk WHERE ended < ?", kind.Forgotten.Before)
	case *logv1.RouteChange_Updated:
		return update(tx, kind.Updated)
	case *logv1.RouteChange_Deleted:
		return remove(tx, kind.Deleted)
	case *logv1.RouteChange_Reported:
		return report(tx, kind.Reported)
	case *logv1.RouteChange_Abandoned:
		return abandon(tx, kind.Abandoned)
	default:
		return nil, fmt.Errorf("a change of routes of unknown kind %T", kind)
	}
}

func begin(tx *store.Tx, b *logv1.RouteBegun) (any, error) {
	r, known, err := find(tx, "token = ?", b.Token)
	switch {
	case err != nil:
		return nil, err
	case r.deleted:
		return nil, ErrNotFound
	case !known:
		began := time.UnixMilli(b.Time)
		if r.id, err = nextID(tx); err != nil {
			return nil, err
		}
		r.token = b.Token
		r.Route = Route{ID: b.RouteId, Traveler: b.Traveler, Began: began, Ended: began, Start: began, Newest: Fix{Time: began}}
	case r.State == Finished:
		return made{route: r.Route, again: true}, nil
	}
	r.call, r.State = b.Call, Recording
	return made{route: r.Route}, r.save(tx)
}

// extend refuses before it writes anything.
func extend(tx *store.Tx, e *logv1.RouteExtended) (any, error) {
	r, known, err := find(tx, "token = ?", e.Token)
	switch {
	case err != nil:
		return nil, err
	case r.deleted:
		return nil, ErrNotFound
	case !known || !bytes.Equal(r.call, e.Call):
		return nil, ErrTaken
	case e.First > r.Points:
		return nil, errMissing
	case r.State == Finished || e.First < r.Points: // made before: a call sends each point once
		return made{route: r.Route, again: true}, nil
	}
	fixes, was := unpack(e.Points), r.Bounds
	if len(fixes) > 0 {
		blob, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.Points)
		if err != nil {
			return nil, fmt.Errorf("encode points: %w", err)
		}
		if err := tx.Exec("INSERT INTO chunk VALUES(?, ?, ?, ?)", r.id, e.First, e.Time, blob); err != nil {
			return nil, err
		}
	}
	measured := len(e.Steps) == len(fixes) // older versions did not
	for i, f := range fixes {
		if measured {
			if r.Points > 0 {
				r.Statistics.step(int64(e.Steps[i]), f.Time.Sub(r.Newest.Time).Milliseconds())
			}
			r.Statistics.point(f)
		}
		r.take(f)
	}
	r.State, r.Ended, r.Features, r.Metres = State(e.State), time.UnixMilli(e.Time), e.Features, e.Metres
	err = r.save(tx)
	if err == nil && len(fixes) > 0 && (r.Bounds != was || e.First == 0) {
		err = r.box(tx)
	}
	return made{route: r.Route, fixes: fixes}, err
}

// abandon leaves routes of devices alone: those are as what was reported of them.
func abandon(tx *store.Tx, a *logv1.RoutesAbandoned) (any, error) {
	var all []row
	for found, err := range tx.Query(columns+"WHERE state = 1 AND ended < ? AND device IS NULL ORDER BY id", a.Before) {
		if err != nil {
			return nil, err
		}
		all = append(all, scan(found))
	}
	var out reported
	for _, r := range all {
		r.State = Interrupted
		if err := r.save(tx); err != nil {
			return nil, err
		}
		out.routes = append(out.routes, made{route: r.Route})
	}
	return out, nil
}

// measure has a route be at its next point, and counts what it comes to with it.
func (r *Route) measure(f Fix) {
	if r.Points > 0 {
		metres := geo.Distance(r.Newest.Point, f.Point)
		r.Metres += metres
		r.Statistics.step(int64(math.Round(metres*1000)), f.Time.Sub(r.Newest.Time).Milliseconds())
	}
	r.Statistics.point(f)
	if f.onFeature {
		r.Features++
	}
	r.take(f)
}

// take has a route be at its next point.
func (r *Route) take(f Fix) {
	if r.Points == 0 {
		r.Start, r.Bounds = f.Time, geo.RectOf(f.Point, f.Point)
	}
	r.Bounds, r.Sketch, r.Newest = r.Bounds.With(f.Point), r.Sketch.with(r.Points, f.Point), f
	r.Points++
}

func update(tx *store.Tx, u *logv1.RouteUpdated) (any, error) {
	r, err := present(tx, u.RouteId)
	if err != nil {
		return nil, err
	}
	if again, err := tx.First(func(store.Row) {}, "SELECT 1 FROM route_change WHERE id = ?", u.Id); again || err != nil {
		return made{route: r.Route, again: true}, err
	}
	if err := tx.Exec("INSERT INTO route_change VALUES(?)", u.Id); err != nil {
		return nil, err
	}
	if u.Name != nil {
		r.Name = *u.Name
	}
	if u.Color != nil {
		r.Color = *u.Color
	}
	if u.Hidden != nil {
		r.Hidden = *u.Hidden
	}
	return made{route: r.Route}, r.save(tx)
}

func remove(tx *store.Tx, d *logv1.RouteDeleted) (any, error) {
	r, known, err := find(tx, "public = ?", d.RouteId)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, ErrNotFound
	case r.deleted:
		return made{route: r.Route, deleted: true, again: true}, nil
	}
	return r.remove(tx)
}

// remove leaves a row that nothing but its keys is known of, so that who records the route is told, and no later change makes
// it anew. Of one that a device reported it keeps the time, so that the device's reports do not.
func (r row) remove(tx *store.Tx) (made, error) {
	start, end := time.UnixMilli(0), time.UnixMilli(0)
	if r.device != nil {
		start, end = r.Start, r.Newest.Time
	}
	epoch := time.UnixMilli(0)
	r.call, r.deleted, r.anchor = []byte{}, true, anchor{since: epoch}
	r.Route = Route{ID: r.ID, State: Finished, Began: epoch, Ended: epoch, Start: start, Newest: Fix{Time: end}}
	if err := r.save(tx); err != nil {
		return made{}, err
	}
	if err := tx.Exec("DELETE FROM route_box WHERE id IN (?, ?)", r.id, -r.id); err != nil {
		return made{}, err
	}
	return made{route: r.Route, deleted: true}, tx.Exec("DELETE FROM chunk WHERE route = ?", r.id)
}
