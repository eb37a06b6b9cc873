package feature

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/tidwall/btree"
	"github.com/tidwall/rtree"

	"routeguide/server/geo"
)

// An Edition is the features as they are after some edit. It never changes: edits make the next one, which shares most of
// its trees.
type Edition struct {
	base     *Index
	position uint64                    // that of the newest edit
	hidden   bitmap                    // the features of base that were edited
	edits    *btree.Map[string, *edit] // the newest edit of each feature, by identifier
	tree     *rtree.RTreeG[*edit]      // those that are shown
	words    *btree.BTreeG[mention]    // and what they are found by
	copying  *sync.Mutex               // a tree may be read while it is copied, but not copied twice at once
}

// An edit is an edited feature, which takes the place of that of the file.
type edit struct {
	Entry
	shown    bool   // it is not deleted, and it is known where it is
	moved    bool   // its location was edited
	sequence uint64 // its place among all edits
	created  uint64 // that of the edit which added it, or 0 for a feature of a file
}

func unedited(base *Index) *Edition {
	return &Edition{
		base: base, edits: new(btree.Map[string, *edit]), tree: new(rtree.RTreeG[*edit]),
		words: btree.NewBTreeGOptions(mention.before, btree.Options{NoLocks: true}), copying: new(sync.Mutex),
	}
}

// edit returns what a row comes to. A feature that only another file has is not shown.
func (x *Index) edit(r row) *edit {
	m := &edit{sequence: r.sequence, created: r.created, moved: r.Location != nil, shown: !r.deleted}
	m.ID = r.id
	if r.created == 0 {
		i, known := x.find(r.id)
		if known {
			m.Described = x.described(i)
		}
		m.shown = m.shown && known
	}
	m.Described = r.of(m.Described)
	return m
}

// with returns the edition after some more edits, and where each of the features was before.
func (e *Edition) with(made []*edit, position uint64) (*Edition, []was) {
	e.copying.Lock()
	next := &Edition{e.base, position, e.hidden, e.edits.Copy(), e.tree.Copy(), e.words.Copy(), e.copying}
	e.copying.Unlock()
	before := make([]was, len(made))
	copied := false
	for n, m := range made {
		old, again := next.edits.Set(m.ID, m)
		switch i, ofFile := e.base.find(m.ID); {
		case again && old.shown:
			before[n] = was{old.Location, true}
			at := geo.Corner(old.Location.Lat, old.Location.Lng)
			next.tree.Delete(at, at, old)
			for w := range old.mentions {
				next.words.Delete(w)
			}
		case !again && ofFile:
			before[n] = was{e.base.features[i].Location, true}
			if !copied {
				next.hidden, copied = make(bitmap, (e.base.Len()+63)/64), true
				copy(next.hidden, e.hidden)
			}
			next.hidden[i/64] |= 1 << (i % 64)
		}
		if m.shown {
			at := geo.Corner(m.Location.Lat, m.Location.Lng)
			next.tree.Insert(at, at, m)
			for w := range m.mentions {
				next.words.Set(w)
			}
		}
	}
	return next, before
}

// was is where a feature was, if there was one.
type was struct {
	at    geo.Point
	there bool
}

func (e *Edition) at(p geo.Point) (Feature, bool) {
	if f, ok := e.base.at(p, e.hidden); ok {
		return f, true
	}
	var first *edit
	corner := geo.Corner(p.Lat, p.Lng)
	e.tree.Search(corner, corner, func(_, _ [2]float64, m *edit) bool {
		if first == nil || m.ID < first.ID {
			first = m
		}
		return true
	})
	if first == nil {
		return Feature{}, false
	}
	return first.Feature, true
}

// Find returns the feature with an identifier, and whether there is one.
func (e *Edition) Find(id string) (Entry, bool) {
	if m, edited := e.edits.Get(id); edited {
		return m.Entry, m.shown
	}
	if i, ok := e.base.find(id); ok {
		return e.base.entry(i), true
	}
	return Entry{}, false
}

func (e *Edition) in(r geo.Rect) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		if e.base.in(r, e.hidden, func(i uint32) bool { return yield(e.base.features[i]) }) {
			e.edited(r, func(m *edit) bool { return yield(m.Feature) })
		}
	}
}

// In yields what Book.In does, with identifiers and details.
func (e *Edition) In(r geo.Rect) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if e.base.in(r, e.hidden, func(i uint32) bool { return yield(e.base.entry(i)) }) {
			e.edited(r, func(m *edit) bool { return yield(m.Entry) })
		}
	}
}

// edited yields the edits in r that are shown, by identifier.
func (e *Edition) edited(r geo.Rect, yield func(*edit) bool) {
	found, few := search(e.tree, r)
	if !few {
		for _, m := range e.edits.Scan {
			if m.shown && r.Contains(m.Location) && !yield(m) {
				return
			}
		}
		return
	}
	slices.SortFunc(found, func(a, b *edit) int { return cmp.Compare(a.ID, b.ID) })
	for _, m := range found {
		if !yield(m) {
			return
		}
	}
}
