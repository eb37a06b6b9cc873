package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	connectBound = 5 * time.Second
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 2 * time.Second
	ackBound     = 20 * time.Second // for a target to acknowledge what it was sent, after which it counts as lost
	answerBytes  = 1 << 20          // of an answer's metadata
)

// A Target is a server that calls are relayed to. It is connected to when it is first called, and again when the connection
// was lost. It is safe for concurrent use.
type Target struct {
	TargetOptions
	scheme  string
	ctx     context.Context
	cancel  context.CancelFunc
	slot    token          // a call that waits may be placed
	running sync.WaitGroup // whatever connects and places, and the connections

	mu         sync.Mutex
	wire       *wire // the newest; nil: none yet
	connecting bool
	away       error   // how the last attempt to connect failed; nil: it did not
	waiting    []*call // to be placed, in this order
}

// TargetOptions say which server a Target is.
type TargetOptions struct {
	Name   string      // that callers are told: "the upstream Greeter"
	Addr   string      // "host:port"
	Secure *tls.Config // nil: no TLS
	// Dial makes connections instead. What it is called with has a deadline.
	Dial func(context.Context) (net.Conn, error)
}

// NewTarget returns a target that Close releases.
func NewTarget(o TargetOptions) *Target {
	t := &Target{TargetOptions: o, scheme: "http", slot: newToken()}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	if t.Dial == nil {
		t.Dial = t.dialTCP
	}
	if t.Secure != nil {
		t.scheme = "https"
	}
	t.running.Go(t.placeFreed)
	return t
}

// Close ends all calls and waits until nothing is left of the connections.
func (t *Target) Close() {
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.running.Wait()
}

// open places a call, or has it wait for its turn. While the target cannot be connected to, calls fail at once with
// UNAVAILABLE.
func (t *Target) open(c *call, by *wire) {
	t.mu.Lock()
	if len(t.waiting) == 0 && t.ctx.Err() == nil {
		if taken, _ := t.wire.place(c, by); taken {
			t.mu.Unlock()
			return
		}
	}
	if len(t.waiting) == cap(t.waiting) { // then those whose callers have left may go, before it grows
		t.waiting = slices.DeleteFunc(t.waiting, (*call).left)
		t.waiting = slices.Grow(t.waiting, len(t.waiting)+1)
	}
	t.waiting = append(t.waiting, c)
	failed, err := t.place(by)
	t.mu.Unlock()
	t.fail(failed, err, by)
}

// place places calls that wait. It returns those that cannot be, and why. It is called with the lock held.
func (t *Target) place(by *wire) (failed []*call, err error) {
	if t.ctx.Err() != nil {
		return t.connect()
	}
	for len(t.waiting) > 0 {
		switch taken, full := t.wire.place(t.waiting[0], by); {
		case taken:
			t.waiting = t.waiting[1:]
		case full:
			return nil, nil
		default:
			return t.connect()
		}
	}
	return nil, nil
}

// connect has calls wait for a new connection, unless the last attempt has failed. It is called with the lock held.
func (t *Target) connect() (failed []*call, err error) {
	switch {
	case t.ctx.Err() != nil:
		err = errors.New("it is closed")
	case t.connecting:
		err = t.away
	default:
		t.connecting, t.away = true, nil
		t.running.Go(t.keepConnecting)
	}
	if err != nil {
		failed, t.waiting = t.waiting, nil
	}
	return failed, err
}

func (t *Target) fail(calls []*call, err error, by *wire) {
	for _, c := range calls {
		c.fail(t.unavailable(err), by)
	}
}

func (t *Target) unavailable(err error) *status.Status {
	return status.Newf(codes.Unavailable, "%s is unavailable: %v", t.Name, err)
}

// keepConnecting tries until there is a connection.
func (t *Target) keepConnecting() {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		w, err := t.dial()
		t.mu.Lock()
		failed, connected := t.waiting, err == nil
		if t.away = err; connected {
			t.wire, t.connecting = w, false
			t.running.Go(func() {
				select {
				case <-t.ctx.Done():
					w.close(errors.New("it is closed"))
				case <-w.gone:
				}
			})
			t.running.Go(w.read)
			t.running.Go(w.write)
			failed, err = t.place(nil)
		} else {
			t.waiting = nil
		}
		t.mu.Unlock()
		t.fail(failed, err, nil)
		if connected {
			return
		}
		select {
		case <-time.After(pause):
		case <-t.ctx.Done():
			return
		}
	}
}

// placeFreed places calls when there is room that they wait for, and in the end has them fail.
func (t *Target) placeFreed() {
	for closed := false; !closed; {
		select {
		case <-t.slot:
		case <-t.ctx.Done():
		}
		t.mu.Lock()
		closed = t.ctx.Err() != nil
		failed, err := t.place(nil)
		t.mu.Unlock()
		t.fail(failed, err, nil)
	}
}

