package feature

import (
	"errors"
	"iter"
	"math"
	"slices"

	"github.com/tidwall/rtree"

	"routeguide/server/geo"
)

// scanShare says when a scan pays: where more than one feature in so many matches, looking at all in source order is cheaper
// than sorting those that match, and takes no memory.
const scanShare = 16

// Index finds features by location. It never changes, so any number of goroutines may use it at once.
type Index struct {
	features []Feature            // in source order; an id is a position in it
	first    map[geo.Point]uint32 // the id of the first feature at each location
	tree     rtree.RTreeG[uint32] // E7 as float64: the areas that the tree computes overflow an int32
}

// NewIndex makes an index of the features of seq and keeps their order. It fails with the first error of seq, and with
// an error of its own where a location is not valid.
func NewIndex(seq iter.Seq2[Feature, error]) (*Index, error) {
	x := &Index{first: make(map[geo.Point]uint32)}
	for f, err := range seq {
		if err != nil {
			return nil, err
		}
		if err := f.checkLocation(); err != nil {
			return nil, err
		}
		if len(x.features) == math.MaxUint32 {
			return nil, errors.New("more features than an index holds")
		}
		id := uint32(len(x.features))
		x.features = append(x.features, f)
		if _, taken := x.first[f.Location]; !taken {
			x.first[f.Location] = id
		}
		corner := corner(f.Location.Lat, f.Location.Lng)
		x.tree.Insert(corner, corner, id)
	}
	return x, nil
}

// Len returns the number of features.
func (x *Index) Len() int { return len(x.features) }

// At returns the feature at exactly p, and whether there is one. Of several it is the first in source order.
func (x *Index) At(p geo.Point) (Feature, bool) {
	id, ok := x.first[p]
	if !ok {
		return Feature{}, false
	}
	return x.features[id], true
}

// In yields the features in r, its edges included, each once and in source order. The rectangle may cross the
// antimeridian. Nothing is locked while it yields, so the consumer may be slow.
func (x *Index) In(r geo.Rect) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		ids, few := search(&x.tree, r)
		if !few {
			for _, f := range x.features {
				if r.Contains(f.Location) && !yield(f) {
					return
				}
			}
			return
		}
		slices.Sort(ids)
		for _, id := range ids {
			if !yield(x.features[id]) {
				return
			}
		}
	}
}

// search returns what the tree holds in r, in no order, or false where a scan is cheaper.
func search[T any](tree *rtree.RTreeG[T], r geo.Rect) (found []T, few bool) {
	low, high := tree.Bounds()
	if r.Contains(point(low)) && r.Contains(point(high)) {
		return nil, false
	}
	few = true
	for _, part := range r.Split() {
		tree.Search(corner(part.South, part.West), corner(part.North, part.East), func(_, _ [2]float64, v T) bool {
			found = append(found, v)
			few = len(found)*scanShare <= tree.Len()
			return few
		})
		if !few {
			return nil, false
		}
	}
	return found, true
}

// corner is exact: a float64 holds every int32.
func corner(lat, lng int32) [2]float64 { return [2]float64{float64(lng), float64(lat)} }

func point(corner [2]float64) geo.Point {
	return geo.Point{Lat: int32(corner[1]), Lng: int32(corner[0])}
}
