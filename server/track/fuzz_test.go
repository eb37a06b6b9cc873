package track_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"routeguide/server/track"
)

// fuzz reads what lies in testdata under a pattern, and what becomes of it.
func fuzz(f *testing.F, pattern string) {
	files, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(files) == 0 {
		f.Fatal(err, len(files))
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(check)
}

// check reads a file twice, and what is written of it once more.
func check(t *testing.T, data []byte) {
	text, err := read(bytes.NewReader(data))
	again, errAgain := read(iotest.OneByteReader(bytes.NewReader(data)))
	if text != again || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
		t.Fatalf("%v\n%s\nbut byte by byte %v\n%s", err, text, errAgain, again)
	}
	if broken := new(track.Error); err != nil && !errors.As(err, &broken) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	for got, err := range track.Read(bytes.NewReader(data), now) {
		if err != nil {
			return
		}
		if got.Len() == 0 || !utf8.ValidString(got.Name) || utf8.RuneCountInString(got.Name) > 200 {
			t.Fatalf("%d points, named %q", got.Len(), got.Name)
		}
		before := got.Start()
		var fixes []track.Fix
		for f := range got.Fixes(0) {
			if !f.Point.Valid() || f.Time.Before(before) {
				t.Fatalf("%v after %v", line(f), before)
			}
			before = f.Time
			fixes = append(fixes, f)
		}
		for _, format := range []track.Format{track.GPX, track.GeoJSON, track.KML} {
			var file bytes.Buffer
			if err := track.Write(&file, format, got.Name, sequence(fixes)); err != nil {
				t.Fatal(err)
			}
			text, err := read(&file)
			if err != nil || strings.Count(text, "\n") != len(fixes)+1 {
				t.Fatalf("format %d of %d points: %v\n%s", format, len(fixes), err, text)
			}
		}
	}
}

func FuzzGPX(f *testing.F)     { fuzz(f, "*.gpx") }
func FuzzKML(f *testing.F)     { fuzz(f, "*.kml") }
func FuzzGeoJSON(f *testing.F) { fuzz(f, "*.geojson") }
func FuzzHistory(f *testing.F) { fuzz(f, "*.json") }

func FuzzKMZ(f *testing.F) {
	f.Add(kmz(f, zip.Deflate, "a.png", "x", "doc.kml", lineKML))
	f.Add(kmz(f, zip.Store, "doc.kml", lineKML))
	f.Fuzz(check)
}

func FuzzFIT(f *testing.F) {
	f.Add(fitFile(f, 12))
	f.Fuzz(check)
}
