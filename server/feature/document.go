package feature

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"routeguide/server/geo"
)

var (
	errMissing = errors.New("missing")
	errStopped = errors.New("the reader of the features wants no more")
)

// document reads the features of a JSON file.
type document struct {
	*jsonReader
	yield   func(Described) bool
	skipped int
}

// decodeJSON yields the features of JSON in any of these forms:
//
//   - an array of {"name", "location": {"latitude", "longitude"}} with E7 integers, the classic form, and details;
//   - {"feature": […]} with such an array;
//   - GeoJSON (RFC 7946), a FeatureCollection or a Feature: Point geometries in degrees, properties.name and details;
//   - any number of such objects after each other, as in newline-delimited GeoJSON.
//
// A name may be missing or null, and members that are not mentioned are ignored. GeoJSON features that are no Point
// are left out, and skipped says how many.
func decodeJSON(in io.Reader, yield func(Described) bool) (skipped int, err error) {
	d := &document{jsonReader: newJSONReader(in), yield: yield}
	for first := true; d.err == nil && d.decoder.More(); first = false {
		switch t := d.token(); {
		case t == json.Delim('[') && first:
			d.list(t, d.classic)
			if d.err == nil && d.decoder.More() {
				d.token()
				d.fail(errors.New("want the end of the file"))
			}
		default:
			d.object(t)
		}
	}
	if d.err == nil {
		if _, err := d.decoder.Token(); err != io.EOF {
			d.broken(err)
		}
	}
	if d.err == errStopped {
		return d.skipped, nil
	}
	return d.skipped, d.err
}

// object reads an object at the top of the file, which begins with a token.
func (d *document) object(t json.Token) {
	var g geoJSON
	lists := false
	line := d.line()
	for d.opened(t, '{'); d.more(); {
		switch key := d.key(); key {
		case "feature":
			d.field, lists = "feature", true
			d.list(d.token(), d.classic)
		case "features":
			d.field, lists = "features", true
			d.list(d.token(), d.geoJSON)
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

func (d *document) list(t json.Token, element func()) {
	for d.opened(t, '['); d.more(); {
		element()
	}
}

// classic reads a feature as protobuf writes it in JSON.
func (d *document) classic() {
	var f Described
	located := false
	d.enter('{')
	line := d.line()
	for d.more() {
		switch key := d.key(); key {
		case "name":
			f.Name = d.name("name")
		case "location":
			f.Location, located = d.location(), true
		default:
			d.detail(&f.Details, key)
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
	d.enter('{')
	line := d.line()
	for d.more() {
		switch d.key() {
		case "latitude":
			d.field = "location.latitude"
			p.Lat, lat = d.coordinate(d.value(), parseE7, 90), true
		case "longitude":
			d.field = "location.longitude"
			p.Lng, lng = d.coordinate(d.value(), parseE7, 180), true
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
	value := d.value()
	if string(value) == "null" {
		return ""
	}
	name := d.text(value)
	if err := checkText(name); err != nil {
		d.fail(err)
	}
	return name
}

// detail reads the value of a member that may be a detail of a feature.
func (d *document) detail(into *Details, key string) {
	if take := details[strings.ToLower(key)]; take != nil {
		take(into, d.textIfAny())
	} else {
		d.skip()
	}
}

func (d *document) coordinate(value []byte, parse func([]byte, int64) (int32, error), limit int64) int32 {
	if d.err != nil {
		return 0
	}
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		d.fail(errors.New("want a number"))
		return 0
	}
	e7, err := parse(value, limit)
	if err != nil {
		d.fail(err)
	}
	return e7
}

func (d *document) emit(f Described) {
	if d.err == nil && !d.yield(f) {
		d.err = errStopped
	}
}
