package note

import (
	"fmt"
	"strconv"
	"strings"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// A note's subject is n.<cell>.<cell>.<cell>.<latitude>_<longitude>: the cells of a quadtree at three levels, from wide
// to narrow, so that the notes of an area can be read without those of the rest of the world.
const (
	prefix   = "n"
	maxCells = 16 // filters a read may be made of
)

// levels are the quadtree levels in a subject: 2^level columns and rows, so 22.5°, 1.4° and 0.09° of longitude a cell.
var levels = [...]uint{4, 8, 12}

func subject(p geo.Point) string {
	var b strings.Builder
	b.WriteString(prefix)
	for _, level := range levels {
		b.WriteByte('.')
		b.WriteString(cell(column(p.Lng, level), row(p.Lat, level), level))
	}
	return fmt.Sprintf("%s.%d_%d", b.String(), p.Lat, p.Lng)
}

// place returns the point that a subject was made of.
func place(subject string) (geo.Point, bool) {
	lat, lng, ok := strings.Cut(subject[strings.LastIndexByte(subject, '.')+1:], "_")
	if !ok {
		return geo.Point{}, false
	}
	y, errLat := strconv.ParseInt(lat, 10, 32)
	x, errLng := strconv.ParseInt(lng, 10, 32)
	p := geo.Point{Lat: int32(y), Lng: int32(x)}
	return p, errLat == nil && errLng == nil && p.Valid()
}

// query selects the notes of an area; a place is an area whose corners are one point.
func query(area geo.Rect) store.Query {
	if area.South == area.North && area.West == area.East {
		return store.Query{Subjects: []string{subject(geo.Point{Lat: area.South, Lng: area.West})}}
	}
	return store.Query{Subjects: cover(area), Match: within(area)}
}

func within(area geo.Rect) func(string) bool {
	return func(subject string) bool {
		p, ok := place(subject)
		return ok && area.Contains(p)
	}
}

// cover returns the subjects of the narrowest cells that hold the area and are not too many.
func cover(area geo.Rect) []string {
	for i := len(levels) - 1; i >= 0; i-- {
		if cells, ok := coverAt(area, i); ok {
			return cells
		}
	}
	return []string{prefix + ".>"}
}

func coverAt(area geo.Rect, i int) (cells []string, ok bool) {
	for _, part := range area.Split() {
		west, east := column(part.West, levels[i]), column(part.East, levels[i])
		south, north := row(part.South, levels[i]), row(part.North, levels[i])
		if len(cells)+int((east-west+1)*(north-south+1)) > maxCells {
			return nil, false
		}
		for x := west; x <= east; x++ {
			for y := south; y <= north; y++ {
				var b strings.Builder
				b.WriteString(prefix)
				for _, level := range levels[:i+1] {
					up := levels[i] - level
					b.WriteByte('.')
					b.WriteString(cell(x>>up, y>>up, level))
				}
				b.WriteString(".>")
				cells = append(cells, b.String())
			}
		}
	}
	return cells, true
}

// cell names a cell by its column and row, as hexadecimal digits of a level's width.
func cell(x, y int64, level uint) string {
	width := int(level / 4)
	return fmt.Sprintf("%0*x%0*x", width, x, width, y)
}

func column(lng int32, level uint) int64 { return part(int64(lng)+180e7, 360e7, level) }
func row(lat int32, level uint) int64    { return part(int64(lat)+90e7, 180e7, level) }

// part returns which of 2^level equal parts of size holds v; the far edge belongs to the last one.
func part(v, size int64, level uint) int64 {
	return min(v<<level/size, 1<<level-1)
}
