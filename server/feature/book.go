package feature

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Book is the features of a file with the stored edits. It is safe for concurrent use, and no reader waits for an edit.
type Book struct {
	store   *store.Store
	base    *Index
	current atomic.Pointer[Edition]
	hub     *hub
}

// New returns the book of the features of base, whose edits st keeps. It is called before st is opened; the edits are there
// when it is open.
func New(st *store.Store, base *Index) *Book {
	b := &Book{store: st, base: base, hub: newHub()}
	b.current.Store(unedited(base))
	st.Register(store.Book{Name: "feature", Schema: schema, Apply: apply, Load: b.load, Committed: b.committed})
	return b
}

// Now returns the features as they are.
func (b *Book) Now() *Edition { return b.current.Load() }

// At returns the feature at exactly p, and whether there is one. Of several it is the first that In yields.
func (b *Book) At(p geo.Point) (Feature, bool) { return b.current.Load().at(p) }

// In yields the features in r, its edges included, each once, as they are now: edits that are made meanwhile do not show.
// Those of the file come first, in its order, then those that were edited or added, by identifier: added ones in about the
// order in which they were. The rectangle may cross the antimeridian. Nothing is locked while it yields, so the consumer may
// be slow.
func (b *Book) In(r geo.Rect) iter.Seq[Feature] { return b.current.Load().in(r) }

// Find returns the feature with an identifier, and whether there is one.
func (b *Book) Find(id string) (Entry, bool) { return b.current.Load().Find(id) }

// Create adds a feature, and returns it with its identifier. When it returns, every reader sees it.
//
// Errors: a *FieldError, and those of store.Store.Do.
func (b *Book) Create(ctx context.Context, d Described) (Entry, error) {
	if err := patchTo(d).check(); err != nil {
		return Entry{}, err
	}
	created := Entry{newID(time.Now()), d}
	_, err := b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Added{
		Added: &logv1.FeaturesAdded{Features: []*logv1.FeatureAdded{created.added()}},
	}})
	return created, err
}

// added is an entry as a change adds it.
func (e Entry) added() *logv1.FeatureAdded {
	return &logv1.FeatureAdded{
		Id: e.ID, Latitude: e.Location.Lat, Longitude: e.Location.Lng,
		Name: e.Name, Description: e.Description, Category: e.Category, WebAddress: e.WebAddress,
	}
}

// Update changes fields of a feature, and returns it as it is then. When it returns, every reader sees it. Of two who change
// one field the last one has it.
//
// Errors: a *FieldError, ErrNotFound, and those of store.Store.Do.
func (b *Book) Update(ctx context.Context, id string, p Patch) (Entry, error) {
	if err := p.check(); err != nil {
		return Entry{}, err
	}
	if err := b.known(id); err != nil {
		return Entry{}, err
	}
	updated := &logv1.FeatureUpdated{
		Id: id, Name: p.Name, Description: p.Description, Category: p.Category, WebAddress: p.WebAddress,
	}
	if p.Location != nil {
		updated.Latitude, updated.Longitude = &p.Location.Lat, &p.Location.Lng
	}
	rows, err := b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Updated{Updated: updated}})
	if err != nil {
		return Entry{}, err
	}
	for _, r := range rows {
		return b.base.edit(r).Entry, nil
	}
	e, _ := b.current.Load().Find(id)
	return e, nil
}

// Put is Update, and adds the feature where there is none, or none any more.
//
// Errors: a *FieldError, also for an identifier that is not 1 to 64 of the characters a-z 0-9 -, and those of store.Store.Do.
func (b *Book) Put(ctx context.Context, id string, p Patch) (Entry, error) {
	for {
		e, err := b.Update(ctx, id, p)
		if !errors.Is(err, ErrNotFound) {
			return e, err
		}
		if len(id) > maxOwnID || !isWord(id) {
			return Entry{}, &FieldError{"id", errOwnID}
		}
		if p.Location == nil {
			return Entry{}, &FieldError{"location", errors.New("is required")}
		}
		e = Entry{id, p.of(Described{})}
		rows, err := b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Added{
			Added: &logv1.FeaturesAdded{Features: []*logv1.FeatureAdded{e.added()}},
		}})
		if err != nil || len(rows) > 0 {
			return e, err
		} // somebody else has just added it
	}
}

// Delete has a feature be no more, also one that is deleted already. When it returns, every reader sees it.
//
// Errors: ErrNotFound where there never was such a feature, and those of store.Store.Do.
func (b *Book) Delete(ctx context.Context, id string) error {
	if err := b.known(id); err != nil {
		return err
	}
	_, err := b.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Deleted{Deleted: &logv1.FeatureDeleted{Id: id}}})
	return err
}

// known refuses what looks like the identifier of a feature of the file, and is of none: the tables cannot tell. Of those
// that were added they know more than is known here yet.
func (b *Book) known(id string) error {
	if _, _, ofFile := parseFileID(id); !ofFile {
		return nil
	}
	if _, ok := b.base.find(id); !ok {
		return ErrNotFound
	}
	return nil
}

func (b *Book) do(ctx context.Context, change *logv1.FeatureChange) (made, error) {
	change.Id = make([]byte, 16)
	_, _ = rand.Read(change.Id) // never fails
	change.Time, change.PastLimit = time.Now().UnixMilli(), keptPast
	e, err := b.store.Do(ctx, &logv1.Change{Book: &logv1.Change_Feature{Feature: change}})
	if err != nil {
		return nil, fmt.Errorf("edit features: %w", err)
	}
	return e.Result.(made), nil
}

func (b *Book) load(tx *store.Tx) error {
	var all []*edit
	for r, err := range tx.Query(columns + "FROM feature_edit") {
		if err != nil {
			return err
		}
		all = append(all, b.base.edit(scan(r)))
	}
	loaded, _ := unedited(b.base).with(all, tx.Position())
	b.current.Store(loaded)
	b.hub.end(store.ErrSlow)
	return nil
}

func (b *Book) committed(events []store.Event) {
	var edits []*edit
	for _, e := range events {
		for _, r := range e.Result.(made) {
			edits = append(edits, b.base.edit(r))
		}
	}
	next, before := b.current.Load().with(edits, events[len(events)-1].Position)
	b.current.Store(next)
	b.hub.tell(edits, before)
}
