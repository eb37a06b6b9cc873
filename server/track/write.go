package track

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"routeguide/server/geo"
)

// A Format is a kind of file that tracks are written as.
type Format int

// The formats. GPX keeps all that is known of a point, in an extension what it has no elements for; the others keep where and
// when it was, and how high.
const (
	GPX Format = iota
	GeoJSON
	KML
)

// pieceBytes is how much is written at once.
const pieceBytes = 64 << 10

// Write writes a track as a file, in pieces of 64 KiB at most. It reads the points once or twice, and keeps none.
func Write(w io.Writer, format Format, name string, points iter.Seq2[Fix, error]) error {
	out := &writer{Writer: bufio.NewWriterSize(w, pieceBytes)}
	switch format {
	case GPX:
		out.gpx(name, points)
	case GeoJSON:
		out.geoJSON(name, points)
	case KML:
		out.kml(name, points)
	default:
		return fmt.Errorf("track: no format %d", format)
	}
	if out.err != nil {
		return out.err
	}
	return out.Flush()
}

// writer writes until err is set.
type writer struct {
	*bufio.Writer
	err error
	b   []byte
}

// put writes texts; what is wrong with w shows at Flush.
func (w *writer) put(texts ...string) {
	for _, s := range texts {
		_, _ = w.WriteString(s)
	}
}

// each writes what of appends of each point, and returns how many there are.
func (w *writer) each(points iter.Seq2[Fix, error], of func(b []byte, f Fix) []byte) (n int) {
	for f, err := range points {
		if err == nil {
			w.b = of(w.b[:0], f)
			_, err = w.Write(w.b)
		}
		if err != nil {
			w.err = err
			return n
		}
		n++
	}
	return n
}

// again is each for the n points that were read before: there may be more by now.
func (w *writer) again(n int, points iter.Seq2[Fix, error], of func(b []byte, f Fix) []byte) {
	if w.err != nil || n == 0 {
		return
	}
	had := w.each(func(yield func(Fix, error) bool) {
		left := n
		for f, err := range points {
			if left--; !yield(f, err) || left == 0 {
				return
			}
		}
	}, of)
	if w.err == nil && had < n {
		w.err = errors.New("points of the track were deleted while it was written")
	}
}

func (w *writer) gpx(name string, points iter.Seq2[Fix, error]) {
	w.put(xml.Header, `<gpx version="1.1" creator="RouteGuide" xmlns="http://www.topografix.com/GPX/1/1" xmlns:rg="`, extensions, `">`, "\n<trk>")
	if name != "" {
		w.put("<name>", escaped(name), "</name>")
	}
	w.put("<trkseg>\n")
	w.each(points, appendTrackPoint)
	w.put("</trkseg></trk>\n</gpx>\n")
}

func appendTrackPoint(b []byte, f Fix) []byte {
	lng := f.Point.Lng
	if lng == geo.MaxLng {
		lng = -lng // GPX has longitudes below 180° only; it is the same meridian
	}
	b = append(appendE7(append(b, `<trkpt lat="`...), f.Point.Lat), `" lon="`...)
	b = append(appendE7(b, lng), `">`...)
	b = appendElement(b, "ele", elevations, f.Elevation)
	b = append(appendTime(append(b, "<time>"...), f.Time), "</time>"...)
	before := len(b)
	b = append(b, "<extensions>"...)
	empty := len(b)
	b = appendElement(b, "rg:accuracy", accuracies, f.Accuracy)
	b = appendElement(b, "rg:speed", speeds, f.Speed)
	b = appendElement(b, "rg:heading", headings, f.Heading)
	b = appendElement(b, "rg:battery", batteries, f.Battery)
	if len(b) == empty {
		b = b[:before]
	} else {
		b = append(b, "</extensions>"...)
	}
	return append(b, "</trkpt>\n"...)
}

func appendElement(b []byte, name string, s scale, m geo.Measure) []byte {
	if _, known := m.Get(); !known {
		return b
	}
	b = append(append(append(b, '<'), name...), '>')
	b = appendDecimal(b, s, m)
	return append(append(append(b, "</"...), name...), '>')
}

func (w *writer) geoJSON(name string, points iter.Seq2[Fix, error]) {
	quoted, _ := json.Marshal(name) // a string always has JSON
	w.put(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":`, string(quoted), `,"coordTimes":[`)
	comma := ""
	n := w.each(points, func(b []byte, f Fix) []byte {
		b = append(b, comma...)
		comma = ",\n"
		return append(appendTime(append(b, '"'), f.Time), '"')
	})
	w.put(`]},"geometry":`)
	switch n { // a line has two points or more
	case 0:
		w.put("null")
	case 1:
		w.put(`{"type":"Point","coordinates":`)
	default:
		w.put(`{"type":"LineString","coordinates":[`)
	}
	comma = ""
	w.again(n, points, func(b []byte, f Fix) []byte {
		b = append(append(b, comma...), '[')
		comma = ",\n"
		return append(appendPosition(b, f, ','), ']')
	})
	switch n {
	case 0:
	case 1:
		w.put("}")
	default:
		w.put("]}")
	}
	w.put("}]}\n")
}

func (w *writer) kml(name string, points iter.Seq2[Fix, error]) {
	w.put(xml.Header, `<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">`, "\n<Placemark>")
	if name != "" {
		w.put("<name>", escaped(name), "</name>")
	}
	w.put("<gx:Track>\n")
	n := w.each(points, func(b []byte, f Fix) []byte {
		return append(appendTime(append(b, "<when>"...), f.Time), "</when>\n"...)
	})
	w.again(n, points, func(b []byte, f Fix) []byte {
		return append(appendPosition(append(b, "<gx:coord>"...), f, ' '), "</gx:coord>\n"...)
	})
	w.put("</gx:Track></Placemark>\n</kml>\n")
}

// appendPosition appends longitude, latitude and, where it is known, elevation.
func appendPosition(b []byte, f Fix, separator byte) []byte {
	b = append(appendE7(b, f.Point.Lng), separator)
	b = appendE7(b, f.Point.Lat)
	if _, known := f.Elevation.Get(); known {
		b = appendDecimal(append(b, separator), elevations, f.Elevation)
	}
	return b
}

func appendE7(b []byte, e7 int32) []byte {
	return strconv.AppendFloat(b, float64(e7)/1e7, 'f', -1, 64)
}

func appendDecimal(b []byte, s scale, m geo.Measure) []byte {
	value, _ := m.Get()
	return strconv.AppendFloat(b, float64(value)/s.units, 'f', -1, 64)
}

func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.999Z07:00")
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
