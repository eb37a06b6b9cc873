package exchange

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// closeGrace is how long a peer may take for its part of the end of a call while all calls end.
const closeGrace = 2 * time.Second

// ErrClosing is why calls end when the process does.
var ErrClosing = status.Error(codes.Unavailable, "the server is shutting down")

// Calls are the calls under way at all doors, so that they can be ended and waited for together. It is safe for concurrent
// use.
type Calls struct {
	Limits Limits // not to be changed

	// Ending is done when calls have to end.
	Ending context.Context
	// Cut is done when they have to end without an answer.
	Cut context.Context

	budget Budget
	end    context.CancelCauseFunc
	cutNow context.CancelFunc

	zipping atomic.Int32 // answers that are being compressed

	mu     sync.Mutex
	open   int
	closed bool
	empty  chan struct{} // closed once closed is set and open is 0
}

// NewCalls returns Calls that have no call yet. They end with ending, unless that is nil, or when they are closed. Without a
// budget there is always enough memory.
func NewCalls(ending context.Context, limits Limits, budget Budget) *Calls {
	if ending == nil {
		ending = context.Background()
	}
	c := &Calls{Limits: limits.withDefaults(), budget: budget, empty: make(chan struct{})}
	c.Ending, c.end = context.WithCancelCause(ending)
	c.Cut, c.cutNow = context.WithCancel(context.Background())
	return c
}

// Patience is how long a peer may take to read what is sent to it.
func (c *Calls) Patience() time.Duration {
	if c.Ending.Err() != nil {
		return min(c.Limits.Write, closeGrace)
	}
	return c.Limits.Write
}

// Enter adds a call. Its context ends with ctx, or with the cause ErrClosing. It is false once closing has begun; else
// done must be called when the call and all its goroutines are over.
func (c *Calls) Enter(ctx context.Context) (_ context.Context, done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, false
	}
	c.open++
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.Ending, func() { cancel(ErrClosing) })
	return ctx, func() {
		stop()
		cancel(nil)
		c.leave()
	}, true
}

func (c *Calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if c.closed && c.open == 0 {
		close(c.empty)
	}
}

// Close lets no more calls in, ends those under way and waits for them. When ctx ends first they are cut off, and Close
// returns its error.
func (c *Calls) Close(ctx context.Context) error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		if c.open == 0 {
			close(c.empty)
		}
	}
	c.mu.Unlock()
	c.end(ErrClosing)
	defer c.cutNow()
	select {
	case <-c.empty:
		return nil
	case <-ctx.Done():
		c.cutNow()
		<-c.empty
		return ctx.Err()
	}
}
