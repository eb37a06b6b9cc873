// Package h2 relays gRPC calls from one HTTP/2 connection to another, frame by frame. Nothing is decoded but headers, no
// goroutine is started for a call, and whatever waits for a connection goes out in one write: so a relayed call costs a
// fraction of what a server and a client make of it.
//
// Flow control reaches from end to end: a peer may send more of a call when what it has sent was passed on.
package h2

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const acceptPause = 100 * time.Millisecond // after the system could not take a connection

// A Router says where calls of a method, "/package.Service/Method", go. An error is the status that they end with.
type Router func(method string) (Route, error)

// A Route is a way for a call.
type Route struct {
	To *Target
	// Report, unless nil, is called when the call has ended, with the status that its caller was told.
	Report func(codes.Code)
	// Patient calls are not ended by Shutdown before its context is.
	Patient bool
}

// Options bound what callers can make a Relay hold.
type Options struct {
	Calls   uint32        // of one connection at a time
	Headers uint32        // bytes of a call's metadata
	Greet   time.Duration // until a connection has begun as HTTP/2 does
	// Patience is the time until a call is reset whose caller does not read its answers, and a connection with calls is
	// closed whose caller does not even answer a ping.
	Patience time.Duration
	Idle     time.Duration // until a connection without calls is closed
}

// A Relay takes connections of callers. It is safe for concurrent use.
type Relay struct {
	Options
	ctx    context.Context
	cancel context.CancelFunc
	ending context.Context // done, which it becomes under mu, when no more calls are taken
	end    context.CancelFunc
	served sync.WaitGroup // connections
	swept  sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]bool
	callers   map[*caller]bool
}

// NewRelay returns a Relay that Shutdown releases.
func NewRelay(o Options) *Relay {
	r := &Relay{Options: o, listeners: make(map[net.Listener]bool), callers: make(map[*caller]bool)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.ending, r.end = context.WithCancel(r.ctx)
	r.swept.Go(r.sweep)
	return r
}

// Serve takes connections until Shutdown, when it returns nil, or until the listener, which it owns, fails.
func (r *Relay) Serve(l net.Listener, route Router) error {
	defer l.Close()
	r.mu.Lock()
	r.listeners[l] = true
	ending := r.ending.Err() != nil
	r.mu.Unlock()
	for !ending {
		conn, err := l.Accept()
		r.mu.Lock()
		ending = r.ending.Err() != nil
		if err == nil && !ending {
			r.served.Go(func() { r.serve(conn, route) })
		}
		r.mu.Unlock()
		var passing interface{ Temporary() bool } // as "too many open files" is
		switch {
		case err == nil && ending:
			conn.Close()
		case err == nil || ending:
		case errors.As(err, &passing) && passing.Temporary():
			select {
			case <-time.After(acceptPause):
			case <-r.ctx.Done():
			}
		default:
			return err
		}
	}
	return nil
}

// serve serves a connection until it is gone.
func (r *Relay) serve(conn net.Conn, route Router) {
	defer context.AfterFunc(r.ctx, func() { conn.Close() })()
	stop := context.AfterFunc(r.ending, func() { conn.Close() })
	c, err := r.welcome(conn, route)
	if !stop() || err != nil {
		conn.Close()
		return
	}
	r.mu.Lock()
	r.callers[c] = true
	ending := r.ending.Err() != nil
	r.mu.Unlock()
	if ending {
		c.leave()
	}
	var writing sync.WaitGroup
	writing.Go(c.write)
	c.read()
	writing.Wait()
	r.mu.Lock()
	delete(r.callers, c)
	r.mu.Unlock()
}

// Shutdown takes no more calls and ends those that there are with UNAVAILABLE, but for patient ones: for these it waits until
// they have ended or ctx does. Nothing is left of the connections when it returns.
func (r *Relay) Shutdown(ctx context.Context) {
	r.mu.Lock()
	r.end()
	for l := range r.listeners {
		l.Close()
	}
	r.mu.Unlock()
	for _, c := range r.all() {
		c.leave()
	}
	defer context.AfterFunc(ctx, r.cancel)()
	r.served.Wait()
	r.cancel()
	r.swept.Wait()
}

func (r *Relay) all() []*caller {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.callers))
}

func (r *Relay) sweep() {
	tick := time.NewTicker(r.Patience / 2)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, c := range r.all() {
				c.sweep(now)
			}
		case <-r.ctx.Done():
			return
		}
	}
}
