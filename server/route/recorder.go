package route

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
)

const (
	// MaxPending is how many points are kept before they are stored; Add stores them when there are so many.
	MaxPending = 100
	// FlushEvery is how long a point may wait; the caller sees to it with Flush.
	FlushEvery = time.Second / 2
)

// A Recorder takes the points of one route on behalf of one call. One goroutine uses it.
type Recorder struct {
	book  *Book
	token []byte
	call  []byte
	route Route // as it is stored

	pending  []Fix
	steps    []uint64 // millimetres to each of them
	features uint32   // of the route with what is pending
	metres   float64  // of the route with what is pending
	// sent was proposed and is not known to be made. It must be made before anything else.
	sent *logv1.RouteExtended
}

func newRecorder(b *Book, secret [32]byte, name string) *Recorder {
	call := make([]byte, 8)
	_, _ = rand.Read(call) // never fails
	return &Recorder{book: b, token: secret[:], call: call, route: Route{ID: name}}
}

// Route is the route as it is stored.
func (r *Recorder) Route() Route { return r.route }

// ID is the public name of the route.
func (r *Recorder) ID() string { return r.route.ID }

// Stored returns how many points of the route are stored durably.
func (r *Recorder) Stored() int { return int(r.route.Points) }

// Pending returns how many points wait to be stored.
func (r *Recorder) Pending() int { return len(r.pending) }

// Add takes the next point. Its time is now when it is zero, and that of the point before when it is earlier.
//
// Errors: ErrFinished, ErrTaken, ErrNotFound, and those of store when it has to store points.
func (r *Recorder) Add(ctx context.Context, f Fix) error {
	if r.route.State == Finished {
		return ErrFinished
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if f.Time.IsZero() {
		f.Time = r.book.now()
	}
	f.Time = time.UnixMilli(f.Time.UnixMilli())
	before, first := r.route.Newest, r.route.Points == 0
	if n := len(r.pending); n > 0 {
		before, first = r.pending[n-1], false
	} else {
		r.features, r.metres = r.route.Features, r.route.Metres
	}
	step := 0.0
	if !first {
		step = geo.Distance(before.Point, f.Point)
		if f.Time.Before(before.Time) {
			f.Time = before.Time
		}
	}
	r.metres += step
	if r.book.feature(f.Point) {
		r.features++
	}
	r.pending, r.steps = append(r.pending, f), append(r.steps, uint64(math.Round(step*1000)))
	if len(r.pending) < MaxPending {
		return nil
	}
	return r.Flush(ctx)
}

// Flush stores the points that wait.
func (r *Recorder) Flush(ctx context.Context) error {
	if r.sent == nil && len(r.pending) == 0 {
		return nil
	}
	return r.store(ctx, Recording)
}

// Interrupt stores the points that wait and leaves the route to another call.
func (r *Recorder) Interrupt(ctx context.Context) error {
	if r.route.State == Finished {
		return nil
	}
	return r.store(ctx, Interrupted)
}

// Finish stores what waits, ends the route and returns it. One that was finished before is the same again.
func (r *Recorder) Finish(ctx context.Context) (Route, error) {
	if r.route.State != Finished {
		if err := r.store(ctx, Finished); err != nil {
			return Route{}, err
		}
	}
	return r.route, nil
}

// settle sees to it that what was proposed is made.
func (r *Recorder) settle(ctx context.Context) error {
	if r.sent == nil {
		return nil
	}
	e, err := r.book.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Extended{Extended: r.sent}}))
	if err != nil {
		return fmt.Errorf("store the route: %w", err)
	}
	r.route, r.sent, r.pending, r.steps = e.Result.(made).route, nil, r.pending[:0], r.steps[:0]
	return nil
}

// store brings the route into a state, with the points that wait. When it fails it may be called again, and the points are
// stored once.
func (r *Recorder) store(ctx context.Context, state State) error {
	if err := r.settle(ctx); err != nil {
		return err
	}
	if state == r.route.State && len(r.pending) == 0 {
		return nil
	}
	if len(r.pending) == 0 {
		r.features, r.metres = r.route.Features, r.route.Metres
	}
	r.sent = &logv1.RouteExtended{
		Token: r.token, Call: r.call, First: r.route.Points, Points: pack(r.pending), Steps: slices.Clone(r.steps),
		Metres: r.metres, Features: r.features, State: logv1.RouteState(state), Time: r.book.now().UnixMilli(),
	}
	return r.settle(ctx)
}
