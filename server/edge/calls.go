package edge

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// closeGrace is how long a peer may take for its part of the end of a call while the Edge closes.
const closeGrace = time.Second

// errClosing is why calls end when the Edge closes.
var errClosing = status.Error(codes.Unavailable, "the server is shutting down")

// calls is the set of calls under way, so that they can be ended and waited for together.
type calls struct {
	ctx    context.Context // done when calls have to end, with errClosing as its cause
	end    context.CancelCauseFunc
	cut    context.Context // done when they have to end without an answer
	cutNow context.CancelFunc

	mu     sync.Mutex
	open   int
	closed bool
	empty  chan struct{} // closed once closed is set and open is 0
}

func newCalls() *calls {
	c := &calls{empty: make(chan struct{})}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	c.cut, c.cutNow = context.WithCancel(context.Background())
	return c
}

// ending tells whether calls have to end.
func (c *calls) ending() bool { return c.ctx.Err() != nil }

// patience is how long a peer may take for its part, where d is the ordinary bound.
func (c *calls) patience(d time.Duration) time.Duration {
	if c.ending() {
		return min(d, closeGrace)
	}
	return d
}

// enter adds a call. Its context ends with ctx, or with the cause errClosing. It is false once closing has begun; else
// done must be called when the call and all its goroutines are over.
func (c *calls) enter(ctx context.Context) (_ context.Context, done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, false
	}
	c.open++
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.ctx, func() { cancel(errClosing) })
	return ctx, func() {
		stop()
		cancel(nil)
		c.leave()
	}, true
}

func (c *calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if c.closed && c.open == 0 {
		close(c.empty)
	}
}

func (c *calls) close(ctx context.Context) error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		if c.open == 0 {
			close(c.empty)
		}
	}
	c.mu.Unlock()
	c.end(errClosing)
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
