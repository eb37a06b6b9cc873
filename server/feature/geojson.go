package feature

import (
	"errors"

	"routeguide/server/geo"
)

// geoJSON is what has been read of a GeoJSON feature.
type geoJSON struct {
	isFeature bool // by its type
	isPoint   bool // by its geometry
	feature   Feature
}

func (d *document) geoJSON() {
	var g geoJSON
	for d.enter('{'); d.more('}'); {
		d.member(&g, d.key())
	}
	d.add(g)
}

func (d *document) member(g *geoJSON, key []byte) {
	switch string(key) {
	case "type":
		g.isFeature = d.is("Feature")
	case "geometry":
		g.feature.Location, g.isPoint = d.geometry()
	case "properties":
		g.feature.Name = d.properties()
	default:
		d.skip()
	}
}

func (d *document) add(g geoJSON) {
	if g.isPoint {
		d.emit(g.feature)
	} else {
		d.skipped++
	}
}

// geometry reads a geometry and returns its position if it is a Point.
func (d *document) geometry() (p geo.Point, isPoint bool) {
	var typed, located bool
	d.field = "geometry"
	if d.null() {
		return p, false
	}
	line := d.line
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "type":
			isPoint, typed = d.is("Point"), true
		case "coordinates":
			p, located = d.position()
		default:
			d.skip()
		}
	}
	if !typed {
		d.failAt(line, "geometry.type", errMissing)
	}
	if isPoint && !located {
		d.failAt(line, "geometry.coordinates", errors.New("want [longitude, latitude]"))
	}
	return p, isPoint
}

// position reads the coordinates of a geometry, and reports whether they are one position.
func (d *document) position() (p geo.Point, ok bool) {
	const field = "geometry.coordinates"
	d.field = field
	if d.null() {
		return p, false
	}
	n, nested := 0, false
	for d.enter('['); d.more(']'); n++ {
		switch {
		case d.peek() == '[':
			nested = true
			d.skip()
		case n == 0:
			p.Lng = d.coordinate(field, parseDegrees, 180)
		case n == 1:
			p.Lat = d.coordinate(field, parseDegrees, 90)
		default:
			d.skip()
		}
	}
	return p, n >= 2 && !nested
}

func (d *document) properties() (name string) {
	d.field = "properties"
	if d.null() {
		return ""
	}
	for d.enter('{'); d.more('}'); {
		if string(d.key()) == "name" {
			name = d.name("properties.name")
		} else {
			d.skip()
		}
	}
	return name
}

// is reads any value and reports whether it is the string want.
func (d *document) is(want string) bool {
	if d.peek() != '"' {
		d.skip()
		return false
	}
	return string(d.string()) == want
}
