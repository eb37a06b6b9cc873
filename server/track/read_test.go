package track_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"routeguide/server/geo"
	"routeguide/server/track"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// read returns the tracks of a file as text: a line of the name, then one a point.
func read(in io.Reader) (string, error) {
	var b strings.Builder
	for t, err := range track.Read(in, now) {
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%q\n", t.Name)
		for f := range t.Fixes(0) {
			b.WriteString(line(f) + "\n")
		}
	}
	return b.String(), nil
}

func line(f track.Fix) string {
	s := f.Point.String() + " " + f.Time.Format("2006-01-02T15:04:05.999Z07:00")
	for _, m := range []struct {
		name string
		geo.Measure
	}{{"elevation", f.Elevation}, {"accuracy", f.Accuracy}, {"speed", f.Speed}, {"heading", f.Heading}, {"battery", f.Battery}} {
		if v, known := m.Get(); known {
			s += fmt.Sprintf(" %s %d", m.name, v)
		}
	}
	return s
}

// TestDialects reads a file in the manner of each program and device, and compares what is in it with the file beside it.
func TestDialects(t *testing.T) {
	files, err := filepath.Glob("testdata/*.want")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, want := range files {
		file := strings.TrimSuffix(want, ".want")
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wanted, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(iotest.OneByteReader(strings.NewReader(string(data))))
			if err != nil || got != string(wanted) {
				t.Errorf("%v\n%s\nwant\n%s", err, got, wanted)
			}
		})
	}
}

func gpx(body string) string {
	return `<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">` + body + `</gpx>`
}

const twoPoints = `<trk><trkseg><trkpt lat="1" lon="2"/><trkpt lat="1" lon="2.00001"/></trkseg></trk>`

