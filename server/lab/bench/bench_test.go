package main

import (
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{5}, spread{5, 5, 5}},
		{[]float64{9, 1, 4}, spread{4, 1, 9}},
		{[]float64{8, 2, 4, 1}, spread{3, 1, 8}},
	} {
		first := c.values[0]
		if got := spreadOf(c.values); got != c.want || c.values[0] != first {
			t.Errorf("spreadOf(%v) = %v, want %v and the values as they were", c.values, got, c.want)
		}
	}
}

// A machine that becomes slow in between changes both sides, and no ratio.
func TestRatiosArePairwise(t *testing.T) {
	got := ratios([]float64{200, 100, 20, 90}, []float64{100, 50, 10, 30})
	if want := (spread{2, 2, 3}); got != want {
		t.Errorf("ratios = %v, want %v", got, want)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{digits(0.9963), "1.00"}, {digits(0.0834), "0.08"}, {digits(9.996), "10.0"}, {digits(64.31), "64.3"},
		{digits(99.96), "100"}, {digits(2134), "2,130"},
		{rounded(0.4), "0"}, {rounded(999.6), "1,000"}, {rounded(31_849), "31,800"}, {rounded(9_999_999), "10,000,000"},
		{whole(7), "7"}, {whole(1024), "1,024"}, {whole(1_000_000), "1,000,000"},
		{short(850 * time.Nanosecond), "0.85 µs"}, {short(18_340 * time.Nanosecond), "18.3 µs"},
		{short(999_700 * time.Nanosecond), "1.00 ms"}, {short(2500 * time.Millisecond), "2.50 s"},
		{spread{0.987, 0.912, 1.034}.ratio(), "**0.99** (0.91–1.03)"},
		{spread{4e6, 3e5, 2e9}.duration(), "4.00 ms (300 µs–2.00 s)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	err := table{
		machine: "2 cores", plan: plan{rounds: 7, window: 800 * time.Millisecond},
		rows: []row{
			{what: "GetFeature", name: "REST", value: reading{"900 calls/s", 40 * time.Microsecond},
				beside: "native gRPC", other: reading{"1,000 calls/s", noCPU}, ratio: "**0.90** (0.80–1.00)"},
			{what: "RouteChat", name: "native gRPC", value: reading{"4.00 ms", noCPU}},
		},
	}.write(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := `2 cores. Rounds of 800ms: 7. Values are medians; a ratio is the median of the ratios of each round, with the lowest and highest. This system does not tell the CPU time of processes.

| Call | RouteGuide |  | Server CPU each | Beside |  | Server CPU each | Ratio |
| --- | --- | --: | --: | --- | --: | --: | --: |
| GetFeature | REST | 900 calls/s | 40.0 µs | native gRPC | 1,000 calls/s |  | **0.90** (0.80–1.00) |
| RouteChat | native gRPC | 4.00 ms |  |  |  |  |  |
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestGrid(t *testing.T) {
	for _, side := range []int{1, 10, 100, gridSide} {
		lo, hi := gridRect(side)
		inside := 0
		for n := range gridSize {
			if p := gridFeature(scattered(n)); lo.Lat <= p.Lat && p.Lat <= hi.Lat && lo.Lng <= p.Lng && p.Lng <= hi.Lng {
				inside++
			}
		}
		if inside != side*side {
			t.Errorf("gridRect(%d) holds %d features, want %d", side, inside, side*side)
		}
	}
}
