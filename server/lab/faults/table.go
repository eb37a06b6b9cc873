package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// A table is what the program prints.
type table []row

// A row is what became of one fault.
type row struct {
	fault, skipped string
	rounds         int
	acknowledged   int // notes and points
	lost, doubled  int
	gap            time.Duration // the longest without an acknowledgement to anybody
}

func (t table) write(w io.Writer) {
	fmt.Fprintln(w, "| Fault | Rounds | Acknowledged | Lost | Doubled | Longest gap |")
	fmt.Fprintln(w, "| --- | --: | --: | --: | --: | --: |")
	for _, r := range t {
		if r.skipped != "" {
			fmt.Fprintf(w, "| %s | skipped: %s | | | | |\n", r.fault, r.skipped)
			continue
		}
		fmt.Fprintf(w, "| %s | %d | %s | %d | %d | %v |\n", r.fault, r.rounds, whole(r.acknowledged), r.lost, r.doubled,
			r.gap.Round(10*time.Millisecond))
	}
}

// verdict is an error unless nothing was lost or doubled.
func (t table) verdict() error {
	for _, r := range t {
		if r.lost > 0 || r.doubled > 0 {
			return fmt.Errorf("%s: %d lost, %d doubled", r.fault, r.lost, r.doubled)
		}
	}
	return nil
}

// whole writes a number with commas.
func whole(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
