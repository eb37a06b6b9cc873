package track

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"

	"routeguide/server/geo"
)

// kml reads the rest of an element that may have lines and tracks somewhere in it; name is that of what is around it.
func (d *document) kml(name string) {
	for e := range d.children() {
		switch e.Name.Local {
		case "name":
			name = d.text()
		case "LineString":
			d.lineString(name)
		case "Track":
			d.gxTrack(name)
		case "Document", "Folder", "Placemark", "MultiGeometry", "MultiTrack":
			d.kml(name)
		}
	}
}

func (d *document) lineString(name string) {
	var line points
	for e := range d.children() {
		if e.Name.Local == "coordinates" {
			d.coordinates(&line)
		}
	}
	d.emit(name, line)
}

// coordinates reads a <coordinates>, which has all of a line in one text: it is read before the decoder gets it, which would
// keep it in memory.
func (d *document) coordinates(to *points) {
	for level := d.depth; ; {
		for d.err == nil {
			word := d.word()
			if word == "" {
				break
			}
			d.coordinate(to, word)
		}
		switch t := d.next().(type) {
		case nil:
			return
		case xml.CharData: // CDATA
			for word := range strings.FieldsSeq(string(t)) {
				d.coordinate(to, word)
			}
		case xml.EndElement:
			if d.depth < level {
				return
			}
		}
	}
}

// word is the next one of a text, or "" before the next tag.
func (d *document) word() string {
	const longest = 256
	var word [longest]byte
	for n := 0; n < longest; {
		d.token = 0
		c, err := d.ReadByte()
		switch {
		case err != nil:
			if d.lost() != nil {
				d.err = d.lost()
			}
			return string(word[:n]) // the decoder finds the end too
		case c == '<':
			d.unread()
			return string(word[:n])
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			if n > 0 {
				return string(word[:n])
			}
		default:
			word[n] = c
			n++
		}
	}
	d.fail("%q is no longitude, latitude and altitude", excerpt(string(word[:])))
	return ""
}

// coordinate appends a point that is written as longitude, latitude and perhaps altitude.
func (d *document) coordinate(to *points, text string) {
	p, ok := coordinate(strings.Split(text, ","))
	if !ok {
		d.fail("%q is no longitude, latitude and altitude", excerpt(text))
	}
	d.add(to, p)
}

func coordinate(parts []string) (point, bool) {
	values := [3]float64{2: math.NaN()}
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		if i >= len(values) || err != nil {
			return point{}, false
		}
		values[i] = v
	}
	position, ok := degrees(values[1], values[0])
	if !ok || len(parts) < 2 {
		return point{}, false
	}
	p := at(position)
	p.elevation = elevations.whole(values[2])
	return p, true
}

// nowhere is the position of a moment that has none yet.
var nowhere = geo.Point{Lat: math.MinInt32}

// gxTrack reads a <gx:Track>: times and places are lists of their own, which belong together by their order.
func (d *document) gxTrack(name string) {
	var track points
	times, places, unknown := 0, 0, false
	for e := range d.children() {
		switch e.Name.Local {
		case "when":
			t := d.time("when")
			if times == track.len() {
				d.add(&track, at(nowhere))
			}
			if times < track.len() {
				track.at(times).time = t
			}
			times++
		case "coord":
			p := at(nowhere)
			if text := d.text(); text == "" { // nobody knows
				unknown = true
			} else if known, ok := coordinate(strings.Fields(text)); ok {
				p = known
			} else {
				d.fail("%q is no longitude, latitude and altitude", excerpt(text))
			}
			if places == track.len() {
				d.add(&track, p)
			} else {
				moment := track.at(places)
				moment.Point, moment.elevation = p.Point, p.elevation
			}
			places++
		}
	}
	if times > 0 && times != places {
		d.fail("a track of %d times and %d places", times, places)
	}
	if unknown {
		var known points
		for p := range track.from(0) {
			if p.Point != nowhere {
				known.add(*p)
			}
		}
		track = known
	}
	d.emit(name, track)
}
