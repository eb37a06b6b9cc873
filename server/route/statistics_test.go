package route_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
)

// A degree of a great circle of the sphere of 6,371,000 m is π × 6,371,000 / 180 = 111,194.927 m; a metre is 89.932 E7.
const degree = math.Pi * 6_371_000 / 180

// A leg is the way to the next point of a test: east along the equator by metres, in seconds.
type leg struct{ metres, seconds float64 }

// travel records legs along the equator from a longitude on.
func travel(t *testing.T, book *route.Book, name string, from int32, legs []leg, measured func(i int, f *route.Fix)) route.Route {
	t.Helper()
	rec := record(t, book, name, 0)
	at, metres := time.UnixMilli(1_700_000_000_000), 0.0
	for i, l := range append([]leg{{}}, legs...) {
		at = at.Add(time.Duration(l.seconds * float64(time.Second)))
		metres += l.metres
		lng := int64(from) + int64(math.Round(metres/degree*1e7))
		if lng > geo.MaxLng {
			lng -= 2 * geo.MaxLng
		}
		f := route.Fix{Point: geo.Point{Lng: int32(lng)}, Time: at}
		if measured != nil {
			measured(i, &f)
		}
		if err := rec.Add(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 { // what was counted goes through the table
			if err := rec.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := rec.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestStatisticsOfMovingAndResting(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	for name, test := range map[string]struct {
		legs                         []leg
		moving, average, top, length float64
		stops                        int64
	}{
		"nothing": {},
		"walk": { // 100 m in 80 s, 60 m in 40 s
			legs: []leg{{100, 80}, {60, 40}}, moving: 120, average: 160.0 / 120, top: 1.5, length: 160,
		},
		"rest": { // 119.999 s are no stop, 120 s are one, and longer ones still one
			legs:   []leg{{10, 5}, {0, 119.999}, {10, 5}, {0, 60}, {1, 60}, {10, 5}, {0, 120}, {0, 400}, {1, 30}},
			moving: 15, average: 2, top: 2, length: 32, stops: 2,
		},
		"break": { // a step of 300 s may move, one of 300.001 s may not and is a stop
			legs: []leg{{300, 300}, {9000, 300.001}, {10, 10}}, moving: 310, average: 1, top: 1, length: 9310, stops: 1,
		},
		"threshold": { // 0.5 m/s move, a tenth less does not
			legs: []leg{{50, 100}, {45, 100}}, moving: 100, average: 0.5, top: 0.5, length: 95,
		},
		"leap": { // no time: no speed; less than a second: moving, but no top speed
			legs: []leg{{1000, 0}, {40, 0.5}, {10, 10}}, moving: 10.5, average: 50 / 10.5, top: 1, length: 1050,
		},
		"apart": { // a step of no time does not end a rest
			legs: []leg{{0, 70}, {30, 0}, {0, 70}}, length: 30, stops: 1,
		},
	} {
		for _, from := range []int32{0, geo.MaxLng - 1000} { // and across the antimeridian
			r := travel(t, book, fmt.Sprint(name, from), from, test.legs, nil)
			s := r.Statistics
			near(t, name+": the moving time", float64(s.MovingTime)/1000, test.moving, 0)
			near(t, name+": the average speed", s.AverageSpeed(), test.average, 0.003)
			near(t, name+": the top speed", s.TopSpeed(), test.top, 0.011) // positions are exact to 6 mm
			near(t, name+": the distance", r.Metres, test.length, 0.06)
			near(t, name+": stops", float64(s.Stops), float64(test.stops), 0)
		}
	}
}

func TestStatisticsOfWhatReceiversMeasured(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	// 100.0, 104.9 (no change yet), 105.0 (+5), 101 (no), 99.9 (−5.1), 120 (+20.1), 115.1 (no), 115.0 (−5), none, 119 (no).
	elevations := []int32{1000, 1049, 1050, 1010, 999, 1200, 1151, 1150, math.MinInt32, 1190}
	r := travel(t, book, "hill", 0, make([]leg, len(elevations)-1), func(i int, f *route.Fix) {
		if elevations[i] != math.MinInt32 {
			f.Elevation = geo.Measured(elevations[i])
		}
	})
	if s := r.Statistics; s.Climb != 251 || s.Descent != 101 {
		t.Errorf("climbed %d dm and descended %d dm, want 251 and 101", s.Climb, s.Descent)
	}

	fast := []leg{{100, 10}, {100, 10}}
	r = travel(t, book, "slow receiver", 0, fast, func(i int, f *route.Fix) { f.Speed = geo.Measured(int32(i) * 150) })
	near(t, "the top speed that a receiver measured", r.Statistics.TopSpeed(), 3, 0)
	r = travel(t, book, "still receiver", 0, fast, func(i int, f *route.Fix) { f.Speed = geo.Measured(0) })
	near(t, "the top speed that a receiver measured", r.Statistics.TopSpeed(), 0, 0)
	r = travel(t, book, "no receiver", 0, fast, nil)
	near(t, "the top speed of the steps", r.Statistics.TopSpeed(), 10, 0.002)
}

// At a pole all longitudes are one place; across it the short way counts.
func TestStatisticsAtThePoles(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	at := time.UnixMilli(0)
	rec := record(t, book, "pole", 0)
	for _, p := range []geo.Point{{Lat: geo.MaxLat}, {Lat: geo.MaxLat, Lng: 90e7}, {Lat: geo.MaxLat - 1000, Lng: -45e7}, {Lat: geo.MaxLat - 1000, Lng: 135e7}} {
		if err := rec.Add(t.Context(), route.Fix{Point: p, Time: at}); err != nil {
			t.Fatal(err)
		}
		at = at.Add(10 * time.Second)
	}
	r, err := rec.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// 0, then 0.0001° = 11.119 m from the pole, then twice that straight across it.
	near(t, "the distance", r.Metres, 3*degree/1e4, 0.001)
	near(t, "the moving time", float64(r.Statistics.MovingTime), 20_000, 0)
	near(t, "the average speed", r.Statistics.AverageSpeed(), 3*degree/1e4/20, 0.001)
}

// A point that is older than the one before it is taken as measured at the same moment.
func TestTimesDoNotGoBack(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	legs := []leg{{10, 10}, {10, -5}, {10, 2}, {10, 8}, {10, 10}}
	r := travel(t, book, "back", 0, legs, nil) // at 0, 10, 5, 7, 15 and 25 s
	var seconds []float64
	for _, f := range track(t, book, "back") {
		seconds = append(seconds, f.Time.Sub(r.Start).Seconds())
	}
	if want := []float64{0, 10, 10, 10, 15, 25}; !slices.Equal(seconds, want) {
		t.Errorf("the points have the times %v, want %v", seconds, want)
	}
	near(t, "the moving time", float64(r.Statistics.MovingTime), 25_000, 0)
}

func TestSketch(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	rec := record(t, book, "long", 0)
	for i := range 1100 {
		add(t, rec, geo.Point{Lat: int32(i)})
		if i%37 != 0 && i < 1000 {
			continue
		}
		if err := rec.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		points := rec.Route().Sketch.Points()
		stride := int32(1)
		if len(points) > 1 {
			stride = points[1].Lat
		}
		if len(points) > 64 || stride&(stride-1) != 0 || i >= 63 && len(points) < 32 || i < 64 && len(points) != i+1 {
			t.Fatalf("of %d points the sketch has %v", i+1, points)
		}
		for k, p := range points {
			if p.Lat != int32(k)*stride {
				t.Fatalf("of %d points the sketch has %v", i+1, points)
			}
		}
	}
}
