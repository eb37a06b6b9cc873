package tile

import (
	"math"
	"sort"

	"routeguide/server/geo"
)

// A place is a tile of the square that the web's maps have, in the projection that they have (Web Mercator): x from the west,
// y from the north, each less than 2^z.
type place struct{ z, x, y int }

// west is the least longitude of column x of 2^z, in E7: each longitude is in one column.
func west(z, x int) int64 {
	const around = 2 * geo.MaxLng
	return (int64(x)*around+1<<z-1)>>z - geo.MaxLng
}

// north is the greatest latitude of row y of 2^z, in E7.
func north(z, y int) int32 {
	n := math.Pi * (1 - 2*float64(y)/float64(int64(1)<<z))
	return int32(math.Floor(math.Atan(math.Sinh(n)) / math.Pi * 180e7))
}

// rect is what lies in the tile, and in no other one.
func (t place) rect() geo.Rect {
	east := west(t.z, t.x+1) - 1
	if t.x+1 == 1<<t.z {
		east = geo.MaxLng
	}
	return geo.Rect{South: north(t.z, t.y+1) + 1, West: int32(west(t.z, t.x)), North: north(t.z, t.y), East: int32(east)}
}

// cells of a row and of a column of a tile: 32 pixels of a tile of 512, so that a count can be read on each.
const (
	cellBits = 4
	cells    = 1 << cellBits
)

// cell returns what tells the cell of a point of the tile, row by row. The cells are those of the tile's descendants, so they
// do not depend on where tiles end.
func (t place) cell() func(geo.Point) int {
	z, area := t.z+cellBits, t.rect()
	var souths [cells]int32 // of each row but the last
	for i := range cells - 1 {
		souths[i] = north(z, t.y<<cellBits+i+1) + 1
	}
	souths[cells-1] = area.South
	// Rows differ in height: of a slice of the latitudes this is the row of its northern edge, and that of its southern one is
	// the same or the next.
	const slices = 64 * cells
	height := (int64(area.North)-int64(area.South))/slices + 1
	var rows [slices]uint8
	for i := range rows {
		lat := int64(area.North) - int64(i)*height
		rows[i] = uint8(sort.Search(cells-1, func(row int) bool { return lat >= int64(souths[row]) }))
	}
	return func(p geo.Point) int {
		row := int(rows[(int64(area.North)-int64(p.Lat))/height])
		for p.Lat < souths[row] {
			row++
		}
		column := int((int64(p.Lng)+geo.MaxLng)<<z/(2*geo.MaxLng)) - t.x<<cellBits
		return row*cells + min(column, cells-1) // the meridian of 180° is in the last one
	}
}
