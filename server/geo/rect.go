package geo

// Rect is a rectangle of latitudes and longitudes in E7, edges inclusive. One whose West is greater than its East
// crosses the antimeridian; one whose South is greater than its North holds nothing.
type Rect struct{ South, West, North, East int32 }

// World holds every valid Point.
var World = Rect{South: -MaxLat, West: -MaxLng, North: MaxLat, East: MaxLng}

// RectOf returns the rectangle with a and b as opposite corners, in any order. It never crosses the antimeridian.
func RectOf(a, b Point) Rect {
	return Rect{
		South: min(a.Lat, b.Lat),
		West:  min(a.Lng, b.Lng),
		North: max(a.Lat, b.Lat),
		East:  max(a.Lng, b.Lng),
	}
}

// Contains reports whether p lies within r or on its edge.
func (r Rect) Contains(p Point) bool {
	if p.Lat < r.South || p.Lat > r.North {
		return false
	}
	if r.crosses() {
		return p.Lng >= r.West || p.Lng <= r.East
	}
	return r.West <= p.Lng && p.Lng <= r.East
}

// Overlaps reports whether r and o share a point.
func (r Rect) Overlaps(o Rect) bool {
	for _, a := range r.Split() {
		for _, b := range o.Split() {
			if max(a.South, b.South) <= min(a.North, b.North) && max(a.West, b.West) <= min(a.East, b.East) {
				return true
			}
		}
	}
	return false
}

// Middle returns the point in the middle of r, which holds something: that of its latitudes and of its longitudes.
func (r Rect) Middle() Point {
	west, east := int64(r.West), int64(r.East)
	if r.crosses() {
		east += 2 * MaxLng
	}
	lng := (west + east) / 2
	if lng > MaxLng {
		lng -= 2 * MaxLng
	}
	return Point{Lat: int32((int64(r.South) + int64(r.North)) / 2), Lng: int32(lng)}
}

// Split returns the rectangles that together hold the same valid points as r, none crossing the antimeridian and no
// point in two: r itself, or its parts west and east of the antimeridian, in this order.
func (r Rect) Split() []Rect {
	if !r.crosses() {
		return []Rect{r}
	}
	west, east := r, r
	west.East, east.West = MaxLng, -MaxLng
	return []Rect{west, east}
}

func (r Rect) crosses() bool { return r.West > r.East }

// With returns r grown to hold p too, on the side where that takes less longitude: of points within 180° of longitude, added
// one after the other in any order, it is the smallest rectangle, whether that crosses the antimeridian or not. r must hold
// a point.
func (r Rect) With(p Point) Rect {
	r.South, r.North = min(r.South, p.Lat), max(r.North, p.Lat)
	if r.Contains(p) {
		return r
	}
	east, west := eastward(r.East, p.Lng), eastward(p.Lng, r.West)
	// Where neither is farther p is the other spelling of an edge at 180°.
	if east < west || east == west && p.Lng < r.East {
		r.East = p.Lng
	} else {
		r.West = p.Lng
	}
	return r
}

// eastward is how far b lies east of a, in E7, from 0 up to and without 360°.
func eastward(a, b int32) int64 {
	const circle = 2 * MaxLng
	return (int64(b) - int64(a) + 2*circle) % circle
}

// Covers reports whether r holds every point that o holds.
func (r Rect) Covers(o Rect) bool {
	both, one := r.Meet(o)
	return one && both == o || o.South > o.North
}

// Meet returns the rectangle of the points that both r and o hold. It is false, with one that
// holds nothing, where these are two rectangles, as those of a belt and of one that begins at its eastern end and reaches around
// the world to its western one.
func (r Rect) Meet(o Rect) (both Rect, one bool) {
	var parts []Rect
	for _, a := range r.Split() {
		for _, b := range o.Split() {
			p := Rect{max(a.South, b.South), max(a.West, b.West), min(a.North, b.North), min(a.East, b.East)}
			if p.South <= p.North && p.West <= p.East {
				parts = append(parts, p)
			}
		}
	}
	switch {
	case len(parts) == 0:
		return Rect{South: 1}, true
	case len(parts) == 1:
		return parts[0], true
	case len(parts) == 2 && parts[0].East == MaxLng && parts[1].West == -MaxLng:
		return Rect{parts[0].South, parts[0].West, parts[0].North, parts[1].East}, true
	}
	return Rect{South: 1}, false
}
