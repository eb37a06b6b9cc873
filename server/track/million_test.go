package track_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"routeguide/server/track"
)

// A long file is made while it is read: its head, n times a part, its tail.
type long struct {
	head, tail string
	part       func(i int) string
	n, i       int
	rest       string
	peak       uint64 // bytes of the heap
}

func (l *long) Read(p []byte) (int, error) {
	if l.rest == "" {
		switch {
		case l.head != "":
			l.rest, l.head = l.head, ""
		case l.i < l.n:
			l.rest = l.part(l.i)
			l.i++
		case l.tail != "":
			l.rest, l.tail = l.tail, ""
		default:
			return 0, io.EOF
		}
		if l.i%10_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			l.peak = max(l.peak, m.HeapAlloc)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func moment(i int) string { return now.Add(time.Duration(i) * time.Second).Format(time.RFC3339) }

// TestMillionPoints reads a million points of each kind, of one track where there are tracks, and looks at the heap meanwhile.
func TestMillionPoints(t *testing.T) {
	const most = 96 << 20
	position := func(i int) (lat, lng float64) { return float64(i) / 20_000, float64(i) / 10_000 }
	for name, l := range map[string]*long{
		"GPX": {head: "<gpx><trk><trkseg>", tail: "</trkseg></trk></gpx>", part: func(i int) string {
			lat, lng := position(i)
			return fmt.Sprintf(`<trkpt lat="%f" lon="%f"><ele>12.5</ele><time>%s</time></trkpt>`, lat, lng, moment(i))
		}},
		"KML": {head: "<kml><Placemark><LineString><coordinates>", tail: "</coordinates></LineString></Placemark></kml>", part: func(i int) string {
			lat, lng := position(i)
			return fmt.Sprintf("%f,%f,12\n", lng, lat)
		}},
		"GeoJSON": {head: `{"type":"LineString","coordinates":[[0,0]`, tail: "]}", part: func(i int) string {
			lat, lng := position(i)
			return fmt.Sprintf(",[%f,%f,12]", lng, lat)
		}},
		"Records.json": {head: `{"locations":[{}`, tail: "]}", part: func(i int) string {
			lat, lng := position(i)
			return fmt.Sprintf(`,{"latitudeE7":%.0f,"longitudeE7":%.0f,"accuracy":20,"source":"WIFI","timestamp":"%s"}`, lat*1e7, lng*1e7, moment(60*i))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l.n = million
			start := time.Now()
			points := 0
			for got, err := range track.Read(l, now) {
				if err != nil {
					t.Fatal(err)
				}
				points += got.Len()
			}
			if points < l.n || l.peak > most {
				t.Errorf("%d points of %d, a heap of %d MiB", points, l.n, l.peak>>20)
			}
			t.Logf("%d points: %v, at most %d MiB", points, time.Since(start), l.peak>>20)
		})
	}
}
