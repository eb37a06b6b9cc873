package feature

import (
	"cmp"
	"iter"
	"slices"

	"github.com/tidwall/btree"
	"github.com/tidwall/rtree"

	"routeguide/server/geo"
)

// An edition is the features as they are after some edit. It never changes: edits make the next one, which shares most of
// its trees.
type edition struct {
	base  *Index
	edits *btree.Map[int64, *edit] // all, by order of location
	put   *rtree.RTreeG[*edit]     // those that are not deleted
}

// An edit takes the place of everything that was at its location.
type edit struct {
	Feature
	deleted bool
}

func unedited(base *Index) *edition {
	return &edition{base, new(btree.Map[int64, *edit]), new(rtree.RTreeG[*edit])}
}

// with returns the edition after some more edits. Only one goroutine at a time calls it.
func (e *edition) with(made []*edit) *edition {
	next := &edition{e.base, e.edits.Copy(), e.put.Copy()}
	for _, m := range made {
		at := corner(m.Location.Lat, m.Location.Lng)
		if before, again := next.edits.Set(order(m.Location), m); again {
			next.put.Delete(at, at, before)
		}
		if !m.deleted {
			next.put.Insert(at, at, m)
		}
	}
	return next
}

// order is less for the lesser latitude, of equal ones for the lesser longitude.
func order(p geo.Point) int64 { return int64(p.Lat)<<32 + int64(p.Lng) }

func (e *edition) at(p geo.Point) (Feature, bool) {
	f, edited := e.edits.Get(order(p))
	switch {
	case !edited:
		return e.base.At(p)
	case f.deleted:
		return Feature{}, false
	}
	return f.Feature, true
}

func (e *edition) in(r geo.Rect) iter.Seq[Feature] {
	if e.edits.Len() == 0 {
		return e.base.In(r)
	}
	return func(yield func(Feature) bool) {
		for f := range e.base.In(r) {
			if _, edited := e.edits.Get(order(f.Location)); !edited && !yield(f) {
				return
			}
		}
		found, few := search(e.put, r)
		if !few {
			for _, f := range e.edits.Scan {
				if !f.deleted && r.Contains(f.Location) && !yield(f.Feature) {
					return
				}
			}
			return
		}
		slices.SortFunc(found, func(a, b *edit) int { return cmp.Compare(order(a.Location), order(b.Location)) })
		for _, f := range found {
			if !yield(f.Feature) {
				return
			}
		}
	}
}
