package h2

import (
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A caller is the role of a wire whose other end makes calls.
type caller struct {
	*wire
	relay *Relay
	route Router

	// What follows is how the sweeper saw the wire last.
	used  time.Time // when there were calls
	call  uint32    // the newest
	heard uint64    // frames that were read
	asked bool      // it was asked whether it is there
}

// welcome waits until a caller has begun as a client does, and begins as a server does. One that says nothing takes little
// memory until then.
func (r *Relay) welcome(conn net.Conn, route Router) (*caller, error) {
	_ = conn.SetDeadline(time.Now().Add(r.Greet)) // of a connection that is not closed
	var preface [len(http2.ClientPreface)]byte
	if _, err := io.ReadFull(conn, preface[:]); err != nil {
		return nil, err
	}
	if string(preface[:]) != http2.ClientPreface {
		return nil, fmt.Errorf("it begins with %q", preface)
	}
	c := &caller{relay: r, route: route, used: time.Now()}
	c.wire = newWire(conn, c, r.Headers)
	c.accepts = true
	if err := c.exchange(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: r.Calls}); err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{}) // the same
	return c, nil
}

// headers begins a call.
func (c *caller) headers(w *wire, f *http2.MetaHeadersFrame) error {
	wrong := http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
	w.mu.Lock()
	w.frames++
	switch {
	case w.ends[f.StreamID] != nil: // gRPC has no trailers of requests
		w.unlock(w)
		return wrong
	case f.StreamID%2 == 0:
		w.unlock(w)
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case f.StreamID <= w.newest: // of a call that we have ended
		w.unlock(w)
		return nil
	}
	w.newest = f.StreamID
	if w.leaving || len(w.ends) >= int(c.relay.Calls) {
		w.reset(f.StreamID, http2.ErrCodeRefusedStream)
		w.unlock(w)
		return nil
	}
	path := f.PseudoValue("path")
	route, err := c.route(path)
	if f.Truncated {
		err = status.Errorf(codes.ResourceExhausted, "the metadata has more than %d bytes", c.relay.Headers)
	}
	k := newCall(route)
	k.near.join(w, f.StreamID)
	if err == nil {
		var ok bool
		if k.request, ok = route.To.request(f.Fields); !ok || path == "" || f.PseudoValue("method") == "" {
			w.unlock(w)
			return wrong
		}
	}
	k.near.heard, k.earlyLast = f.StreamEnded(), f.StreamEnded()
	if err != nil {
		k.answer(status.Convert(err))
		w.unlock(w)
		return nil
	}
	w.unlock(w)
	route.To.open(k, w)
	return nil
}

func (c *caller) lost(e *end, _ error, by *wire) { c.left(e, codes.Canceled, by) }

func (c *caller) resetBy(e *end, _ http2.ErrCode, by *wire) { c.left(e, codes.Canceled, by) }

func (c *caller) faulty(e *end, code http2.ErrCode, by *wire) { c.left(e, codeOf(code), by) }

func (*caller) left(e *end, code codes.Code, by *wire) {
	e.call.code = code // the end is over: nobody else judges
	e.call.abandon(by)
	e.call.ended()
}

func (*caller) freed() {} // whoever makes calls counts them

// leave takes no more calls, ends those that are not patient, and closes the connection when there is none.
func (c *caller) leave() {
	c.mu.Lock()
	defer c.unlock(nil)
	c.goAway()
	for _, e := range c.ends {
		if !e.call.Patient {
			e.call.answer(status.New(codes.Unavailable, "the server is shutting down"))
			c.after = append(c.after, e.call.abandon)
		}
	}
}

// goAway takes no more calls, and says so once: the newest must not be a newer one next time. It is called with the lock held.
func (c *caller) goAway() {
	if !c.leaving {
		c.append(func() error { return c.frame.WriteGoAway(c.newest, http2.ErrCodeNo, nil) })
	}
	c.wire.leave()
}

// sweep looks after a connection once in a while.
func (c *caller) sweep(now time.Time) {
	c.mu.Lock()
	for _, e := range c.ends {
		if len(e.queue) > 0 && e.moved == e.swept {
			e.reset(http2.ErrCodeEnhanceYourCalm)
			c.after = append(c.after, func(by *wire) { c.left(e, codes.ResourceExhausted, by) })
		}
		e.swept = e.moved
	}
	if len(c.ends) > 0 || c.newest != c.call {
		c.used = now
	}
	silent := c.frames == c.heard
	c.call, c.heard = c.newest, c.frames
	switch {
	case !silent || len(c.ends) == 0:
		c.asked = false
	case !c.asked:
		c.asked = true
		c.append(func() error { return c.frame.WritePing(false, [8]byte{}) })
	default:
		c.lose(errGone)
	}
	if now.Sub(c.used) >= c.relay.Idle {
		c.goAway()
	}
	c.unlock(nil)
}
