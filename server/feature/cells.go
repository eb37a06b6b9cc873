package feature

import "routeguide/server/geo"

// A Cell is what lies in a part of an area.
type Cell struct {
	Count int
	Mean  geo.Point // of their latitudes and longitudes
	Only  Entry     // the feature, where there is one
}

// Cells counts the features in an area that does not cross the antimeridian, in so many parts of it; of tells the part of a
// point, from 0. What holds none has the Count 0.
func (b *Book) Cells(area geo.Rect, parts int, of func(geo.Point) int) []Cell {
	return b.current.Load().cells(area, parts, of)
}

func (e *Edition) cells(area geo.Rect, parts int, of func(geo.Point) int) []Cell {
	cells := make([]Cell, parts)
	sums := make([]struct {
		lat, lng int64
		count, i uint32 // i is the newest one, in the file
		edit     *edit  // or edited
	}, parts)
	add := func(p geo.Point, i uint32, m *edit) {
		s := &sums[of(p)]
		s.lat, s.lng, s.count, s.i, s.edit = s.lat+int64(p.Lat), s.lng+int64(p.Lng), s.count+1, i, m
	}
	if found, few := search(&e.base.tree, area); few {
		for _, i := range found {
			if !e.hidden.has(i) {
				add(e.base.features[i].Location, i, nil)
			}
		}
	} else {
		for i, f := range e.base.features {
			if area.Contains(f.Location) && !e.hidden.has(uint32(i)) {
				add(f.Location, uint32(i), nil)
			}
		}
	}
	low, high := geo.Corner(area.South, area.West), geo.Corner(area.North, area.East)
	e.tree.Search(low, high, func(_, _ [2]float64, m *edit) bool {
		add(m.Location, 0, m)
		return true
	})
	for part := range cells {
		c, s := &cells[part], sums[part]
		c.Count = int(s.count)
		switch {
		case c.Count == 0:
			continue
		case c.Count == 1 && s.edit != nil:
			c.Only = s.edit.Entry
		case c.Count == 1:
			c.Only = e.base.entry(s.i)
		}
		c.Mean = geo.Point{Lat: int32(s.lat / int64(c.Count)), Lng: int32(s.lng / int64(c.Count))}
	}
	return cells
}

// Entries returns the features in an area, as In has them, or false where they are more than most.
func (b *Book) Entries(area geo.Rect, most int) (found []Entry, all bool) {
	for e := range b.current.Load().In(area) {
		if len(found) == most {
			return nil, false
		}
		found = append(found, e)
	}
	return found, true
}

// Position is that of the newest edit, in the order of all changes. While it stays, every answer does.
func (b *Book) Position() uint64 { return b.current.Load().position }
