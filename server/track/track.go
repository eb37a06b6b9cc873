// Package track reads the tracks of files, whatever program or device made them, and writes them: GPX, GeoJSON, KML, FIT, and
// the location history of Google Takeout. Files are streams: one track is in memory at a time, and no more of its file.
package track

import (
	"crypto/sha256"
	"iter"
	"time"

	"routeguide/server/geo"
)

// A Fix is a point of a track: when somebody was there, to the millisecond, and what a receiver measured.
type Fix struct {
	Point geo.Point
	Time  time.Time

	Elevation geo.Measure // decimetres above sea level
	Accuracy  geo.Measure // decimetres: the radius within which the point lies
	Speed     geo.Measure // centimetres per second over ground
	Heading   geo.Measure // tenths of a degree clockwise from true north, below 3600
	Battery   geo.Measure // percent: charge of the device's battery
}

// A Track is what a file has from one break to the next: at least one point. Each has a time, which is that of the point
// before it or later.
type Track struct {
	Name   string // at most 200 characters, or empty
	points points
	sum    [sha256.Size]byte
}

// Len is how many points the track has.
func (t *Track) Len() int { return t.points.len() }

// Start is the time of the first point.
func (t *Track) Start() time.Time { return time.UnixMilli(t.points.at(0).time).UTC() }

// Sum is a hash of the name and of the points as the file has them: times that Read made up have no part in it.
func (t *Track) Sum() [sha256.Size]byte { return t.sum }

// Fixes are the points from the one of a number on, counted from 0.
func (t *Track) Fixes(from int) iter.Seq[Fix] {
	return func(yield func(Fix) bool) {
		for p := range t.points.from(from) {
			if !yield(p.fix()) {
				return
			}
		}
	}
}

// An Error says where a file is broken, and how.
type Error struct {
	Place  string // as "line 3, column 14" or "byte 1234"
	Reason string
}

func (e *Error) Error() string { return e.Place + ": " + e.Reason }