// dial returns a connection whose other end has said its settings. A server that does not know TLS, or wants a
// certificate, is found out so.
func (t *Target) dial() (*wire, error) {
	ctx, cancel := context.WithTimeout(t.ctx, connectBound)
	defer cancel()
	raw, err := t.Dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	conn := raw
	if t.Secure != nil {
		conn, err = t.secure(ctx, conn)
	}
	var w *wire
	if err == nil {
		w = newWire(conn, t, answerBytes)
		w.newest = ^uint32(0) // of streams: so that the first one is 1
		w.out = append(w.out, http2.ClientPreface...)
		err = w.exchange(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

func (t *Target) dialTCP(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{
		Control:         lostAfter(ackBound),
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: ackBound, Interval: ackBound / 4, Count: 4},
	}
	return dialer.DialContext(ctx, "tcp", t.Addr)
}

func (t *Target) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	config := t.Secure.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(t.Addr)
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return conn, err
	}
	if p := secured.ConnectionState().NegotiatedProtocol; p != http2.NextProtoTLS {
		return conn, fmt.Errorf("it speaks %q instead of HTTP/2", p)
	}
	return secured, nil
}

// place begins a call at its target, with what is there of it; that of a caller who has left is not begun. If the wire,
// which may be nil, does not take it, another one may, unless it is full.
func (w *wire) place(c *call, by *wire) (taken, full bool) {
	if w == nil {
		return false, false
	}
	w.mu.Lock()
	defer w.unlock(by)
	if w.leaving {
		return false, false
	}
	if !w.room() {
		w.full = true
		return false, true
	}
	caller := c.near.wire
	caller.mu.Lock()
	defer caller.unlock(by)
	if c.near.over {
		return true, false
	}
	w.newest += 2
	c.far.join(w, w.newest)
	c.placed = true
	empty := c.earlyLast && len(c.early) == 0
	w.putHeaders(c.far.id, c.request, empty)
	if empty {
		c.far.say()
	} else if sent := c.far.send(c.early, c.earlyLast); sent > 0 {
		w.after = append(w.after, func(by *wire) { c.near.giveBack(sent, by) }) // which takes w's lock if it loses the caller
	}
	c.request, c.early = nil, nil
	if w.newest > 1<<30 {
		w.leave()
	}
	return true, false
}

// headers takes an answer's header or trailer.
func (t *Target) headers(w *wire, f *http2.MetaHeadersFrame) error {
	w.mu.Lock()
	w.frames++
	e, err := w.find(f.StreamID)
	code := f.PseudoValue("status")
	informs := len(code) == 3 && code[0] == '1'
	if e == nil || informs && !e.begun && !f.StreamEnded() {
		w.unlock(w)
		return err
	}
	if f.Truncated {
		e.finish()
		w.unlock(w)
		e.call.fail(status.Newf(codes.ResourceExhausted, "%s answered with more than %d bytes of metadata", t.Name, answerBytes), w)
		return nil
	}
	if wrong := e.begun != (code == "") || e.begun && (!f.StreamEnded() || len(f.PseudoFields()) > 0) || informs; wrong {
		w.unlock(w)
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
	}
	first := !e.begun
	e.begun = true
	e.hear(f.StreamEnded())
	w.unlock(w)

	c, caller := e.call, e.call.near.wire
	caller.mu.Lock()
	defer caller.unlock(w)
	if !c.near.over {
		c.judge(f, first)
	}
	c.near.header(f.Fields, f.StreamEnded())
	return nil
}

func (t *Target) lost(e *end, err error, by *wire) {
	e.call.fail(t.unavailable(fmt.Errorf("the connection is lost: %w", err)), by)
}

func (t *Target) faulty(e *end, code http2.ErrCode, by *wire) {
	e.call.fail(status.Newf(codes.Internal, "%s does not answer as HTTP/2 does: %v", t.Name, code), by)
}

func (t *Target) resetBy(e *end, code http2.ErrCode, by *wire) { e.call.resetNear(code, by) }

func (t *Target) freed() { t.slot.put() }

// forbidden are fields that HTTP/2 does not have, with which one server may be made to see another request than the next.
var forbidden = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// request returns what of a caller's fields goes on, and whether it is a request.
func (t *Target) request(fields []hpack.HeaderField) (on []hpack.HeaderField, ok bool) {
	on = append(make([]hpack.HeaderField, 0, len(fields)+1), hpack.HeaderField{Name: ":scheme", Value: t.scheme})
	if t.Addr != "" {
		on = append(on, hpack.HeaderField{Name: ":authority", Value: t.Addr})
	}
	for _, f := range fields {
		switch {
		case f.Name == ":scheme", f.Name == "host", t.Addr != "" && f.Name == ":authority":
		case slices.Contains(forbidden, f.Name), f.Name == "te" && f.Value != "trailers":
			return nil, false
		case f.Name[0] == ':' && !slices.Contains([]string{":method", ":path", ":authority"}, f.Name):
			return nil, false
		default:
			on = append(on, f)
		}
	}
	return on, true
}
