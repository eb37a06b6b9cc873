package feature_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

var quiet = slog.New(slog.DiscardHandler)

// open opens a file of content, whose name tells nothing of its form. In what it returns the path is "features".
func open(t *testing.T, content string, log *slog.Logger) (*feature.Index, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("features", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return feature.Open(t.Context(), "features", log)
}

func TestOpenReadsWhatWasWritten(t *testing.T) {
	features := append(scattered(3000),
		feature.Feature{},
		feature.Feature{Name: "comma, \"quote\" \\ and\nline", Location: geo.Point{Lat: 90e7, Lng: -180e7}},
		feature.Feature{Name: "Zürich 東京 🗺 \u2028 <&>", Location: geo.Point{Lat: -90e7, Lng: 180e7}},
		feature.Feature{Name: strings.Repeat("n", 4096), Location: geo.Point{Lat: -1, Lng: 1}},
	)
	features = append(features, scattered(3000)...)
	for _, form := range forms {
		var content bytes.Buffer
		form.write(&content, features)
		for _, start := range []string{"", "\uFEFF", "\n\r\n"} {
			index, err := open(t, start+content.String(), quiet)
			if err != nil {
				t.Errorf("%s after %q: %v", form.name, start, err)
			} else if got := slices.Collect(index.In(geo.World)); !slices.Equal(got, features) {
				t.Errorf("%s after %q: the features read are not those written", form.name, start)
			}
		}
	}
}

func TestOpenAccepts(t *testing.T) {
	here := feature.Feature{Name: "here", Location: geo.Point{Lat: 1e7, Lng: 2e7}}
	unnamed := feature.Feature{Location: here.Location}
	for _, test := range []struct {
		name, content string
		want          []feature.Feature
	}{
		{"an empty array", " [ ] ", nil},
		{"an empty list", `{"feature": []}`, nil},
		{"an empty collection", `{"type": "FeatureCollection", "features": []}`, nil},
		{"only the header of CSV", "name,latitude,longitude\n", nil},
		{"no name", `[{"location": {"longitude": 20000000, "latitude": 10000000}}]`, []feature.Feature{unnamed}},
		{"a null name", `[{"name": null, "location": {"longitude": 20000000, "latitude": 10000000}}]`, []feature.Feature{unnamed}},
		{"escapes", `[{"n\u0061me": "h\u0065r\u0065", "location": {"latitude": 10000000, "longitude": 20000000}},
			{"name": "\"\\\/\b\f\n\r\t\u00e9\ud83d\uDDFA\ufffd", "location": {"latitude": 0, "longitude": -0}}]`,
			[]feature.Feature{here, {Name: "\"\\/\b\f\n\r\té🗺\uFFFD"}}},
		{"unknown members", `{"next": {"a": [1, -2.5e+3, 0, true, false, null, "\u0000\"", {}, []]}, "feature": [
			{"name": "here", "id": [[]], "location": {"latitude": 10000000, "altitude": 1e9, "longitude": 20000000}}], "more": 1}`,
			[]feature.Feature{here}},
		{"a feature", `{"geometry": {"coordinates": [2, 1], "type": "Point"}, "properties": {"name": "here"}, "type": "Feature"}`,
			[]feature.Feature{here}},
		{"an altitude", `{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.0, 1e0, 8848.86]}, "properties": {"name": "here"}}`,
			[]feature.Feature{here}},
		{"no properties", `{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2, 1]}, "properties": null, "bbox": null}`,
			[]feature.Feature{unnamed}},
		{"properties named like lists", `{"type": "FeatureCollection", "features": [
			{"type": "Feature", "features": [1], "feature": 2, "properties": {"features": [], "name": "here"}, "geometry": {"type": "Point", "coordinates": [2, 1]}}]}`,
			[]feature.Feature{here}},
		{"objects on one line", `{"feature": []}{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2, 1]}}`,
			[]feature.Feature{unnamed}},
		{"other geometries", `{"type": "FeatureCollection", "features": [
			{"type": "Feature", "geometry": null},
			{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[2, 1], [500, 500]]}},
			{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2, 1]}, "properties": {"name": "here"}},
			{"type": "Feature", "geometry": {"coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]], "type": "Polygon"}},
			{"type": "Feature", "geometry": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [2, 1]}]}}]}`,
			[]feature.Feature{here}},
		{"CSV without an end of line", "name,latitude,longitude\nhere,1,2", []feature.Feature{here}},
		{"CSV with other columns, in capitals, with spaces", "Longitude, Latitude ,id,NAME\r\n 2 ,\t1,x,here\r\n\r\n2,1,,\r\n", []feature.Feature{here, unnamed}},
		{"CSV with quotes", "\"name\",\"latitude\",\"longitude\"\n\"he\"\"re\nand there\",\"1\",2\n", []feature.Feature{{Name: "he\"re\nand there", Location: here.Location}}},
	} {
		index, err := open(t, test.content, quiet)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := slices.Collect(index.In(geo.World)); !slices.Equal(got, test.want) {
			t.Errorf("%s: read %v, want %v", test.name, got, test.want)
		}
	}
}

func TestOpenFails(t *testing.T) {
	const header = "name,latitude,longitude\n"
	long := strings.Repeat("n", 4097)
	for _, test := range []struct{ name, content, want string }{
		{"nothing", "", "1: the file is empty"},
		{"white space", "\uFEFF\n\n", "1: the file is empty"},
		{"another kind of file", "\x89PNG\r\n\x1a\n", "1: neither JSON nor CSV: the first line of CSV names the columns name, latitude and longitude, and there is no name"},

		{"CSV, no such column", "\nname,lat,lon\n", "2: neither JSON nor CSV: the first line of CSV names the columns name, latitude and longitude, and there is no latitude"},
		{"CSV, a column twice", "name,latitude,longitude,Latitude\n", "1: two columns latitude"},
		{"CSV, latitude outside", header + "a,1,2\nb,91.2,3\n", `3: latitude: "91.2" is not between -90 and 90`},
		{"CSV, longitude outside", header + "a,1,-180.1\n", `2: longitude: "-180.1" is not between -180 and 180`},
		{"CSV, E7", header + "a,409146138,-746188906\n", `2: latitude: "409146138" is not between -90 and 90`},
		{"CSV, no latitude", header + "a,,2\n", `2: latitude: "" is not a number`},
		{"CSV, NaN", header + "a,1,NaN\n", `2: longitude: "NaN" is not a number`},
		{"CSV, infinity", header + "a,-Inf,2\n", `2: latitude: "-Inf" is not a number`},
		{"CSV, a line in a quoted name before", header + "\"a\nb\",1,2\nc,x,2\n", `4: latitude: "x" is not a number`},
		{"CSV, a line in the quoted name", header + "\"a\nb\",1,x\n", `3: longitude: "x" is not a number`},
		{"CSV, not UTF-8", header + "a,1,2\nZ\xFCrich,1,2\n", "3: name: not valid UTF-8"},
		{"CSV, a long name", header + long + ",1,2\n", "2: name: longer than 4096 bytes"},
		{"CSV, a field too few", header + "a,1,2\nb,1\n", "3: wrong number of fields"},
		{"CSV, a quote in a field", header + "a\"b,1,2\n", `2: bare " in non-quoted-field`},
		{"CSV, a quote left open", header + "a,1,2\n\"b,1,2\nc,1,2\n", `3: extraneous or missing " in quoted-field`},
		{"CSV, a quote left open in a large file", header + "a,1,2\n\"b,1,2\n" + strings.Repeat("c,1,2\n", 200_000), "3: a record longer than 1048576 bytes; is a quote left open?"},

		{"JSON, another kind", `{"type": "Topology"}`, `1: want a list "feature", a list "features" or a GeoJSON Feature`},
		{"JSON, a kind of another type", `{"type": ["Feature"], "geometry": null}`, `1: want a list "feature"`},
		{"JSON, another kind on a later line", "{\"feature\": []}\n\n{\n}", `3: want a list "feature", a list "features" or a GeoJSON Feature`},
		{"JSON, features that are no list", `{"features": {}}`, `1: features: want '['`},
		{"JSON, an element that is no object", "[\n1]", `2: want '{'`},
		{"JSON, cut off between elements", "[\n{\"location\": {\"latitude\": 1,\n\"longitude\": 2}}\n", `4: unexpected EOF`},
		{"JSON, cut off in an element", "[\n{\"location\":\n{\"latitude\": 1", `3: unexpected EOF`},
		{"JSON, cut off in a string", "[\n{\"name\": \"abc", `2: name: unexpected EOF`},
		{"JSON, cut off in an escape", "[\n{\"name\": \"abc\\ud8", `2: name: unexpected EOF`},
		{"JSON, cut off after a backslash", "[\n{\"name\": \"abc\\", `2: name: unexpected EOF`},
		{"JSON, cut off after a key", "[{\"name\"", `1: name: unexpected EOF`},
		{"JSON, a comma too many", "[\n{\"location\": {\"latitude\": 1, \"longitude\": 2}},\n]", `3: invalid character ']' looking for beginning of value`},
		{"JSON, no comma", `[{"location": {"latitude": 1 "longitude": 2}}]`, `1: invalid character '"' after object key:value pair`},
		{"JSON, more after the array", "[]\n[]", `2: want the end of the file`},
		{"JSON, no key", "[{name: 1}]", `1: invalid character 'n'`},
		{"JSON, no value", `[{"id": é}]`, `1: invalid character 'Ã' looking for beginning of value`},
		{"JSON, half a word", `[{"id": nul}]`, `1: invalid character '}' in literal null (expecting 'l')`},
		{"JSON, a control character", "[{\"name\": \"a\nb\"}]", `1: name: invalid character '\n' in string literal`},
		{"JSON, an escape there is not", `[{"name": "\x41"}]`, `1: name: invalid character 'x' in string escape code`},
		{"JSON, an escape with a digit there is not", `[{"name": "\u00g0"}]`, `1: name: invalid character 'g' in \u hexadecimal character escape`},
		{"JSON, half a surrogate pair", `[{"name": "\ud83dx"}]`, `1: name: half of a surrogate pair in a string`},
		{"JSON, the wrong half of a surrogate pair", `[{"name": "\udDFA\ud83d"}]`, "1: name: half of a surrogate pair"},
		{"JSON, nested deep", `[{"id": ` + strings.Repeat("[", 1e6), "1: nested more than 1000 deep"},
		{"JSON, a long key", `[{"` + long + `": 1}]`, "1: longer than 4096 bytes"},

		{"classic, latitude outside", "[{\n\"location\": {\n\"latitude\": 900000001,\n\"longitude\": 2}}]", `3: location.latitude: "900000001" is not between -900000000 and 900000000`},
		{"classic, longitude outside", "[{\n\"location\": {\"latitude\": 1,\n\"longitude\": -99999999999999999999}}]", `3: location.longitude: "-99999999999999999999" is not between -1800000000 and 1800000000`},
		{"classic, degrees", `[{"location": {"latitude": 40.9146138}}]`, `1: location.latitude: "40.9146138" is not a whole number of E7 units (degrees × 10⁷)`},
		{"classic, a string", `[{"location": {"latitude": "1"}}]`, `1: location.latitude: want a number`},
		{"classic, null", `[{"location": {"latitude": null}}]`, `1: location.latitude: want a number`},
		{"classic, leading zero", `[{"location": {"latitude": 01}}]`, `1: invalid character '1' after object key:value pair`},
		{"classic, no latitude", "[\n{\"location\":\n{\"lat\": 1,\n\"longitude\": 2}}]", "3: location.latitude: missing"},
		{"classic, no longitude", "[\n{\"location\": {\"latitude\": 1}}]", "2: location.longitude: missing"},
		{"classic, no location", "[\n\n{\"name\": \"a\"\n}]", "3: location: missing"},
		{"classic, null location", `[{"location": null}]`, `1: location: want '{'`},
		{"classic, name of another type", `[{"name": 7}]`, `1: name: want a string`},
		{"classic, not UTF-8", "[{\"name\":\n\"Z\xFCrich\"}]", "2: name: not valid UTF-8"},
		{"classic, a long name", `[{"name": "` + long + `"}]`, "1: name: longer than 4096 bytes"},

		{"GeoJSON, latitude outside", "{\"features\": [{\"geometry\": {\"coordinates\": [\n2,\n91.2]", `3: geometry.coordinates: "91.2" is not between -90 and 90`},
		{"GeoJSON, longitude outside", `{"features": [{"geometry": {"coordinates": [180.1, 2]`, `1: geometry.coordinates: "180.1" is not between -180 and 180`},
		{"GeoJSON, one number", "{\"features\": [\n{\"geometry\": {\"type\": \"Point\", \"coordinates\": [2]}}]}", "2: geometry.coordinates: want [longitude, latitude]"},
		{"GeoJSON, a Point of positions", `{"features": [{"geometry": {"type": "Point", "coordinates": [[2, 1], [2, 1]]}}]}`, "1: geometry.coordinates: want [longitude, latitude]"},
		{"GeoJSON, null coordinates", `{"features": [{"geometry": {"type": "Point", "coordinates": null}}]}`, "1: geometry.coordinates: want [longitude, latitude]"},
		{"GeoJSON, no coordinates", `{"features": [{"geometry": {"type": "Point"}}]}`, "1: geometry.coordinates: want [longitude, latitude]"},
		{"GeoJSON, no type", `{"features": [{"geometry": {"coordinates": [2, 1]}}]}`, "1: geometry.type: missing"},
		{"GeoJSON, a geometry that is no object", `{"features": [{"geometry": 1}]}`, `1: geometry: want '{'`},
		{"GeoJSON, properties that are no object", `{"features": [{"properties": "a"}]}`, `1: properties: want '{'`},
		{"GeoJSON, name of another type", "{\"features\": [{\"properties\":\n{\"name\": 7}}]}", `2: properties.name: want a string`},
		{"GeoJSON, no Point", `{"features": [{"type": "Feature", "geometry": null}, {"geometry": {"type": "MultiPoint", "coordinates": [[2, 1]]}}]}`, "1: none of the 2 features is a Point"},
	} {
		index, err := open(t, test.content, quiet)
		if err == nil {
			t.Errorf("%s: read %d features, want an error", test.name, index.Len())
		} else if want := "features:" + test.want; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: the error is\n%v, want\n%s", test.name, err, want)
		}
	}
}

