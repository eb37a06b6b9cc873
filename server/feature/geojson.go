package feature

import (
	"encoding/json"
	"errors"

	"routeguide/server/geo"
)

// geoJSON is what has been read of a GeoJSON feature.
type geoJSON struct {
	isFeature bool // by its type
	isPoint   bool // by its geometry
	feature   Described
}

func (d *document) geoJSON() {
	var g geoJSON
	for d.enter('{'); d.more(); {
		d.member(&g, d.key())
	}
	d.add(g)
}

func (d *document) member(g *geoJSON, key string) {
	switch key {
	case "type":
		g.isFeature = d.is("Feature")
	case "geometry":
		g.feature.Location, g.isPoint = d.geometry()
	case "properties":
		g.feature.Name, g.feature.Details = d.properties()
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
	t := d.token()
	if t == nil {
		return p, false
	}
	line := d.line()
	for d.opened(t, '{'); d.more(); {
		switch d.key() {
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
	t := d.token()
	if t == nil {
		return p, false
	}
	n, nested := 0, false
	for d.opened(t, '['); d.more(); n++ {
		d.field = field
		switch t := d.token().(type) {
		case json.Delim:
			nested = true
			d.skipFrom(t)
		case json.Number:
			switch n {
			case 0:
				p.Lng = d.coordinate([]byte(t), parseDegrees, 180)
			case 1:
				p.Lat = d.coordinate([]byte(t), parseDegrees, 90)
			}
		default:
			d.fail(errors.New("want a number"))
		}
	}
	return p, n >= 2 && !nested
}

func (d *document) properties() (name string, more Details) {
	d.field = "properties"
	t := d.token()
	if t == nil {
		return "", more
	}
	for d.opened(t, '{'); d.more(); {
		if key := d.key(); key == "name" {
			name = d.name("properties.name")
		} else {
			d.detail(&more, key)
		}
	}
	return name, more
}

// is reads any value and reports whether it is the string want.
func (d *document) is(want string) bool { return d.textIfAny() == want }
