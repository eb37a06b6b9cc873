package route

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: a row a route, and its points in chunks of those that were stored together. Routes are found by their secret, by
// their public name, by when they began, by their traveler, and by the area that they cover.
var schema = []string{`
	CREATE TABLE route(id INTEGER PRIMARY KEY, token BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, call BLOB NOT NULL,
		traveler TEXT NOT NULL, state INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL,
		points INTEGER NOT NULL, features INTEGER NOT NULL, metres REAL NOT NULL,
		south INTEGER NOT NULL, north INTEGER NOT NULL, west INTEGER NOT NULL, east INTEGER NOT NULL,
		lat INTEGER NOT NULL, lng INTEGER NOT NULL);
	CREATE INDEX route_began ON route(began);
	CREATE INDEX route_traveler ON route(traveler, began);
	CREATE VIRTUAL TABLE route_box USING rtree_i32(id, south, north, west, east);
	CREATE TABLE chunk(route INTEGER NOT NULL, first INTEGER NOT NULL, ended INTEGER NOT NULL, points BLOB NOT NULL,
		PRIMARY KEY(route, first)) WITHOUT ROWID;
	CREATE INDEX chunk_ended ON chunk(ended);`,
}

const columns = "SELECT id, call, name, traveler, state, began, ended, points, features, metres, south, north, west, east, lat, lng FROM route "

// errMissing says that points before those of a change are not stored.
var errMissing = errors.New("points of the route before these are not stored")

// row is a route as it stands in the table.
type row struct {
	Route
	id   int64
	call []byte
}

func scan(r store.Row) row {
	return row{
		id: r.Int(0), call: r.Blob(1),
		Route: Route{
			ID: r.Text(2), Traveler: r.Text(3), State: State(r.Int(4)), Began: time.UnixMilli(r.Int(5)), Ended: time.UnixMilli(r.Int(6)),
			Points: uint32(r.Int(7)), Features: uint32(r.Int(8)), Metres: r.Float(9),
			Bounds: geo.Rect{South: int32(r.Int(10)), North: int32(r.Int(11)), West: int32(r.Int(12)), East: int32(r.Int(13))},
			last:   geo.Point{Lat: int32(r.Int(14)), Lng: int32(r.Int(15))},
		},
	}
}

func find(tx *store.Tx, token []byte) (found row, known bool, err error) {
	known, err = tx.First(func(r store.Row) { found = scan(r) }, columns+"WHERE token = ?", token)
	return found, known, err
}

func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	switch kind := change.GetRoute().GetKind().(type) {
	case *logv1.RouteChange_Begun:
		return begin(tx, kind.Begun)
	case *logv1.RouteChange_Extended:
		return extend(tx, kind.Extended)
	case *logv1.RouteChange_Forgotten:
		return nil, tx.Exec("DELETE FROM chunk WHERE ended < ?", kind.Forgotten.Before)
	case *logv1.RouteChange_Abandoned:
		return nil, tx.Exec("UPDATE route SET state = ? WHERE state = ? AND ended < ?", int64(Interrupted), int64(Recording), kind.Abandoned.Before)
	default:
		return nil, fmt.Errorf("a change of routes of unknown kind %T", kind)
	}
}

func begin(tx *store.Tx, b *logv1.RouteBegun) (any, error) {
	r, known, err := find(tx, b.Token)
	switch {
	case err != nil:
		return nil, err
	case !known:
		began := time.UnixMilli(b.Time)
		err := tx.Exec("INSERT INTO route VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
			tx.Position(), b.Token, b.RouteId, b.Call, b.Traveler, int64(Recording), b.Time, b.Time)
		return Route{ID: b.RouteId, Traveler: b.Traveler, State: Recording, Began: began, Ended: began}, err
	case r.State == Finished:
		return r.Route, nil
	}
	r.State = Recording
	return r.Route, tx.Exec("UPDATE route SET call = ?, state = ? WHERE id = ?", b.Call, int64(Recording), r.id)
}

// extend refuses before it writes anything.
func extend(tx *store.Tx, e *logv1.RouteExtended) (any, error) {
	r, known, err := find(tx, e.Token)
	if err != nil {
		return nil, err
	}
	if !known || !bytes.Equal(r.call, e.Call) {
		return nil, ErrTaken
	}
	fixes := unpack(e.Points)
	switch {
	case e.First > r.Points:
		return nil, errMissing
	case r.State == Finished || e.First < r.Points: // made before: a call sends each point once
		return r.Route, nil
	}
	was := r.Bounds
	if len(fixes) > 0 {
		blob, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.Points)
		if err != nil {
			return nil, fmt.Errorf("encode points: %w", err)
		}
		newest := fixes[len(fixes)-1]
		if err := tx.Exec("INSERT INTO chunk VALUES(?, ?, ?, ?)", r.id, e.First, newest.Time.UnixMilli(), blob); err != nil {
			return nil, err
		}
		for _, f := range fixes {
			r.Bounds = grown(r.Bounds, f.Point, r.Points == 0)
			r.Points++
		}
		r.last = newest.Point
	}
	r.State, r.Ended, r.Features, r.Metres = State(e.State), time.UnixMilli(e.Time), e.Features, e.Metres
	err = tx.Exec("UPDATE route SET state = ?, ended = ?, points = ?, features = ?, metres = ?, south = ?, north = ?, west = ?, east = ?, lat = ?, lng = ? WHERE id = ?",
		int64(r.State), e.Time, r.Points, r.Features, r.Metres, r.Bounds.South, r.Bounds.North, r.Bounds.West, r.Bounds.East, r.last.Lat, r.last.Lng, r.id)
	if err == nil && len(fixes) > 0 && (r.Bounds != was || e.First == 0) {
		err = tx.Exec("INSERT OR REPLACE INTO route_box VALUES(?, ?, ?, ?, ?)", r.id, r.Bounds.South, r.Bounds.North, r.Bounds.West, r.Bounds.East)
	}
	return r.Route, err
}

// grown is a rectangle that holds a point too.
func grown(b geo.Rect, p geo.Point, first bool) geo.Rect {
	if first {
		return geo.RectOf(p, p)
	}
	return geo.Rect{South: min(b.South, p.Lat), North: max(b.North, p.Lat), West: min(b.West, p.Lng), East: max(b.East, p.Lng)}
}