func TestOpenSaysWhatItDid(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, nil))
	if _, err := open(t, `{"features": [{"geometry": null}, {"geometry": {"type": "Point", "coordinates": [2, 1]}}]}`, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`level=WARN msg="features that are no Point are left out" file=features count=1`,
		`level=INFO msg="features loaded" file=features features=1 took=`,
	} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("the log has no line with %s:\n%s", want, &lines)
		}
	}
	if n := strings.Count(lines.String(), "\n"); n != 2 {
		t.Errorf("a short load logs %d lines, want 2:\n%s", n, &lines)
	}
}

func TestOpenWithoutAFile(t *testing.T) {
	_, err := feature.Open(t.Context(), filepath.Join(t.TempDir(), "none"), quiet)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open fails with %v, want fs.ErrNotExist", err)
	}
	if _, err := feature.Open(t.Context(), t.TempDir(), quiet); err == nil {
		t.Error("Open reads a directory")
	}
}

func TestOpenOfACutOffFile(t *testing.T) {
	var content bytes.Buffer
	forms[0].write(&content, scattered(3))
	whole := bytes.TrimSpace(content.Bytes())
	for n := 1; n < len(whole); n++ {
		if _, err := open(t, string(whole[:n]), quiet); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("of %q Open makes %v, want io.ErrUnexpectedEOF", whole[:n], err)
		}
	}
}

func TestOpenIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	path := filepath.Join(t.TempDir(), "features")
	writeFile(t, path, forms[0].write, scattered(10))
	if _, err := feature.Open(ctx, path, quiet); !errors.Is(err, stopped) {
		t.Errorf("Open fails with %v, want the cause of the cancellation", err)
	}
}
