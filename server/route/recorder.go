package route

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
)

const (
	// MaxPending is how many points are kept before they are stored; Add stores them when there are so many.
	MaxPending = 100
	// FlushEvery is how long a point may wait; the caller sees to it with Flush.
	FlushEvery = time.Second
)

// A Recorder takes the points of one route on behalf of one call. One goroutine uses it.
type Recorder struct {
	book  *Book
	token []byte
	call  []byte
	route Route // as it is stored

	pending  []Fix
	features uint32  // of the route with what is pending
	metres   float64 // of the route with what is pending
	// sent was proposed and is not known to be made. It must be made before anything else.
	sent *logv1.RouteExtended
}

func newRecorder(b *Book, secret [32]byte, name string) *Recorder {
	call := make([]byte, 8)
	_, _ = rand.Read(call) // never fails
	return &Recorder{book: b, token: secret[:], call: call, route: Route{ID: name}}
}

// ID is the public name of the route.
func (r *Recorder) ID() string { return r.route.ID }

// Stored returns how many points of the route are stored durably.
func (r *Recorder) Stored() int { return int(r.route.Points) }

// Pending returns how many points wait to be stored.
func (r *Recorder) Pending() int { return len(r.pending) }

// Add takes the next point.
//
// Errors: ErrFinished, ErrTaken, and those of store when it has to store points.
func (r *Recorder) Add(ctx context.Context, p geo.Point) error {
	if r.route.State == Finished {
		return ErrFinished
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if len(r.pending) == 0 {
		r.features, r.metres = r.route.Features, r.route.Metres
	}
	switch {
	case len(r.pending) > 0:
		r.metres += geo.Distance(r.pending[len(r.pending)-1].Point, p)
	case r.route.Points > 0:
		r.metres += geo.Distance(r.route.last, p)
	}
	if r.book.feature(p) {
		r.features++
	}
	r.pending = append(r.pending, Fix{p, r.book.now()})
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

// Finish stores what waits and ends the route. A route that was finished before has the same summary again.
func (r *Recorder) Finish(ctx context.Context) (Summary, error) {
	if r.route.State != Finished {
		if err := r.store(ctx, Finished); err != nil {
			return Summary{}, err
		}
	}
	return r.route.summary(), nil
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
	r.route, r.sent, r.pending = e.Result.(Route), nil, r.pending[:0]
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
		Token: r.token, Call: r.call, First: r.route.Points, Points: pack(r.pending),
		Metres: r.metres, Features: r.features, State: logv1.RouteState(state), Time: r.book.now().UnixMilli(),
	}
	return r.settle(ctx)
}
