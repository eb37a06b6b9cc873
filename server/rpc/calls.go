package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Options say how calls are served, and within which bounds. All fields are required.
type Options struct {
	Log *slog.Logger
	// Ending is done when calls have to end, those that wait for something with UNAVAILABLE.
	Ending context.Context
	// Stall is how long a client may take to send the rest of a message, or to read one.
	Stall time.Duration
	// Message is how many bytes a message from a client may have, also once it is decompressed.
	Message int
	// Budget is taken from for messages.
	Budget *Budget
}

// Calls are all calls of a server. It is safe for concurrent use.
type Calls struct {
	Options
	clients *clients
	metrics *metrics
	closed  chan struct{}
	running sync.WaitGroup // what Go started, and the sweeper

	mu  sync.Mutex
	all map[*call]struct{}
}

// NewCalls returns Calls for NewServer. Close ends it.
func NewCalls(o Options) *Calls {
	c := &Calls{Options: o, clients: newClients(), metrics: newMetrics(), closed: make(chan struct{}), all: make(map[*call]struct{})}
	c.running.Go(func() { c.sweep(o.Stall / 2) })
	return c
}

// Close waits for all goroutines of calls. The server must have been stopped.
func (c *Calls) Close() {
	close(c.closed)
	c.running.Wait()
}

// A call is one under way, and its grpc.ServerStream unless it is unary.
type call struct {
	grpc.ServerStream
	wire       wire
	ctx        context.Context
	cancel     context.CancelCauseFunc // nil for a unary call, whose handler is not cancelled
	calls      *Calls
	method     string
	began      time.Time
	client     *client // nil until the call was let in
	oneRequest bool
	share      share

	received, sent progress
	ended          atomic.Pointer[failure] // why, if the call was cut off
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// Go runs f in a goroutine that belongs to the call whose handler has ctx. If f panics, the call ends as if its handler had.
// f must end when ctx does; it may outlive the handler by that.
func Go(ctx context.Context, f func()) {
	c := callOf(ctx)
	c.calls.running.Go(func() {
		if err := guard(func() error { f(); return nil }); err != nil {
			c.cut(err)
		}
	})
}

// guard makes an error of a panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// unary stands around every unary call, and around receiving its request: request is nil, handle receives it.
func (c *Calls) unary(ctx context.Context, _ any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (resp any, err error) {
	now := &call{calls: c, method: info.FullMethod, ctx: ctx, oneRequest: true}
	now.ctx = context.WithValue(ctx, callKey{}, now)
	end := c.metrics.begin(kind(false, false), info.FullMethod, true)
	err = now.run(func() (err error) {
		if resp, err = handle(now.ctx, nil); err == nil {
			resp, err = now.lend(resp)
		}
		return err
	})
	sent := uint64(1)
	if err != nil {
		resp, sent = nil, 0
	}
	end(status.Code(err), now.received.through(), sent)
	return resp, err
}

// stream stands around every other call.
func (c *Calls) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	now := &call{ServerStream: ss, calls: c, method: info.FullMethod, oneRequest: !info.IsClientStream}
	ctx, cancel := context.WithCancelCause(ss.Context())
	defer cancel(nil)
	now.ctx, now.cancel = context.WithValue(ctx, callKey{}, now), cancel
	end := c.metrics.begin(kind(info.IsClientStream, info.IsServerStream), info.FullMethod, srv != nil)
	err := now.run(func() error {
		if c.Ending.Err() != nil {
			return context.Cause(c.Ending)
		}
		if isList(info.FullMethod) {
			done, err := c.clients.list(now.ctx, now.client)
			if err != nil {
				return err
			}
			defer done()
		}
		return handle(srv, now)
	})
	cancel(nil) // before the share of a goroutine that is receiving is closed
	end(status.Code(err), now.received.through(), now.sent.through())
	return err
}

// isList tells by its name whether a method answers with all there is of something.
func isList(method string) bool {
	return strings.HasPrefix(method[strings.LastIndexByte(method, '/')+1:], "List")
}

// run lets a call in, runs its handler and says how it ended: the error has a status that may be told.
func (c *call) run(handle func() error) error {
	c.began = time.Now()
	err := guard(func() (err error) {
		if c.wire, err = wireOf(c.ctx); err != nil {
			return err
		}
		if c.client, err = c.calls.clients.enter(addressOf(c.ctx)); err != nil {
			return err
		}
		defer c.calls.clients.leave(c.client)
		c.share.budget = c.calls.Budget
		defer c.share.close()
		defer c.calls.track(c)()
		return handle()
	})
	if ended := c.ended.Load(); ended != nil && err != nil {
		err = ended // the handler failed because the call was ended
	} else {
		err = fail(err)
	}
	c.log(err)
	return err
}

// cut ends the call with an error, also while its handler is blocked in RecvMsg or SendMsg.
func (c *call) cut(why error) {
	failed := failureOf(why)
	if !c.ended.CompareAndSwap(nil, failed) {
		return
	}
	if c.cancel != nil {
		c.cancel(failed)
	}
	c.calls.running.Go(func() { _ = c.wire.WriteStatus(failed.st) }) // in vain if the client is gone
}

func (c *call) Context() context.Context { return c.ctx }

func (c *call) SendMsg(m any) error {
	c.sent.begin()
	defer c.sent.end()
	m, err := c.lend(m)
	if err != nil {
		return err
	}
	err = c.ServerStream.SendMsg(m)
	if status.Code(err) == codes.Unavailable { // the transport may notice before the context does that the client left
		return context.Canceled
	}
	return err
}

// lend takes the memory of a long answer from the budget until gRPC has sent it.
func (c *call) lend(answer any) (any, error) {
	bytes := encodedSize(answer)
	if bytes <= freeBytes {
		return answer, nil
	}
	memory, err := c.calls.Budget.lend(int64(bytes))
	if err != nil {
		return nil, err
	}
	return borrow(answer, memory)
}

func (c *Calls) track(now *call) (untrack func()) {
	c.mu.Lock()
	c.all[now] = struct{}{}
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.all, now)
		c.mu.Unlock()
	}
}

// sweep cuts off calls that are at the same message for a whole interval, and all that wait once calls have to end.
func (c *Calls) sweep(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	ending := c.Ending.Done()
	for {
		select {
		case <-c.closed:
			return
		case <-ending:
			ending = nil
			c.each(func(now *call) {
				if now.cancel != nil {
					now.cut(context.Cause(c.Ending))
				}
			})
		case <-tick.C:
			c.each(func(now *call) {
				if now.sent.stuck() {
					now.cut(errNotRead)
				} else if now.received.stuck() {
					now.cut(errNotSent)
				}
			})
		}
	}
}

func (c *Calls) each(do func(*call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for now := range c.all {
		do(now)
	}
}

// progress is how far one direction of a call is: twice the messages that are through, and one more while one is under way.
type progress struct {
	now   atomic.Uint64
	swept uint64 // as stuck saw it last
}

func (p *progress) begin()          { p.now.Add(1) }
func (p *progress) end()            { p.now.Add(1) }
func (p *progress) through() uint64 { return p.now.Load() / 2 }

// stuck tells whether the same message has been under way since it was called last. It is for one goroutine.
func (p *progress) stuck() bool {
	now := p.now.Load()
	same := now%2 == 1 && now == p.swept
	p.swept = now
	return same
}
