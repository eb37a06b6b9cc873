package key

import (
	"fmt"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: times are in milliseconds since 1970, 0 for none; number is the position of the change that made the key.
var schema = []string{`
	CREATE TABLE key(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, secret BLOB NOT NULL UNIQUE, name TEXT NOT NULL,
		role INTEGER NOT NULL, expires INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL, revoked INTEGER NOT NULL,
		sight INTEGER NOT NULL, since INTEGER NOT NULL, route TEXT NOT NULL, traveler TEXT NOT NULL,
		south INTEGER, west INTEGER, north INTEGER, east INTEGER);`,
}

const columns = "SELECT number, id, secret, name, role, expires, created, used, revoked, sight, since, route, traveler, south, west, north, east FROM key "

// A row is a key as it is stored.
type row struct {
	Key
	secret hash
}

func scan(r store.Row) row {
	k := row{Key: Key{
		number: uint64(r.Int(0)), ID: r.Text(1), Name: r.Text(3), Role: Role(r.Int(4)),
		Expires: moment(r.Int(5)), Created: moment(r.Int(6)), Used: moment(r.Int(7)), Revoked: moment(r.Int(8)),
		Limit: Limit{Sight: Sight(r.Int(9)), From: moment(r.Int(10)), Route: r.Text(11), Traveler: r.Text(12)},
	}}
	copy(k.secret[:], r.Blob(2))
	if !r.Null(13) {
		k.Limit.Area = &geo.Rect{South: int32(r.Int(13)), West: int32(r.Int(14)), North: int32(r.Int(15)), East: int32(r.Int(16))}
	}
	return k
}

func moment(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds)
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func find(tx *store.Tx, id string) (found row, known bool, err error) {
	known, err = tx.First(func(r store.Row) { found = scan(r) }, columns+"WHERE id = ?", id)
	return found, known, err
}

// apply returns the key as it is after the change; nil, if a use is of none.
func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	switch kind := change.GetKey().GetKind().(type) {
	case *logv1.KeyChange_Created:
		return create(tx, kind.Created)
	case *logv1.KeyChange_Revoked:
		k, known, err := find(tx, kind.Revoked.Id)
		switch {
		case err != nil:
			return nil, err
		case !known:
			return nil, ErrNotFound
		case k.Revoked.IsZero():
			k.Revoked = moment(kind.Revoked.Time)
		}
		return &k, tx.Exec("UPDATE key SET revoked = ? WHERE id = ?", milliseconds(k.Revoked), k.ID)
	case *logv1.KeyChange_Used:
		k, known, err := find(tx, kind.Used.Id)
		if err != nil || !known {
			return (*row)(nil), err
		}
		if at := moment(kind.Used.Time); at.After(k.Used) {
			k.Used = at
		}
		return &k, tx.Exec("UPDATE key SET used = ? WHERE id = ?", milliseconds(k.Used), k.ID)
	default:
		return nil, fmt.Errorf("a change of keys of unknown kind %T", kind)
	}
}

// create refuses before it writes anything.
func create(tx *store.Tx, c *logv1.KeyCreated) (*row, error) {
	if k, known, err := find(tx, c.Id); known || err != nil {
		return &k, err
	}
	var useful int64
	_, err := tx.First(func(r store.Row) { useful = r.Int(0) },
		"SELECT count(*) FROM key WHERE revoked = 0 AND (expires = 0 OR expires > ?)", c.Time)
	if err != nil {
		return nil, err
	}
	if useful >= c.Most {
		return nil, ErrTooMany
	}
	err = tx.Exec("DELETE FROM key WHERE revoked BETWEEN 1 AND ? OR expires BETWEEN 1 AND ?", c.ForgetBefore, c.ForgetBefore)
	if err != nil {
		return nil, err
	}
	var south, west, north, east any
	if a := c.Area; a != nil {
		south, west, north, east = a.South, a.West, a.North, a.East
	}
	err = tx.Exec("INSERT INTO key VALUES(?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?)", tx.Position(), c.Id, c.Secret, c.Name,
		c.Role, c.ExpireTime, c.Time, c.Sight, c.HistoryStart, c.Route, c.Traveler, south, west, north, east)
	if err != nil {
		return nil, err
	}
	k, _, err := find(tx, c.Id)
	return &k, err
}
