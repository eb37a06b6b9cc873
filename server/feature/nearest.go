package feature

import (
	"cmp"
	"slices"

	"github.com/tidwall/rtree"

	"routeguide/server/geo"
)

// A Neighbor is a feature and how far away it is.
type Neighbor struct {
	Entry
	Metres float64 // as geo.Distance has them
}

// Nearest returns the features that are nearest to p, the nearest first: at most limit, none further away than so many
// metres.
func (e *Edition) Nearest(p geo.Point, limit int, metres float64) []Neighbor {
	var found []Neighbor
	nearby(&e.base.tree, p, metres, func(i uint32, metres float64) bool {
		if !e.hidden.has(i) {
			found = append(found, Neighbor{e.base.entry(i), metres})
		}
		return len(found) < limit
	})
	of := len(found) + limit
	nearby(e.tree, p, metres, func(m *edit, metres float64) bool {
		found = append(found, Neighbor{m.Entry, metres})
		return len(found) < of
	})
	slices.SortFunc(found, func(a, b Neighbor) int { return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.ID, b.ID)) })
	return found[:min(limit, len(found))]
}

// roundoff is more than what rounding adds to a distance, in metres: near the antipodes the haversine formula is least exact,
// and off by centimetres.
const roundoff = 1

// nearby yields what the tree holds within so many metres of p, the nearest first. It looks into a node of the tree when its
// rectangle is the next nearest thing, so that what is within is not nearer than what was yielded before.
func nearby[T any](tree *rtree.RTreeG[T], p geo.Point, metres float64, yield func(T, float64) bool) {
	tree.Nearby(func(low, high [2]float64, _ T, item bool) float64 {
		southwest, northeast := point(low), point(high)
		if item {
			return geo.Distance(p, southwest)
		}
		return geo.Rect{South: southwest.Lat, West: southwest.Lng, North: northeast.Lat, East: northeast.Lng}.Distance(p) - roundoff
	}, func(_, _ [2]float64, v T, distance float64) bool {
		return distance <= metres && yield(v, distance)
	})
}
