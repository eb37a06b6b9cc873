package feature

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Book is the features of a file with the stored edits. It is safe for concurrent use, and no reader waits for an edit.
type Book struct {
	store   *store.Store
	base    *Index
	current atomic.Pointer[edition]
}

// New returns the book of the features of base, whose edits st keeps. It is called before st is opened; the edits are there
// when it is open.
func New(st *store.Store, base *Index) *Book {
	b := &Book{store: st, base: base}
	b.current.Store(unedited(base))
	st.Register(store.Book{Name: "feature", Schema: schema, Apply: apply, Load: b.load, Committed: b.committed})
	return b
}

// At returns the feature at exactly p, and whether there is one. Of several in the file it is the first.
func (b *Book) At(p geo.Point) (Feature, bool) { return b.current.Load().at(p) }

// In yields the features in r, its edges included, each once, as they are now: edits that are made meanwhile do not show.
// Those of the file come first, in its order, then those that were edited, by latitude and longitude. The rectangle may
// cross the antimeridian. Nothing is locked while it yields, so the consumer may be slow.
func (b *Book) In(r geo.Rect) iter.Seq[Feature] { return b.current.Load().in(r) }

// Put stores a feature instead of whatever is at its location. When it returns, every reader sees it; of two at one
// location the last one stays.
//
// Errors: those of store.Store.Do, and others for a location or a name that cannot be.
func (b *Book) Put(ctx context.Context, f Feature) error {
	if err := errors.Join(f.checkLocation(), checkName(f.Name)); err != nil {
		return err
	}
	return b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Put{
		Put: &logv1.FeaturePut{Latitude: f.Location.Lat, Longitude: f.Location.Lng, Name: f.Name},
	}})
}

// Delete has nothing be at p, whether something is there now or not. When it returns, every reader sees it.
//
// Errors: those of store.Store.Do, and another for a point that cannot be.
func (b *Book) Delete(ctx context.Context, p geo.Point) error {
	if err := (Feature{Location: p}).checkLocation(); err != nil {
		return err
	}
	return b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Deleted{
		Deleted: &logv1.FeatureDeleted{Latitude: p.Lat, Longitude: p.Lng},
	}})
}

func (b *Book) do(ctx context.Context, change *logv1.FeatureChange) error {
	change.Id = make([]byte, 16)
	_, _ = rand.Read(change.Id) // never fails
	if _, err := b.store.Do(ctx, &logv1.Change{Book: &logv1.Change_Feature{Feature: change}}); err != nil {
		return fmt.Errorf("edit features: %w", err)
	}
	return nil
}

// schema: the newest edit of each location, and the changes that were made. What the file has at a location is not known here,
// so a deleted feature keeps its row.
var schema = []string{`
	CREATE TABLE feature_edit(lat INTEGER NOT NULL, lng INTEGER NOT NULL, name TEXT NOT NULL, deleted INTEGER NOT NULL,
		PRIMARY KEY(lat, lng)) WITHOUT ROWID;
	CREATE TABLE feature_change(id BLOB PRIMARY KEY) WITHOUT ROWID;`,
}

// apply stores an edit, and returns it as an *edit, which is nil when it was made before.
func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	var made edit
	deleted := 0
	switch kind := change.GetFeature().GetKind().(type) {
	case *logv1.FeatureChange_Put:
		made.Feature = Feature{kind.Put.Name, geo.Point{Lat: kind.Put.Latitude, Lng: kind.Put.Longitude}}
	case *logv1.FeatureChange_Deleted:
		made.Location = geo.Point{Lat: kind.Deleted.Latitude, Lng: kind.Deleted.Longitude}
		made.deleted, deleted = true, 1
	default:
		return nil, fmt.Errorf("a change of features of unknown kind %T", kind)
	}
	id := change.GetFeature().Id
	if again, err := tx.First(func(store.Row) {}, "SELECT 1 FROM feature_change WHERE id = ?", id); again || err != nil {
		return (*edit)(nil), err
	}
	if err := tx.Exec("INSERT INTO feature_change VALUES(?)", id); err != nil {
		return nil, err
	}
	return &made, tx.Exec("INSERT OR REPLACE INTO feature_edit VALUES(?, ?, ?, ?)", made.Location.Lat, made.Location.Lng, made.Name, deleted)
}

func (b *Book) load(tx *store.Tx) error {
	var all []*edit
	for row, err := range tx.Query("SELECT lat, lng, name, deleted FROM feature_edit") {
		if err != nil {
			return err
		}
		at := geo.Point{Lat: int32(row.Int(0)), Lng: int32(row.Int(1))}
		all = append(all, &edit{Feature{row.Text(2), at}, row.Int(3) != 0})
	}
	b.current.Store(unedited(b.base).with(all))
	return nil
}

func (b *Book) committed(events []store.Event) {
	var made []*edit
	for _, e := range events {
		if m := e.Result.(*edit); m != nil {
			made = append(made, m)
		}
	}
	b.current.Store(b.current.Load().with(made))
}
