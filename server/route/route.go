// Package route records routes: the points somebody passed, stored as they come, and what they came to.
package route

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

var (
	// ErrTaken says that another call goes on with the route.
	ErrTaken = errors.New("the route is being recorded by another call")
	// ErrFinished says that a point came for a route that was finished before.
	ErrFinished = errors.New("the route is finished")
)

// A Summary is what a route came to.
type Summary struct {
	Points   int32
	Features int32 // points exactly on a known feature, each counted
	Metres   int32 // cut to whole metres
	Seconds  int32 // whole seconds from the first call to the end
}

// A Book holds all routes. It is safe for concurrent use.
type Book struct {
	log     *store.Log
	feature func(geo.Point) bool
	now     func() time.Time
}

// Options are the choices of Open.
type Options struct {
	Feature func(geo.Point) bool // whether a known feature lies exactly at a point
	Keep    time.Duration        // how long points are kept; 0 means for ever
	Now     func() time.Time     // the clock; nil means time.Now
}

// Open opens the book kept in st.
func Open(ctx context.Context, st *store.Store, o Options) (*Book, error) {
	log, err := st.LogFor(ctx, o.Keep, "TRACKS", "t.*")
	if err != nil {
		return nil, fmt.Errorf("open tracks: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Book{log: log, feature: o.Feature, now: o.Now}, nil
}

// A chunk is one record of a track: some points, and what the route came to with them. A chunk without points is written
// by a call that goes on with the route; as it is the newest then, the call before can store no more.
type chunk struct {
	Started  time.Time  `json:"started"`
	Traveler string     `json:"traveler,omitempty"`
	First    int        `json:"first"`            // the number of its first point, from 0
	Points   []fix      `json:"points,omitempty"` //
	Last     *fix       `json:"last,omitempty"`   // the newest point of the route
	Features int        `json:"features"`
	Metres   float64    `json:"metres"`
	Finished *time.Time `json:"finished,omitempty"`
}

// A fix is latitude and longitude in E7 and the milliseconds since the route was started.
type fix [3]int64

func (f fix) point() geo.Point { return geo.Point{Lat: int32(f[0]), Lng: int32(f[1])} }

func subject(id string) string { return "t." + id }

// last returns the newest chunk of a route and its sequence; zero values when there is none.
func (b *Book) last(ctx context.Context, id string) (chunk, uint64, error) {
	rec, ok, err := b.log.Last(ctx, subject(id))
	if err != nil || !ok {
		return chunk{}, 0, err
	}
	var c chunk
	if err := json.Unmarshal(rec.Data, &c); err != nil {
		return chunk{}, 0, fmt.Errorf("track record %d: %w", rec.Seq, err)
	}
	return c, rec.Seq, nil
}

func (c chunk) count() int { return c.First + len(c.Points) }

func (c chunk) summary() Summary {
	seconds := 0.0
	if c.Finished != nil {
		seconds = max(0, c.Finished.Sub(c.Started).Seconds())
	}
	return Summary{
		Points: clamp(float64(c.count())), Features: clamp(float64(c.Features)),
		Metres: clamp(c.Metres), Seconds: clamp(seconds),
	}
}

// clamp cuts to a whole number and stops at the largest int32.
func clamp(v float64) int32 { return int32(min(v, math.MaxInt32)) }
