package track

import (
	"encoding/xml"
	"strconv"

	"routeguide/server/geo"
)

// extensions is the namespace of what GPX has no elements for: accuracy, speed, heading and battery, in the units of the
// contract.
const extensions = "urn:routeguide:track"

// gpx reads the rest of a <gpx>, whose own name is that of tracks without one.
func (d *document) gpx() {
	title := ""
	for e := range d.children() {
		switch e.Name.Local {
		case "name": // of GPX 1.0
			title = d.text()
		case "metadata":
			for e := range d.children() {
				if e.Name.Local == "name" {
					title = d.text()
				}
			}
		case "trk":
			d.trk(title)
		case "rte":
			name, route := title, points{}
			for e := range d.children() {
				switch e.Name.Local {
				case "name":
					name = d.text()
				case "rtept":
					d.add(&route, d.trackPoint(e))
				}
			}
			d.emit(name, route)
		}
	}
}

func (d *document) trk(name string) {
	for e := range d.children() {
		switch e.Name.Local {
		case "name":
			name = d.text()
		case "trkseg":
			var segment points
			for e := range d.children() {
				if e.Name.Local == "trkpt" {
					d.add(&segment, d.trackPoint(e))
				}
			}
			d.emit(name, segment)
		}
	}
}

func (d *document) trackPoint(start xml.StartElement) point {
	p := at(d.position(start))
	for e := range d.children() {
		switch e.Name.Local {
		case "ele":
			p.elevation = d.number(elevations, "ele")
		case "time":
			p.time = d.time("time")
		case "speed": // of GPX 1.0, as course
			p.speed = d.number(speeds, "speed")
		case "course":
			p.heading = d.heading("course")
		case "extensions":
			for e := range d.children() {
				if e.Name.Space == extensions {
					d.extension(&p, e.Name.Local)
				}
			}
		}
	}
	return p
}

func (d *document) extension(p *point, name string) {
	switch name {
	case "accuracy":
		p.accuracy = d.number(accuracies, name)
	case "speed":
		p.speed = d.number(speeds, name)
	case "heading":
		p.heading = d.heading(name)
	case "battery":
		p.battery = int8(d.number(batteries, name))
	}
}

func (d *document) heading(element string) int16 { return int16(d.number(headings, element)) }

// position is what the attributes lat and lon say.
func (d *document) position(e xml.StartElement) geo.Point {
	var values [2]float64
	for i, name := range []string{"lat", "lon"} {
		text, given := attribute(e, name)
		if !given {
			d.fail("<%s> has no %q", e.Name.Local, name)
			return geo.Point{}
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			d.fail("<%s>: %s %q is not a number", e.Name.Local, name, excerpt(text))
			return geo.Point{}
		}
		values[i] = v
	}
	p, ok := degrees(values[0], values[1])
	if !ok {
		d.fail("<%s>: %g, %g is no latitude and longitude", e.Name.Local, values[0], values[1])
	}
	return p
}

func attribute(e xml.StartElement, name string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}
