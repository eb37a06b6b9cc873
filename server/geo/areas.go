package geo

import "github.com/tidwall/rtree"

// Areas finds what belongs to the areas around a point. The zero value is empty. At may be called concurrently with itself.
type Areas[T comparable] struct{ tree rtree.RTreeG[T] }

// Add has a value belong to an area, besides others.
func (a *Areas[T]) Add(area Rect, v T) {
	for _, part := range area.Split() {
		a.tree.Insert(Corner(part.South, part.West), Corner(part.North, part.East), v)
	}
}

// Remove undoes an Add.
func (a *Areas[T]) Remove(area Rect, v T) {
	for _, part := range area.Split() {
		a.tree.Delete(Corner(part.South, part.West), Corner(part.North, part.East), v)
	}
}

// At calls do with each value that belongs to an area around a point, once for each of its areas.
func (a *Areas[T]) At(p Point, do func(T)) {
	at := Corner(p.Lat, p.Lng)
	a.tree.Search(at, at, func(_, _ [2]float64, v T) bool {
		do(v)
		return true
	})
}

// Corner is a point as an R-tree has it. It is exact: a float64 holds every int32, and the areas that a tree computes, which
// overflow one.
func Corner(lat, lng int32) [2]float64 { return [2]float64{float64(lng), float64(lat)} }
