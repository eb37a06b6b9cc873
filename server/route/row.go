package route

import (
	"strings"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: a row a route, and its points in chunks of those that were stored together. Routes are found by their secret, by
// their public name, by when they start, by their traveler, by when they were last heard of, and by the area that they cover:
// of one that crosses the antimeridian route_box has the part west of it under the route's key, the other under minus that.
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
	CREATE INDEX chunk_ended ON chunk(ended);`, `
	ALTER TABLE route RENAME COLUMN name TO public;
	ALTER TABLE route ADD COLUMN name TEXT NOT NULL DEFAULT '';
	ALTER TABLE route ADD COLUMN color TEXT NOT NULL DEFAULT '';
	ALTER TABLE route ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN start INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN time INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN elevation INTEGER;
	ALTER TABLE route ADD COLUMN accuracy INTEGER;
	ALTER TABLE route ADD COLUMN speed INTEGER;
	ALTER TABLE route ADD COLUMN heading INTEGER;
	ALTER TABLE route ADD COLUMN battery INTEGER;
	ALTER TABLE route ADD COLUMN moving_time INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN moving_distance INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN stops INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN climb INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN descent INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN measured_top INTEGER;
	ALTER TABLE route ADD COLUMN step_top INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN rest INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN level INTEGER;
	ALTER TABLE route ADD COLUMN sketch BLOB NOT NULL DEFAULT x'';
	UPDATE route SET start = began, time = ended;
	DROP INDEX route_began;
	DROP INDEX route_traveler;
	CREATE INDEX route_start ON route(start);
	CREATE INDEX route_traveler ON route(traveler, start);
	CREATE INDEX route_time ON route(time);
	CREATE TABLE route_change(id BLOB PRIMARY KEY) WITHOUT ROWID;`, `
	ALTER TABLE route ADD COLUMN device BLOB;
	ALTER TABLE route ADD COLUMN anchor_lat INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN anchor_lng INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN anchor_time INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE route ADD COLUMN anew INTEGER NOT NULL DEFAULT 0;
	CREATE INDEX route_device ON route(device, start) WHERE device IS NOT NULL;
	CREATE INDEX route_device_time ON route(device, time) WHERE device IS NOT NULL;
	CREATE INDEX route_recording ON route(device) WHERE state = 1;`,
}

// fields are the columns of a route in the order of scan and values.
var fields = strings.Fields(`id token public call deleted traveler state name color hidden began ended points features metres
	south north west east start lat lng time elevation accuracy speed heading battery
	moving_time moving_distance stops climb descent measured_top step_top rest level sketch
	device anchor_lat anchor_lng anchor_time anew`)

var (
	columns = "SELECT " + strings.Join(fields, ", ") + " FROM route "
	save    = "INSERT INTO route(" + strings.Join(fields, ", ") + ") VALUES(?" + strings.Repeat(", ?", len(fields)-1) +
		") ON CONFLICT(id) DO UPDATE SET (" + strings.Join(fields[3:], ", ") + ") = (excluded." + strings.Join(fields[3:], ", excluded.") + ")"
)

// row is a route as it stands in the table. Of one that was deleted there is nothing but the keys.
type row struct {
	Route
	id      int64
	token   []byte
	call    []byte
	deleted bool
	device  []byte // hash of the device that reported it, or nil
	anchor  anchor
	anew    uint64 // the position of the change that made it anew of points in another order, or 0
}

// An anchor is where and when a device came to the place that it is at: while it stays near, it rests there.
type anchor struct {
	point geo.Point
	since time.Time
}

func scan(r store.Row) (out row) {
	out.id, out.token, out.ID, out.call, out.deleted = r.Int(0), r.Blob(1), r.Text(2), r.Blob(3), r.Int(4) != 0
	out.Traveler, out.State, out.Name, out.Color, out.Hidden = r.Text(5), State(r.Int(6)), r.Text(7), r.Text(8), r.Int(9) != 0
	out.Began, out.Ended = time.UnixMilli(r.Int(10)), time.UnixMilli(r.Int(11))
	out.Points, out.Features, out.Metres = uint32(r.Int(12)), uint32(r.Int(13)), r.Float(14)
	out.Bounds = geo.Rect{South: int32(r.Int(15)), North: int32(r.Int(16)), West: int32(r.Int(17)), East: int32(r.Int(18))}
	out.Start = time.UnixMilli(r.Int(19))
	out.Newest = Fix{
		Point: geo.Point{Lat: int32(r.Int(20)), Lng: int32(r.Int(21))}, Time: time.UnixMilli(r.Int(22)),
		Elevation: measure(r, 23), Accuracy: measure(r, 24), Speed: measure(r, 25), Heading: measure(r, 26), Battery: measure(r, 27),
	}
	out.Statistics = Statistics{
		MovingTime: r.Int(28), MovingDistance: r.Int(29), Stops: r.Int(30), Climb: r.Int(31), Descent: r.Int(32),
		measuredTop: measure(r, 33), stepTop: r.Int(34), rest: r.Int(35), level: measure(r, 36),
	}
	out.Sketch = Sketch{string(r.Blob(37))}
	if !r.Null(38) {
		out.device = r.Blob(38)
	}
	out.anchor = anchor{geo.Point{Lat: int32(r.Int(39)), Lng: int32(r.Int(40))}, time.UnixMilli(r.Int(41))}
	out.anew = uint64(r.Int(42))
	return out
}

func (r row) values() []any {
	n, s := r.Newest, r.Statistics
	return []any{
		r.id, r.token, r.ID, r.call, number(r.deleted), r.Traveler, int64(r.State), r.Name, r.Color, number(r.Hidden),
		r.Began.UnixMilli(), r.Ended.UnixMilli(), r.Points, r.Features, r.Metres,
		r.Bounds.South, r.Bounds.North, r.Bounds.West, r.Bounds.East, r.Start.UnixMilli(),
		n.Point.Lat, n.Point.Lng, n.Time.UnixMilli(),
		optional(n.Elevation), optional(n.Accuracy), optional(n.Speed), optional(n.Heading), optional(n.Battery),
		s.MovingTime, s.MovingDistance, s.Stops, s.Climb, s.Descent, optional(s.measuredTop), s.stepTop, s.rest, optional(s.level),
		[]byte(r.Sketch.packed), blobOrNull(r.device), r.anchor.point.Lat, r.anchor.point.Lng, r.anchor.since.UnixMilli(), r.anew,
	}
}

func blobOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// nextID returns a key that no route has or had: those that were deleted keep their rows.
func nextID(tx *store.Tx) (id int64, err error) {
	_, err = tx.First(func(r store.Row) { id = r.Int(0) + 1 }, "SELECT coalesce(max(id), 0) FROM route")
	return id, err
}

func measure(r store.Row, column int) geo.Measure {
	if r.Null(column) {
		return geo.Measure{}
	}
	return geo.Measured(int32(r.Int(column)))
}

func optional(m geo.Measure) any {
	if value, known := m.Get(); known {
		return value
	}
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// find returns the route that a condition selects, and whether there is one or was before it was deleted.
func find(tx *store.Tx, where string, key any) (found row, known bool, err error) {
	known, err = tx.First(func(r store.Row) { found = scan(r) }, columns+"WHERE "+where, key)
	return found, known, err
}

// present returns the route of a public name, or ErrNotFound.
func present(tx *store.Tx, id string) (row, error) {
	r, known, err := find(tx, "public = ?", id)
	if err == nil && (!known || r.deleted) {
		err = ErrNotFound
	}
	return r, err
}

func (r row) save(tx *store.Tx) error { return tx.Exec(save, r.values()...) }

// box stores where the route is found by area.
func (r row) box(tx *store.Tx) error {
	key := r.id
	for _, part := range r.Bounds.Split() {
		if err := tx.Exec("INSERT OR REPLACE INTO route_box VALUES(?, ?, ?, ?, ?)", key, part.South, part.North, part.West, part.East); err != nil {
			return err
		}
		key = -key
	}
	return nil
}
