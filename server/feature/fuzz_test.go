package feature

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// decodeTwice returns what read makes of data. It fails the test where the sizes of the reads make a difference, or a
// feature is not valid.
func decodeTwice(t *testing.T, data []byte, read func(io.Reader, func(Described) bool) (int, error)) ([]Described, error) {
	t.Helper()
	once := func(in io.Reader) (features []Described, skipped int, err error) {
		skipped, err = read(in, func(f Described) bool {
			features = append(features, f)
			return true
		})
		return features, skipped, err
	}
	features, skipped, err := once(bytes.NewReader(data))
	again, skippedAgain, errAgain := once(iotest.OneByteReader(bytes.NewReader(data)))
	if !slices.Equal(features, again) || skipped != skippedAgain || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
		t.Fatalf("%q is %v, %d, %v, but byte by byte %v, %d, %v", data, features, skipped, err, again, skippedAgain, errAgain)
	}
	for _, f := range features {
		if err := patchTo(f).check(); err != nil {
			t.Fatalf("%q has the feature %+v, which is not valid", data, f)
		}
	}
	return features, err
}

// FuzzDecodeJSON holds what is accepted against encoding/json.
func FuzzDecodeJSON(f *testing.F) {
	for _, data := range []string{
		`[{"location": {"latitude": 407838351, "longitude": -746143763}, "name": "Patriots Path, Mendham, NJ 07945, USA"}, {"location": {"latitude": 0, "longitude": 0}}]`,
		`{"feature": [{"name": "\"\\\/\b\f\n\r\t\u00e9\ud83d\uddfa", "location": {"longitude": -1800000000, "latitude": 900000000}}]}`,
		`{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.5, 1e0, 9]}, "properties": {"name": null, "category": "Café & Bar", "url": "https://example.org", "description": "\ud800"}}, {"geometry": null}]}`,
		`{"type":"Feature","geometry":{"coordinates":[-0.0,-90],"type":"Point"},"properties":null}` + "\n" + `{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}` + "\n",
		`{"features": [], "a": [true, false, null, {"b": -1.5E+3}, "c"]}`,
		`[{"location": {"latitude": 01}}]`,
		`[{"name": "\ud800"}]`,
		`[`,
		"",
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		features, err := decodeTwice(t, data, decodeJSON)
		if err != nil {
			return
		}
		values := json.NewDecoder(bytes.NewReader(data))
		for {
			var value any
			if err := values.Decode(&value); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%q is accepted with %d features, but encoding/json says: %v", data, len(features), err)
			}
		}
	})
}

// FuzzDecodeCSV holds the number of what is accepted against encoding/csv.
func FuzzDecodeCSV(f *testing.F) {
	for _, data := range []string{
		"name,latitude,longitude\nhere,1,2\n\"a \"\"quoted\"\" name,\nof two lines\",-90,180\r\n\r\n,1e1,+.5",
		"Longitude, id ,LATITUDE,name,category,url,description\n1,2,3,4,--A b--,http://a,\xff\n",
		"name,latitude,longitude\nhere,91,2\n",
		"name,latitude,longitude\n\"here,1,2\n",
		"name,name,latitude,longitude\n",
		"name,latitude,longitude\n\xFF,1,2\n",
		"",
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		features, err := decodeTwice(t, data, func(in io.Reader, yield func(Described) bool) (int, error) {
			return 0, decodeCSV(in, yield)
		})
		if err != nil {
			return
		}
		records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil || len(records) != len(features)+1 {
			t.Fatalf("%q is accepted with %d features, but encoding/csv reads %d records: %v", data, len(features), len(records), err)
		}
	})
}
