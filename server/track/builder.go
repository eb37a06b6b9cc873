package track

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
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
func (b *builder) emit(name string, points []point) error {
	if len(points) == 0 {
		return nil
	}
	b.found = true
	t := &Track{Name: called(name), points: points}
	t.sum = sum(t.Name, points)
	if slices.ContainsFunc(points, func(p point) bool { return p.time != timeless }) {
		order(points)
	} else {
		walk(points, b.now)
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

func sum(name string, points []point) (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s", len(name), name)
	var b []byte
	for chunk := range slices.Chunk(points, 1024) {
		b = b[:0]
		for _, p := range chunk {
			b = p.append(b)
		}
		h.Write(b)
	}
	h.Sum(sum[:0])
	return sum
}

// order gives each point that has no time that of the point before it, or the first there is, and lets no time go back.
func order(points []point) {
	newest := int64(math.MinInt64)
	for _, p := range points {
		if p.time != timeless {
			newest = p.time
			break
		}
	}
	for i := range points {
		newest = max(newest, points[i].time) // timeless is the least
		points[i].time = newest
	}
}

// walk gives the points the times of a walk of 1 m/s that ends at a time.
func walk(points []point, end time.Time) {
	left, before := 0.0, points[len(points)-1].Point // metres
	for i, p := range slices.Backward(points) {
		left += geo.Distance(p.Point, before)
		before = p.Point
		points[i].time = end.UnixMilli() - int64(math.Round(left*1000))
	}
}
