package track

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"routeguide/server/geo"
)

const (
	// maxPoints is how many points a track may have: more than eleven days of one each second.
	maxPoints = 1 << 20
	maxName   = 200 // characters
)

var (
	errTooMany = fmt.Errorf("a track of more than %d points", maxPoints)
	errStopped = errors.New("the reader of the tracks wants no more")
)

// A builder makes tracks of what the reader of a file finds.
type builder struct {
	now   time.Time // the end of a walk without times
	yield func(*Track) bool
	found bool // there was a track
}

// emit hands over a track of these points, unless there are none.
func (b *builder) emit(name string, points points) error {
	if points.len() == 0 {
		return nil
	}
	b.found = true
	t := &Track{Name: called(name), points: points}
	t.sum = sum(t.Name, &t.points)
	if first := firstTime(&t.points); first != timeless {
		order(&t.points, first)
	} else {
		walk(&t.points, b.now)
	}
	if !b.yield(t) {
		return errStopped
	}
	return nil
}

// called is a name as a route can have it.
func called(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "�")), " ")
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return name
}

func sum(name string, points *points) (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s", len(name), name)
	var b []byte
	for _, block := range points.blocks {
		b = b[:0]
		for _, p := range block {
			b = p.append(b)
		}
		h.Write(b)
	}
	h.Sum(sum[:0])
	return sum
}

// firstTime is the first time of a point, or timeless.
func firstTime(points *points) int64 {
	for p := range points.from(0) {
		if p.time != timeless {
			return p.time
		}
	}
	return timeless
}

// order gives each point that has no time that of the point before it, or the first there is, and lets no time go back.
func order(points *points, first int64) {
	newest := first
	for p := range points.from(0) {
		newest = max(newest, p.time) // timeless is the least
		p.time = newest
	}
}

// walk gives the points the times of a walk of 1 m/s that ends at a time.
func walk(points *points, end time.Time) {
	left := 0.0 // metres
	for i := points.len() - 1; i >= 0; i-- {
		p := points.at(i)
		if i+1 < points.len() {
			left += geo.Distance(p.Point, points.at(i+1).Point)
		}
		p.time = end.UnixMilli() - int64(math.Round(left*1000))
	}
}
