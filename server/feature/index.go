package feature

import (
	"errors"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/tidwall/rtree"

	"routeguide/server/geo"
)

// scanShare says when a scan pays: where more than one feature in so many matches, looking at all in source order is cheaper
// than sorting those that match, and takes no memory.
const scanShare = 16

// Index finds the features of a file. It never changes, so any number of goroutines may use it at once.
type Index struct {
	features []Feature              // in source order; a position in it stands for the feature
	details  map[uint32]Details     // of those that have any
	first    map[geo.Point]uint32   // the first feature at each location
	others   map[geo.Point][]uint32 // and those after it
	tree     rtree.RTreeG[uint32]   // E7 as float64: the areas that the tree computes overflow an int32
	words    func() *words          // made when they are first asked for
}

// NewIndex makes an index of the features of seq and keeps their order. It fails with the first error of seq, and with
// an error of its own where a location is not valid.
func NewIndex(seq iter.Seq2[Described, error]) (*Index, error) {
	x := &Index{details: make(map[uint32]Details), first: make(map[geo.Point]uint32), others: make(map[geo.Point][]uint32)}
	for d, err := range seq {
		if err != nil {
			return nil, err
		}
		if err := d.checkLocation(); err != nil {
			return nil, err
		}
		if len(x.features) == math.MaxUint32 {
			return nil, errors.New("more features than an index holds")
		}
		i := uint32(len(x.features))
		x.features = append(x.features, d.Feature)
		if d.Details != (Details{}) {
			x.details[i] = d.Details
		}
		if _, taken := x.first[d.Location]; taken {
			x.others[d.Location] = append(x.others[d.Location], i)
		} else {
			x.first[d.Location] = i
		}
		corner := geo.Corner(d.Location.Lat, d.Location.Lng)
		x.tree.Insert(corner, corner, i)
	}
	x.words = sync.OnceValue(func() *words { return newWords(x) })
	return x, nil
}

// Len returns the number of features.
func (x *Index) Len() int { return len(x.features) }

// At returns the feature at exactly p, and whether there is one. Of several it is the first in source order.
func (x *Index) At(p geo.Point) (Feature, bool) { return x.at(p, nil) }

// at is At for those that are not hidden.
func (x *Index) at(p geo.Point, hidden bitmap) (Feature, bool) {
	i, ok := x.first[p]
	if !ok {
		return Feature{}, false
	}
	if !hidden.has(i) {
		return x.features[i], true
	}
	for _, i := range x.others[p] {
		if !hidden.has(i) {
			return x.features[i], true
		}
	}
	return Feature{}, false
}

// In yields the features in r, its edges included, each once and in source order. The rectangle may cross the
// antimeridian. Nothing is locked while it yields, so the consumer may be slow.
func (x *Index) In(r geo.Rect) iter.Seq[Feature] {
	return func(yield func(Feature) bool) {
		x.in(r, nil, func(i uint32) bool { return yield(x.features[i]) })
	}
}

// in yields the features in r that are not hidden, in source order, and reports whether it came to the end.
func (x *Index) in(r geo.Rect, hidden bitmap, yield func(uint32) bool) bool {
	found, few := search(&x.tree, r)
	if !few {
		for i, f := range x.features {
			if r.Contains(f.Location) && !hidden.has(uint32(i)) && !yield(uint32(i)) {
				return false
			}
		}
		return true
	}
	slices.Sort(found)
	for _, i := range found {
		if !hidden.has(i) && !yield(i) {
			return false
		}
	}
	return true
}

// entry returns a feature with its identifier, which is made of its location, and of its number among those there.
func (x *Index) entry(i uint32) Entry {
	f, n := x.features[i], 1
	if later, isLater := slices.BinarySearch(x.others[f.Location], i); isLater {
		n = later + 2
	}
	return Entry{fileID(f.Location, n), x.described(i)}
}

func (x *Index) described(i uint32) Described { return Described{x.features[i], x.details[i]} }

// find returns the feature with an identifier, and whether there is one.
func (x *Index) find(id string) (i uint32, ok bool) {
	p, n, ok := parseFileID(id)
	if !ok {
		return 0, false
	}
	if i, ok = x.first[p]; n == 1 || !ok {
		return i, ok
	}
	others := x.others[p]
	if n-2 >= len(others) {
		return 0, false
	}
	return others[n-2], true
}

// A bitmap is a set of positions; the nil one is empty.
type bitmap []uint64

func (b bitmap) has(i uint32) bool {
	word := int(i / 64)
	return word < len(b) && b[word]>>(i%64)&1 == 1
}

// search returns what the tree holds in r, in no order, or false where a scan is cheaper.
func search[T any](tree *rtree.RTreeG[T], r geo.Rect) (found []T, few bool) {
	low, high := tree.Bounds()
	if r.Contains(point(low)) && r.Contains(point(high)) {
		return nil, false
	}
	return atMost(tree, r, tree.Len()/scanShare)
}

// atMost returns what the tree holds in r, in no order, unless that is more than most.
func atMost[T any](tree *rtree.RTreeG[T], r geo.Rect, most int) (found []T, few bool) {
	few = true
	for _, part := range r.Split() {
		tree.Search(geo.Corner(part.South, part.West), geo.Corner(part.North, part.East), func(_, _ [2]float64, v T) bool {
			if few = len(found) < most; few {
				found = append(found, v)
			}
			return few
		})
		if !few {
			return nil, false
		}
	}
	return found, true
}

func point(corner [2]float64) geo.Point {
	return geo.Point{Lat: int32(corner[1]), Lng: int32(corner[0])}
}
