package rpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A call is one under way, and its grpc.ServerStream unless it is unary.
type call struct {
	grpc.ServerStream
	wire       wire
	ctx        context.Context
	cancel     context.CancelCauseFunc // nil for a unary call, whose handler is not cancelled
	calls      *Calls
	method     string
	door       string
	began      time.Time
	took       time.Duration // once it has ended
	accounts   []*account    // they pay for it
	client     *client       // nil until the call was let in
	caller     caller        // likewise
	oneRequest bool
	answering  bool // there was an answer
	share      share

	received, sent           progress
	receivedBytes, sentBytes atomic.Int64            // of messages
	ended                    atomic.Pointer[failure] // why, if the call was cut off
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

// run lets a call in, runs its handler and says how it ended: the error has a status that may be told.
func (c *call) run(handle func() error) error {
	c.began = time.Now()
	err := guard(func() (err error) {
		if c.wire, err = wireOf(c.ctx); err != nil {
			return err
		}
		if c.client, err = c.calls.clients.enter(c.calls.Proxies.AddressOf(c.ctx)); err != nil {
			return err
		}
		defer c.calls.clients.leave(c.client)
		leave, err := c.pay(c.accountOfAddress()) // before it is known who that is: guesses count
		if err != nil {
			return err
		}
		defer leave()
		release, err := c.calls.Gate.admit(c)
		if err != nil {
			return err
		}
		defer release()
		left, err := c.pay(c.accountOfKey())
		if err != nil {
			return err
		}
		defer left()
		c.share.budget = c.calls.Budget
		defer c.share.close()
		defer c.calls.track(c)()
		if isList(c.method) {
			done, err := c.calls.clients.list(c.ctx, c.client)
			if err != nil {
				return err
			}
			defer done()
		}
		return handle()
	})
	if ended := c.ended.Load(); ended != nil && err != nil {
		err = ended // the handler failed because the call was ended
	} else {
		err = fail(err)
	}
	c.took = time.Since(c.began)
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
	if !c.answering {
		c.answering = true
		c.tellEncodings()
	}
	bytes := encodedSize(answer)
	c.sentBytes.Add(int64(bytes))
	if bytes <= freeBytes {
		return answer, nil
	}
	memory, err := c.calls.Budget.lend(int64(bytes))
	if err != nil {
		return nil, err
	}
	return borrow(answer, memory)
}

// isList tells by its name whether a method answers with all there is of something.
func isList(method string) bool {
	return strings.HasPrefix(method[strings.LastIndexByte(method, '/')+1:], "List")
}
