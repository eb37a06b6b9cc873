package route

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

const (
	// MaxPending is how many points are kept before they are stored; Add stores them when there are so many.
	MaxPending = 100
	// FlushEvery is how long a point may wait; the caller sees to it with Flush.
	FlushEvery = time.Second
)

// A Recorder takes the points of one route on behalf of one call. One goroutine uses it.
type Recorder struct {
	book *Book
	id   string
	seq  uint64 // the newest record of the track, 0 for none
	next chunk  // what is stored next: pending points, and totals that hold them
	// sent identifies next once it was sent to the log and until it is known to be stored. It must not change in between.
	sent string
}

// Record begins the route called id, or goes on with it where it is known already: from then on the call that recorded it
// before can store no more points.
func (b *Book) Record(ctx context.Context, id, traveler string) (*Recorder, error) {
	for {
		last, seq, err := b.last(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read track: %w", err)
		}
		if seq == 0 {
			return &Recorder{book: b, id: id, next: chunk{Started: b.now().UTC(), Traveler: traveler}}, nil
		}
		r := &Recorder{book: b, id: id, seq: seq, next: last}
		if last.Finished != nil {
			return r, nil
		}
		r.next.First, r.next.Points = last.count(), nil
		if err := r.store(ctx); !errors.Is(err, ErrTaken) {
			return r, err
		}
	}
}

// Stored returns how many points of the route are stored durably.
func (r *Recorder) Stored() int {
	if r.next.Finished != nil && r.sent == "" {
		return r.next.count()
	}
	return r.next.First
}

// Pending returns how many points wait to be stored.
func (r *Recorder) Pending() int {
	if r.next.Finished != nil && r.sent == "" {
		return 0
	}
	return len(r.next.Points)
}

// Add takes the next point.
func (r *Recorder) Add(ctx context.Context, p geo.Point) error {
	if r.next.Finished != nil {
		return ErrFinished
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	f := fix{int64(p.Lat), int64(p.Lng), r.book.now().Sub(r.next.Started).Milliseconds()}
	if r.next.Last != nil {
		r.next.Metres += geo.Distance(r.next.Last.point(), p)
	}
	if r.book.feature(p) {
		r.next.Features++
	}
	r.next.Points, r.next.Last = append(r.next.Points, f), &f
	if len(r.next.Points) < MaxPending {
		return nil
	}
	return r.Flush(ctx)
}

// Flush stores the points that wait.
func (r *Recorder) Flush(ctx context.Context) error {
	if r.Pending() == 0 {
		return nil
	}
	return r.store(ctx)
}

// Finish stores what waits and ends the route. A route that was finished before has the same summary again.
func (r *Recorder) Finish(ctx context.Context) (Summary, error) {
	if err := r.settle(ctx); err != nil {
		return Summary{}, err
	}
	if r.next.Finished == nil {
		now := r.book.now().UTC()
		r.next.Finished = &now
		if err := r.store(ctx); err != nil {
			return Summary{}, err
		}
	}
	return r.next.summary(), nil
}

// settle sees to it that a chunk of which it is not known whether it is stored is.
func (r *Recorder) settle(ctx context.Context) error {
	if r.sent == "" {
		return nil
	}
	return r.store(ctx)
}

// store writes the next chunk, provided that nobody else has written to the route since. When it fails it may be called
// again, and the chunk is stored once.
func (r *Recorder) store(ctx context.Context) error {
	data, err := json.Marshal(r.next)
	if err != nil {
		return fmt.Errorf("encode track: %w", err)
	}
	if r.sent == "" {
		r.sent = rand.Text()
	}
	newest := r.seq
	seq, err := r.book.log.Append(ctx, store.Entry{Subject: subject(r.id), ID: r.sent, Data: data, Expect: &newest})
	switch {
	case errors.Is(err, store.ErrConflict):
		return ErrTaken
	case err != nil:
		return fmt.Errorf("store track: %w", err)
	}
	r.seq, r.sent = seq, ""
	if r.next.Finished == nil {
		r.next.First, r.next.Points = r.next.count(), nil
	}
	return nil
}
