package track_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/track"
)

var formats = map[string]track.Format{"GPX": track.GPX, "GeoJSON": track.GeoJSON, "KML": track.KML}

// walk is a track of points as they come from a store; what is measured differs from point to point.
func walk(n int) []track.Fix {
	r := rand.New(rand.NewPCG(1, 2))
	fixes := make([]track.Fix, n)
	at := now
	for i := range fixes {
		maybe := func(least, most int32) geo.Measure {
			if r.IntN(3) == 0 {
				return geo.Measure{}
			}
			return geo.Measured(least + r.Int32N(most-least+1))
		}
		at = at.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
		fixes[i] = track.Fix{
			Point: geo.Point{Lat: r.Int32N(2*geo.MaxLat+1) - geo.MaxLat, Lng: int32(r.Int64N(2*geo.MaxLng) - geo.MaxLng)}, Time: at,
			Elevation: maybe(-120_000, 1_000_000), Accuracy: maybe(0, 10_000_000), Speed: maybe(0, 1_000_000), Heading: maybe(0, 3599), Battery: maybe(0, 100),
		}
	}
	return fixes
}

func sequence(fixes []track.Fix) iter.Seq2[track.Fix, error] {
	return func(yield func(track.Fix, error) bool) {
		for _, f := range fixes {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// TestRoundTrip reads what was written.
func TestRoundTrip(t *testing.T) {
	const name = `Über <the> "hills" & 远 ]]>`
	for format, f := range formats {
		for _, n := range []int{1, 2, 3, 10_000} {
			t.Run(fmt.Sprint(format, n), func(t *testing.T) {
				want := walk(n)
				var file bytes.Buffer
				if err := track.Write(&file, f, name, sequence(want)); err != nil {
					t.Fatal(err)
				}
				tracks := 0
				for got, err := range track.Read(&file, now) {
					if err != nil {
						t.Fatal(err)
					}
					tracks++
					if got.Name != name || got.Len() != n {
						t.Errorf("%q of %d points", got.Name, got.Len())
					}
					i := 0
					for fix := range got.Fixes(0) {
						w := want[i]
						if f != track.GPX {
							w.Accuracy, w.Speed, w.Heading, w.Battery = geo.Measure{}, geo.Measure{}, geo.Measure{}, geo.Measure{}
						}
						if fix != w {
							t.Fatalf("point %d is %+v, want %+v", i, fix, w)
						}
						i++
					}
				}
				if tracks != 1 {
					t.Errorf("%d tracks", tracks)
				}
			})
		}
	}
}

// children are the elements that GPX 1.1 has in another, in the order of <https://www.topografix.com/GPX/1/1/>; a * marks those
// that may come again. Only what we may write is here.
var children = map[string]string{
	"gpx":        "metadata wpt* rte* trk* extensions",
	"trk":        "name cmt desc src link* number type extensions trkseg*",
	"trkseg":     "trkpt* extensions",
	"trkpt":      "ele time magvar geoidheight name cmt desc src link* sym type fix sat hdop vdop pdop ageofdgpsdata dgpsid extensions",
	"extensions": "*",
}

var texts = map[string]*regexp.Regexp{
	"ele":  regexp.MustCompile(`^-?\d+(\.\d+)?$`),
	"time": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`),
	"name": regexp.MustCompile(`^.+$`),
}

// checkGPX holds a file against the rules of GPX 1.1: which elements there are, in which order, and what their texts and
// attributes are.
func checkGPX(in io.Reader) error {
	const gpx = "http://www.topografix.com/GPX/1/1"
	type open struct {
		name  string
		ours  bool // of GPX, not of an extension
		index int  // of the child that came last
		text  string
	}
	path := []*open{{name: ""}}
	d := xml.NewDecoder(in)
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		in := path[len(path)-1]
		switch t := t.(type) {
		case xml.StartElement:
			e := &open{name: t.Name.Local, ours: t.Name.Space == gpx}
			path = append(path, e)
			switch {
			case in.name == "":
				if e.name != "gpx" || !e.ours {
					return fmt.Errorf("the root is %v", t.Name)
				}
			case in.name == "extensions" && in.ours:
				if e.ours || t.Name.Space == "" {
					return fmt.Errorf("%v in extensions", t.Name)
				}
				continue
			case !in.ours:
				continue
			default:
				order := strings.Fields(children[in.name])
				index := slices.IndexFunc(order, func(s string) bool { return strings.TrimSuffix(s, "*") == e.name })
				if index < 0 || !e.ours || index < in.index-1 || index == in.index-1 && !strings.HasSuffix(order[index], "*") {
					return fmt.Errorf("<%s> cannot come here in <%s>", e.name, in.name)
				}
				in.index = index + 1
			}
			if err := checkAttributes(t); err != nil {
				return err
			}
		case xml.CharData:
			in.text += string(t)
		case xml.EndElement:
			path = path[:len(path)-1]
			rule, ok := texts[in.name]
			if in.ours && (ok && !rule.MatchString(in.text) || !ok && strings.TrimSpace(in.text) != "") {
				return fmt.Errorf("<%s> has the text %q", in.name, in.text)
			}
		}
	}
}

func checkAttributes(e xml.StartElement) error {
	given := map[string]string{}
	for _, a := range e.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			given[a.Name.Local] = a.Value
		}
	}
	want := map[string]int{"gpx": 2, "trkpt": 2}[e.Name.Local]
	if len(given) != want {
		return fmt.Errorf("<%s> has the attributes %v", e.Name.Local, given)
	}
	switch e.Name.Local {
	case "gpx":
		if given["version"] != "1.1" || given["creator"] == "" {
			return fmt.Errorf("gpx has the attributes %v", given)
		}
	case "trkpt":
		lat, err := strconv.ParseFloat(given["lat"], 64)
		lon, failed := strconv.ParseFloat(given["lon"], 64)
		if err != nil || failed != nil || lat < -90 || lat > 90 || lon < -180 || lon >= 180 || strings.ContainsAny(given["lat"]+given["lon"], "eE+") {
			return fmt.Errorf("trkpt has the attributes %v", given)
		}
	}
	return nil
}

func TestGPXIsAsItsSchemaSays(t *testing.T) {
	edges := []track.Fix{
		{Point: geo.Point{Lat: geo.MaxLat, Lng: geo.MaxLng}, Time: time.UnixMilli(0)},
		{Point: geo.Point{Lat: -geo.MaxLat, Lng: -geo.MaxLng}, Time: time.UnixMilli(1)},
		{Point: geo.Point{Lat: 1, Lng: -1}, Time: now, Elevation: geo.Measured(-1), Speed: geo.Measured(1)},
	}
	for _, fixes := range [][]track.Fix{nil, edges, walk(1000)} {
		for _, name := range []string{"", "a & <b>"} {
			var file bytes.Buffer
			if err := track.Write(&file, track.GPX, name, sequence(fixes)); err != nil {
				t.Fatal(err)
			}
			if err := checkGPX(&file); err != nil {
				t.Error(err)
			}
		}
	}
	for _, wrong := range []string{ // the check is one
		`<trkpt lat="1" lon="180"/>`, `<trkpt lat="1" lon="1e-07"/>`, `<trkpt lat="1"/>`, `<trkpt lat="1" lon="1"><time>2020-01-01T00:00:00Z</time><ele>1</ele></trkpt>`,
		`<trkpt lat="1" lon="1"><ele>1</ele><ele>1</ele></trkpt>`, `<trkpt lat="1" lon="1"><speed>1</speed></trkpt>`, `<trkpt lat="1" lon="1"><time>noon</time></trkpt>`,
		`<trkpt lat="1" lon="1"><extensions><speed>1</speed></extensions></trkpt>`, `text`,
	} {
		file := `<gpx version="1.1" creator="c" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>` + wrong + `</trkseg></trk></gpx>`
		if checkGPX(strings.NewReader(file)) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

// TestGeoJSONIsValid for any number of points: a line has two or more.
func TestGeoJSONIsValid(t *testing.T) {
	for n, want := range []string{"", "Point", "LineString", "LineString"} {
		var file bytes.Buffer
		if err := track.Write(&file, track.GeoJSON, "", sequence(walk(n))); err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Type     string
			Features []struct {
				Type       string
				Properties struct{ CoordTimes []string }
				Geometry   *struct {
					Type        string
					Coordinates []any
				}
			}
		}
		if err := json.Unmarshal(file.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		f := doc.Features[0]
		if doc.Type != "FeatureCollection" || f.Type != "Feature" || len(f.Properties.CoordTimes) != n || (f.Geometry == nil) != (n == 0) {
			t.Errorf("%d points: %s", n, &file)
		} else if g := f.Geometry; g != nil && (g.Type != want || n > 1 && len(g.Coordinates) != n) {
			t.Errorf("%d points: %s", n, &file)
		}
	}
}

// TestTracksThatChange writes a track that grows meanwhile as it was, and does not write one that becomes shorter.
func TestTracksThatChange(t *testing.T) {
	fixes := walk(10)
	for name, format := range map[string]track.Format{"GeoJSON": track.GeoJSON, "KML": track.KML} {
		for _, grows := range []int{1, -1} {
			n := 5
			var file bytes.Buffer
			err := track.Write(&file, format, name, func(yield func(track.Fix, error) bool) {
				sequence(fixes[:n])(yield)
				n += grows
			})
			if (err == nil) != (grows > 0) {
				t.Errorf("%s, %d more: %v", name, grows, err)
			}
			if text, err := read(&file); grows > 0 && (err != nil || strings.Count(text, "\n") != 6) {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

func TestPointsThatCannotBeRead(t *testing.T) {
	lost := errors.New("lost")
	for name, format := range formats {
		err := track.Write(io.Discard, format, "", func(yield func(track.Fix, error) bool) {
			if yield(walk(1)[0], nil) {
				yield(track.Fix{}, lost)
			}
		})
		if !errors.Is(err, lost) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
