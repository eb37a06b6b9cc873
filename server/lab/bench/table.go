package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// A table is what the program prints.
type table struct {
	machine string
	plan    plan
	rows    []row
}

// A row is a measurement, alone or set beside another.
type row struct {
	what, name string
	value      reading
	beside     string // "" for none
	other      reading
	ratio      string // of value to other
}

type reading struct {
	value string
	cpu   time.Duration // of the server for one; 0 where that says nothing
}

func (t table) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. Rounds of %v: %d. Values are medians; a ratio is the median of the ratios of each round, with the lowest and highest.",
		t.machine, t.plan.window, t.plan.rounds)
	untold := false
	line := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	for _, r := range t.rows {
		untold = untold || r.value.cpu == noCPU
	}
	if untold {
		b.WriteString(" This system does not tell the CPU time of processes.")
	}
	b.WriteString("\n\n")
	line("Call", "RouteGuide", "", "Server CPU each", "Beside", "", "Server CPU each", "Ratio")
	line("---", "---", "--:", "--:", "---", "--:", "--:", "--:")
	for _, r := range t.rows {
		line(r.what, r.name, r.value.value, cpu(r.value), r.beside, r.other.value, cpu(r.other), r.ratio)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cpu(r reading) string {
	if r.value == "" || r.cpu <= 0 {
		return ""
	}
	return short(r.cpu)
}

// short writes a time with three digits.
func short(d time.Duration) string {
	switch us := float64(d) / float64(time.Microsecond); {
	case us < 999.5:
		return digits(us) + " µs"
	case us < 999.5e3:
		return digits(us/1e3) + " ms"
	default:
		return digits(us/1e6) + " s"
	}
}

// digits writes at least three digits, and a point where that takes one.
func digits(v float64) string {
	decimals := 0
	for limit := 99.95; v < limit && decimals < 2; limit = 9.995 {
		decimals++
	}
	if decimals > 0 {
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	return rounded(v)
}

// rounded writes a number of more than three digits to three.
func rounded(v float64) string {
	if v >= 1000 {
		unit := math.Pow(10, math.Floor(math.Log10(v))-2)
		v = math.Round(v/unit) * unit
	}
	return whole(int(math.Round(v)))
}

// whole writes a number that is not negative, its thousands apart.
func whole(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// ratio writes the spread of a ratio.
func (s spread) ratio() string {
	return fmt.Sprintf("**%s** (%s–%s)", digits(s.median), digits(s.lowest), digits(s.highest))
}

// duration writes the spread of nanoseconds.
func (s spread) duration() string {
	return fmt.Sprintf("%s (%s–%s)", short(time.Duration(s.median)), short(time.Duration(s.lowest)), short(time.Duration(s.highest)))
}
