package feature

import (
	"cmp"
	"fmt"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: the newest edit of each feature, in the order of edits. What is null was not edited. What the file has is not
// known here, since it may be another one in another process; so a deleted feature keeps its row. The second version gives
// features identifiers; before it no edit could be made by anybody. The third remembers what features were before their newest
// edit, in the order in which they ceased to be it. A time is when an edit was made, in milliseconds, and never before that
// of the one before it; 0 is earlier than can be told.
var schema = []string{`
	CREATE TABLE feature_edit(lat INTEGER NOT NULL, lng INTEGER NOT NULL, name TEXT NOT NULL, deleted INTEGER NOT NULL,
		PRIMARY KEY(lat, lng)) WITHOUT ROWID;
	CREATE TABLE feature_change(id BLOB PRIMARY KEY) WITHOUT ROWID;`, `
	DROP TABLE feature_edit;
	CREATE TABLE feature_edit(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, deleted INTEGER NOT NULL,
		lat INTEGER, lng INTEGER, name TEXT, description TEXT, category TEXT, web_address TEXT);`, `
	ALTER TABLE feature_edit ADD COLUMN time INTEGER NOT NULL DEFAULT 0;
	CREATE INDEX feature_edit_time ON feature_edit(time, sequence);
	CREATE TABLE feature_past(number INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
		deleted INTEGER NOT NULL, lat INTEGER, lng INTEGER, name TEXT, description TEXT, category TEXT, web_address TEXT, time INTEGER NOT NULL);
	CREATE INDEX feature_past_time ON feature_past(time, sequence);
	CREATE INDEX feature_past_id ON feature_past(id);`,
}

const columns = "SELECT sequence, id, created, deleted, lat, lng, name, description, category, web_address, time "

const (
	// maxAdded is how many features one change may add. The number after theirs stands for all of them.
	maxAdded = 1<<addedBits - 1
	// addedBits of a sequence are the number of the feature in its change, from 0; above them is the change's position.
	addedBits = 10
)

// A row is what was edited of a feature.
type row struct {
	Patch
	id       string
	sequence uint64
	created  uint64 // the sequence at which it was added, or 0 for a feature of a file
	deleted  bool
	time     int64 // when, in milliseconds; 0 is earlier than can be told
}

func scan(r store.Row) row {
	var at *geo.Point
	if !r.Null(4) {
		at = &geo.Point{Lat: int32(r.Int(4)), Lng: int32(r.Int(5))}
	}
	text := func(column int) *string {
		if r.Null(column) {
			return nil
		}
		v := r.Text(column)
		return &v
	}
	return row{
		sequence: uint64(r.Int(0)), id: r.Text(1), created: uint64(r.Int(2)), deleted: r.Int(3) != 0,
		Patch: Patch{at, text(6), text(7), text(8), text(9)}, time: r.Int(10),
	}
}

func find(tx *store.Tx, id string) (found row, known bool, err error) {
	known, err = tx.First(func(r store.Row) { found = scan(r) }, columns+"FROM feature_edit WHERE id = ?", id)
	return found, known, err
}

// made is the result of a change: the rows that it wrote, none where it was made before.
type made []row

// apply refuses before it writes anything.
func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	c := change.GetFeature()
	if again, err := tx.First(func(store.Row) {}, "SELECT 1 FROM feature_change WHERE id = ?", c.Id); again || err != nil {
		return made(nil), err
	}
	var rows made
	var err error
	switch kind := c.Kind.(type) {
	case *logv1.FeatureChange_Added:
		rows, err = add(tx, kind.Added)
	case *logv1.FeatureChange_Updated:
		rows, err = update(tx, kind.Updated)
	case *logv1.FeatureChange_Deleted:
		rows, err = remove(tx, kind.Deleted)
	default:
		err = fmt.Errorf("a change of features of unknown kind %T", kind)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		var lat, lng any
		if r.Location != nil {
			lat, lng = r.Location.Lat, r.Location.Lng
		}
		if err := tx.Exec("INSERT INTO feature_past SELECT NULL, * FROM feature_edit WHERE id = ?", r.id); err != nil {
			return nil, err
		}
		err := tx.Exec("INSERT OR REPLACE INTO feature_edit VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", r.sequence, r.id, r.created, flag(r.deleted),
			lat, lng, null(r.Name), null(r.Description), null(r.Category), null(r.WebAddress), max(r.time, c.Time))
		if err != nil {
			return nil, err
		}
	}
	if err := forget(tx, c.PastLimit); err != nil {
		return nil, err
	}
	return rows, tx.Exec("INSERT INTO feature_change VALUES(?)", c.Id)
}

