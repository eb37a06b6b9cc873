package feature

import (
	"errors"
	"io"

	"routeguide/server/geo"
)

var (
	errMissing = errors.New("missing")
	errStopped = errors.New("the reader of the features wants no more")
)

// document reads the features of a JSON file.
type document struct {
	*jsonReader
	yield   func(Feature) bool
	skipped int
}

// decodeJSON yields the features of JSON in any of these forms:
//
//   - an array of {"name", "location": {"latitude", "longitude"}} with E7 integers, the classic form;
//   - {"feature": […]} with such an array;
//   - GeoJSON (RFC 7946), a FeatureCollection or a Feature: Point geometries in degrees and properties.name;
//   - any number of such objects after each other, as in newline-delimited GeoJSON.
//
// A name may be missing or null, and members that are not mentioned are ignored. GeoJSON features that are no Point
// are left out, and skipped says how many.
func decodeJSON(in io.Reader, yield func(Feature) bool) (skipped int, err error) {
	d := &document{jsonReader: newJSONReader(in), yield: yield}
	if d.peek() == '[' {
		d.list(d.classic)
		if !d.end() {
			d.unexpected("want the end of the file")
		}
	} else {
		for !d.end() {
			d.object()
		}
	}
	if d.err == errStopped {
		return d.skipped, nil
	}
	return d.skipped, d.err
}

// object reads an object at the top of the file.
func (d *document) object() {
	var g geoJSON
	lists := false
	line := d.line
	for d.enter('{'); d.more('}'); {
		switch key := d.key(); string(key) {
		case "feature":
			d.field, lists = "feature", true
			d.list(d.classic)
		case "features":
			d.field, lists = "features", true
			d.list(d.geoJSON)
		default:
			d.member(&g, key)
		}
	}
	switch {
	case lists:
	case g.isFeature:
		d.add(g)
	default:
		d.failAt(line, "", errors.New(`want a list "feature", a list "features" or a GeoJSON Feature`))
	}
}

func (d *document) list(element func()) {
	for d.enter('['); d.more(']'); {
		element()
	}
}

// classic reads a feature as protobuf writes it in JSON.
func (d *document) classic() {
	var f Feature
	located := false
	d.peek()
	line := d.line
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "name":
			f.Name = d.name("name")
		case "location":
			f.Location, located = d.location(), true
		default:
			d.skip()
		}
	}
	if !located {
		d.failAt(line, "location", errMissing)
	}
	d.emit(f)
}

func (d *document) location() (p geo.Point) {
	var lat, lng bool
	d.field = "location"
	d.peek()
	line := d.line
	for d.enter('{'); d.more('}'); {
		switch string(d.key()) {
		case "latitude":
			p.Lat, lat = d.coordinate("location.latitude", parseE7, 90), true
		case "longitude":
			p.Lng, lng = d.coordinate("location.longitude", parseE7, 180), true
		default:
			d.skip()
		}
	}
	if !lat {
		d.failAt(line, "location.latitude", errMissing)
	}
	if !lng {
		d.failAt(line, "location.longitude", errMissing)
	}
	return p
}

func (d *document) name(field string) string {
	d.field = field
	if d.null() {
		return ""
	}
	name := string(d.string())
	if err := checkName(name); err != nil {
		d.fail(err)
	}
	return name
}

func (d *document) coordinate(field string, parse func([]byte, int64) (int32, error), limit int64) int32 {
	d.field = field
	text := d.number()
	if d.err != nil {
		return 0
	}
	e7, err := parse(text, limit)
	if err != nil {
		d.fail(err)
	}
	return e7
}

func (d *document) emit(f Feature) {
	if d.err == nil && !d.yield(f) {
		d.err = errStopped
	}
}