// TestBrokenFiles has what was complete before the fault, and says where that is.
func TestBrokenFiles(t *testing.T) {
	tests := []struct {
		name, file string
		tracks     int
		want       string
	}{
		{"nothing", "", 0, "line 1: the file is empty"},
		{"white space", " \n ", 0, "line 1: the file is empty"},
		{"a picture", "\x89PNG\r\n\x1a\n0000", 0, "line 1: this is not GPX, GeoJSON, KML, KMZ, FIT or location history of Google Takeout"},
		{"no track", gpx(`<wpt lat="1" lon="2"/>`), 0, "line 1: there is no track in the file"},
		{"other XML", "<html/>", 0, "line 1, column 7: <html> is neither GPX nor KML"},
		{"cut off", strings.TrimSuffix(gpx(twoPoints), "</gpx>") + "\n", 1, "line 2, column 0: not XML: unexpected EOF"},
		{"not closed", gpx(twoPoints + "\n<trk></trkseg>"), 1, "line 2, column 14: not XML: element <trk> closed by </trkseg>"},
		{"a latitude of 91", gpx(twoPoints + "\n<rte><rtept lat='91' lon='2'/></rte>"), 1, "line 2, column 30: <rtept>: 91, 2 is no latitude and longitude"},
		{"a latitude that is no number", gpx("\n\n<rte><rtept lat='NaN' lon='2'/></rte>"), 0, "line 3, column 31: <rtept>: NaN, 2 is no latitude and longitude"},
		{"no longitude", gpx("<rte><rtept lat='1'/></rte>"), 0, `line 1, column 82: <rtept> has no "lon"`},
		{"a word for a number", gpx("<rte><rtept lat='1' lon='2'>\n<ele>high</ele></rtept></rte>"), 0, `line 2, column 15: <ele> has "high", which is not a number`},
		{"a word for a time", gpx("<rte><rtept lat='1' lon='2'>\n<time>noon</time></rtept></rte>"), 0, `line 2, column 17: <time>: "noon" is not a time`},
		{"entities", "<!DOCTYPE gpx [<!ENTITY a 'b'>]>" + gpx("<rte><name>&a;</name></rte>"), 0, "line 1, column 107: not XML: invalid character entity &a;"},
		{"deep", gpx(strings.Repeat("<a>", 100)), 0, "line 1, column 253: more than 64 elements in one another"},
		{"a long tag", gpx("<a b='" + strings.Repeat("x", 2<<20)), 0, "line 1, column 1048637: a piece of the file longer than 1048576 bytes"},
		{"a long name", gpx("<trk><name>" + strings.Repeat("x", 100<<10)), 0, "line 1, column 102473: a text longer than 65536 bytes"},
		{"another encoding", `<?xml version="1.0" encoding="EBCDIC"?>` + gpx(twoPoints), 0, `line 1, column 39: xml: opening charset "EBCDIC": the encoding "EBCDIC" is not read here; save the file as UTF-8`},
		{"KML without a comma", "<kml><Placemark><LineString><coordinates>\n1,2\n3 4</coordinates></LineString></Placemark></kml>", 0,
			`line 3, column 2: "3" is no longitude, latitude and altitude`},
		{"KML of one long word", "<kml><LineString><coordinates>" + strings.Repeat("1", 9999), 0,
			`line 1, column 286: "1111111111111111111111111111111111111111…" is no longitude, latitude and altitude`},
		{"times without places", "<kml><Track><when>2020-01-01T00:00:00Z</when><when>2020-01-01T00:00:01Z</when><coord>1 2</coord></Track></kml>", 0,
			"line 1, column 104: a track of 2 times and 1 places"},
		{"cut off JSON", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}},` + "\n{", 1,
			"line 2: the file ends too early"},
		{"not JSON", "{\"locations\":[\n{\"latitudeE7\":1,\"longitudeE7\":2,\"timestamp\":\"2020-01-01T00:00:00Z\"},\n!]}", 0, "line 3: not JSON: invalid character '!' looking for beginning of value"},
		{"JSON without a comma", "{\"features\":[\n{}\n{\"type\":\"Feature\",\"geometry\":[[1,2],[3,4]]}", 0, "line 3: not JSON: invalid character '{' after array element"},
		{"text for a number", "{\"locations\":[\n{\"latitudeE7\":\"1\"}]}", 0, "line 2: LatitudeE7: a string cannot stand here"},
		{"a place off the earth", `{"type":"LineString","coordinates":[[181,0],[0,0]]}`, 0, "line 1: want [longitude, latitude]"},
		{"times that do not fit", `{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{"times":["2020-01-01"]}}`, 0,
			"line 1: a track of 1 times and 2 places"},
		{"deep JSON", strings.Repeat(`{"a":`, 2000), 0, "line 1: more than 1000 lists and objects in one another"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(strings.NewReader(test.file))
			var broken *track.Error
			if !errors.As(err, &broken) || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
			again, errAgain := read(iotest.OneByteReader(strings.NewReader(test.file)))
			if again != got || fmt.Sprint(errAgain) != fmt.Sprint(err) {
				t.Errorf("byte by byte: %v, %q", errAgain, again)
			}
			if n := strings.Count(got, "\""); n != 2*test.tracks {
				t.Errorf("before it came\n%swant %d tracks", got, test.tracks)
			}
		})
	}
}

// TestLostFile ends with what the reader of the file says, not as if the file were broken.
func TestLostFile(t *testing.T) {
	lost := errors.New("the client left")
	files, _ := filepath.Glob("testdata/*.want")
	for _, name := range files {
		data, err := os.ReadFile(strings.TrimSuffix(name, ".want"))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, len(data) / 2, len(data) - 3} {
			_, err := read(io.MultiReader(strings.NewReader(string(data[:n])), iotest.ErrReader(lost)))
			if !errors.Is(err, lost) {
				t.Errorf("%s after %d bytes: %v", name, n, err)
			}
		}
	}
}

// TestWalk has a walk of 1 m/s end now. A thousandth of a degree of the equator is 111.195 m on the sphere.
func TestWalk(t *testing.T) {
	got, err := read(strings.NewReader(gpx(`<rte><rtept lat="0" lon="179.9995"/><rtept lat="0" lon="-179.9995"/><rtept lat="0" lon="-179.9985"/></rte>`)))
	want := `""
0.0000000,179.9995000 2026-01-02T03:00:22.61Z
0.0000000,-179.9995000 2026-01-02T03:02:13.805Z
0.0000000,-179.9985000 2026-01-02T03:04:05Z
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestSomePointsHaveATime(t *testing.T) {
	point := func(time string) string { return `<trkpt lat="1" lon="2"><time>` + time + `</time></trkpt>` }
	got, err := read(strings.NewReader(gpx("<trk><trkseg>" + point("") + point("2020-01-01T00:00:02Z") + point("") + point("2020-01-01T00:00:01Z") +
		point("2020-01-01T00:00:03Z") + "</trkseg></trk>")))
	const at = "1.0000000,2.0000000 2020-01-01T00:00:0"
	if want := "\"\"\n" + at + "2Z\n" + at + "2Z\n" + at + "2Z\n" + at + "2Z\n" + at + "3Z\n"; err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestSum tells tracks apart, and knows one again.
func TestSum(t *testing.T) {
	sums := func(file string, now time.Time) (all [][32]byte) {
		for got, err := range track.Read(strings.NewReader(file), now) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got.Sum())
		}
		return all
	}
	point := func(extra string) string {
		return `<trk><trkseg><trkpt lat="1" lon="2">` + extra + `</trkpt></trkseg></trk>`
	}
	file := gpx(point("") + point("") + strings.Replace(point(""), "<trk>", "<trk><name>a</name>", 1) + point("<ele>1</ele>") +
		point("<time>2020-01-01T00:00:00Z</time>") + point("") + strings.Replace(point(""), `"2"`, `"2.0000001"`, 1))
	seen := map[[32]byte]int{}
	for _, sum := range append(sums(file, now), sums(file, now.Add(time.Hour))...) {
		seen[sum]++
	}
	if len(seen) != 5 || seen[sums(file, now)[0]] != 6 {
		t.Errorf("%d different ones of 5, %v", len(seen), seen)
	}
}

// TestHistoryAgainstTime reads records whose newest is first, as old exports have them.
func TestHistoryAgainstTime(t *testing.T) {
	var b strings.Builder
	for i := range 300 { // one every ten minutes, for two days
		fmt.Fprintf(&b, `,{"latitudeE7":%d,"longitudeE7":1200000000,"timestampMs":"%d"}`, i, now.Add(time.Duration(-i)*10*time.Minute).UnixMilli())
	}
	var days, points int
	last := time.Unix(math.MaxInt32, 0)
	for got, err := range track.Read(strings.NewReader(`{"locations":[`+b.String()[1:]+`]}`), now) {
		if err != nil {
			t.Fatal(err)
		}
		before := got.Start()
		for f := range got.Fixes(0) {
			if f.Time.Before(before) || !f.Time.Before(last) {
				t.Fatalf("%v after %v, in a track before %v", f.Time, before, last)
			}
			before = f.Time
			points++
		}
		// Eight hours east of Greenwich a day begins at 16:00 UTC.
		if start := got.Start(); last.Unix() != math.MaxInt32 && start.Add(8*time.Hour).Day() == last.Add(8*time.Hour).Day() {
			t.Errorf("%v and %v are one day", start, last)
		}
		last = got.Start()
		days++
	}
	if days != 3 || points != 300 {
		t.Errorf("%d days, %d points", days, points)
	}
}

// TestStop yields no more once its reader has enough.
func TestStop(t *testing.T) {
	for _, file := range []string{gpx(twoPoints + twoPoints), `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[1,2],[3,4]]]}`,
		"<kml><LineString><coordinates>1,2</coordinates></LineString><LineString><coordinates>1,2</coordinates></LineString></kml>"} {
		for got, err := range track.Read(strings.NewReader(file), now) {
			if err != nil || got.Len() == 0 {
				t.Fatal(err)
			}
			break
		}
	}
}