// forget drops the earlier values that were overtaken first, but for the newest so many. The next value of a feature that loses
// one was always there then, as far as can be told.
func forget(tx *store.Tx, keep uint32) error {
	var last int64
	if _, err := tx.First(func(r store.Row) { last = r.Int(0) - int64(keep) }, "SELECT coalesce(max(number), 0) FROM feature_past"); err != nil || last <= 0 || keep == 0 {
		return err
	}
	for _, sql := range []string{
		`UPDATE feature_past SET time = 0 WHERE number IN
			(SELECT (SELECT min(number) FROM feature_past next WHERE next.id = gone.id AND next.number > ?1) FROM feature_past gone WHERE gone.number <= ?1)`,
		`UPDATE feature_edit SET time = 0 WHERE id IN
			(SELECT id FROM feature_past gone WHERE number <= ?1 AND NOT EXISTS (SELECT 1 FROM feature_past next WHERE next.id = gone.id AND next.number > ?1))`,
		"DELETE FROM feature_past WHERE number <= ?1",
	} {
		if err := tx.Exec(sql, last); err != nil {
			return err
		}
	}
	return nil
}

func add(tx *store.Tx, a *logv1.FeaturesAdded) (made, error) {
	if len(a.Features) > maxAdded {
		return nil, fmt.Errorf("a change adds %d features, more than %d", len(a.Features), maxAdded)
	}
	rows := make(made, 0, len(a.Features))
	among := make(map[string]bool, len(a.Features))
	for i, f := range a.Features {
		old, known, err := find(tx, f.Id)
		if err != nil {
			return nil, err
		}
		if known && !old.deleted || among[f.Id] {
			continue
		}
		among[f.Id] = true
		at := tx.Position()<<addedBits + uint64(i)
		rows = append(rows, row{
			id: f.Id, sequence: at, created: cmp.Or(old.created, at), time: old.time,
			Patch: Patch{&geo.Point{Lat: f.Latitude, Lng: f.Longitude}, &f.Name, &f.Description, &f.Category, &f.WebAddress},
		})
	}
	return rows, nil
}

func update(tx *store.Tx, u *logv1.FeatureUpdated) (made, error) {
	r, err := editable(tx, u.Id)
	if err == nil && r.deleted {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var at *geo.Point
	if u.Latitude != nil && u.Longitude != nil {
		at = &geo.Point{Lat: *u.Latitude, Lng: *u.Longitude}
	}
	r.Patch = r.then(Patch{at, u.Name, u.Description, u.Category, u.WebAddress})
	return made{r}, nil
}

func remove(tx *store.Tx, d *logv1.FeatureDeleted) (made, error) {
	r, err := editable(tx, d.Id)
	if err != nil || r.deleted {
		return nil, err
	}
	r.deleted, r.Patch = true, Patch{}
	return made{r}, nil
}

// editable returns the row of a feature as it would be after an edit of nothing.
func editable(tx *store.Tx, id string) (row, error) {
	r, known, err := find(tx, id)
	if _, _, ofFile := parseFileID(id); err == nil && !known && !ofFile {
		err = ErrNotFound
	}
	r.id, r.sequence = id, tx.Position()<<addedBits
	return r, err
}

func null(value *string) any {
	if value == nil {
		return nil
	}
	return *value
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
