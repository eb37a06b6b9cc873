package feature_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"routeguide/server/feature"
)

// forms are the forms of a file, each with a way to write it that shares no code with the package.
var forms = []struct {
	name  string
	write func(io.Writer, []feature.Feature)
}{
	{"classic", func(w io.Writer, features []feature.Feature) {
		fmt.Fprint(w, "[")
		writeClassic(w, features)
		fmt.Fprint(w, "]\n")
	}},
	{"wrapped", func(w io.Writer, features []feature.Feature) {
		fmt.Fprint(w, `{"feature": [`)
		writeClassic(w, features)
		fmt.Fprint(w, "]}\n")
	}},
	{"GeoJSON", func(w io.Writer, features []feature.Feature) {
		fmt.Fprintln(w, `{"type": "FeatureCollection", "features": [`)
		separator := ""
		for _, f := range features {
			fmt.Fprint(w, separator)
			writeGeoJSON(w, f)
			separator = ",\n"
		}
		fmt.Fprintln(w, "]}")
	}},
	{"newline-delimited GeoJSON", func(w io.Writer, features []feature.Feature) {
		for _, f := range features {
			writeGeoJSON(w, f)
			fmt.Fprintln(w)
		}
	}},
	{"CSV", func(w io.Writer, features []feature.Feature) {
		records := csv.NewWriter(w)
		records.Write([]string{"latitude", "id", "name", "longitude"})
		for i, f := range features {
			lat, lng, _ := strings.Cut(f.Location.String(), ",")
			records.Write([]string{lat, strconv.Itoa(i), f.Name, lng})
		}
		records.Flush()
	}},
}

func writeClassic(w io.Writer, features []feature.Feature) {
	separator := ""
	for _, f := range features {
		fmt.Fprintf(w, "%s{\n  \"location\": {\"latitude\": %d, \"longitude\": %d},\n  \"name\": %s\n}", separator, f.Location.Lat, f.Location.Lng, quote(f.Name))
		separator = ", "
	}
}

func writeGeoJSON(w io.Writer, f feature.Feature) {
	lat, lng, _ := strings.Cut(f.Location.String(), ",")
	fmt.Fprintf(w, `{"type": "Feature", "properties": {"name": %s, "kind": "test"}, "geometry": {"type": "Point", "coordinates": [%s, %s]}}`, quote(f.Name), lng, lat)
}

func each(features []feature.Feature) iter.Seq2[feature.Described, error] {
	return func(yield func(feature.Described, error) bool) {
		for _, f := range features {
			if !yield(feature.Described{Feature: f}, nil) {
				return
			}
		}
	}
}

func quote(name string) string {
	text, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return string(text)
}
