package h2

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	callWindow  = 64 << 10 // bytes of one call's answers that may wait for their reader
	connWindow  = 1 << 20  // bytes of all calls' answers that may be on their way
	outBytes    = 64 << 10 // of requests that may wait to be written
	mostOut     = 1 << 20  // of anything; a server that does not read what it asks for is given up
	headerBytes = 1 << 20  // of an answer's metadata
	readBytes   = 32 << 10
	ackBound    = 20 * time.Second // for a server to acknowledge what it was sent, after which it counts as lost
)

// errGone says that a connection takes no more calls.
var errGone = errors.New("the connection takes no more calls")

// A conn is a connection to a server. One goroutine reads, another writes; calls append to what is written next, and take
// from where the reader has put what came for them.
type conn struct {
	net   net.Conn
	in    *bufio.Reader
	frame *http2.Framer // reads from in, writes to out
	woken []*Call       // by what was read since the last wait; the reader's
	gone  chan struct{} // closed when the connection is lost or closed

	// Each is a token for one that waits: it looks again, and passes the token on if there is more than it took.
	dirty  token // there is something to write
	room   token // out is not full
	credit token // the server takes more from the connection
	slot   token // the server takes more calls

	mu         sync.Mutex
	err        error // why the connection is gone; nil: it is not
	goingAway  bool  // it takes no more calls
	calls      map[uint32]*Call
	nextID     uint32
	out        []byte // frames to be written
	batch      int    // counts the writes of out
	packer     *hpack.Encoder
	packed     bytes.Buffer
	unreturned int // bytes received that the server was not told it may send anew
	window     int // bytes that the server takes
	callWindow int // bytes that it takes of a new call
	frameBytes int // of its longest frame
	mostCalls  int // that it takes at a time
	authority  string
	scheme     string
}

type token chan struct{}

func newToken() token { return make(token, 1) }

// put gives the token, if it has not been given; nil takes none.
func (t token) put() {
	select {
	case t <- struct{}{}:
	default:
	}
}

// dial returns a connection whose server has said its settings. A server that does not know TLS, or wants a certificate,
// is found out so.
func dial(ctx context.Context, addr string, secure *tls.Config) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectBound)
	defer cancel()
	dialer := net.Dialer{
		Control:         lostAfter(ackBound),
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: ackBound, Interval: ackBound / 4, Count: 4},
	}
	wire, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := newConn(wire, addr)
	stop := context.AfterFunc(ctx, func() { wire.Close() })
	if secure != nil {
		err = c.secure(ctx, secure)
	}
	if err == nil {
		err = c.greet()
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		wire.Close()
		return nil, err
	}
	return c, nil
}

func newConn(wire net.Conn, authority string) *conn {
	return &conn{
		net: wire, authority: authority, scheme: "http", gone: make(chan struct{}), calls: make(map[uint32]*Call), nextID: 1, batch: 1,
		dirty: newToken(), room: newToken(), credit: newToken(), slot: newToken(),
		window: 65535, callWindow: 65535, frameBytes: 16 << 10, mostCalls: 1<<31 - 1, // until the server says otherwise
	}
}

func (c *conn) secure(ctx context.Context, config *tls.Config) error {
	config = config.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(c.authority)
	}
	secured := tls.Client(c.net, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	if p := secured.ConnectionState().NegotiatedProtocol; p != http2.NextProtoTLS {
		return fmt.Errorf("it speaks %q instead of HTTP/2", p)
	}
	c.net, c.scheme = secured, "https"
	return nil
}

func (c *conn) greet() error {
	c.in = bufio.NewReaderSize(c.net, readBytes)
	c.frame = http2.NewFramer((*appender)(c), c.in)
	c.frame.SetReuseFrames()
	c.frame.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.frame.MaxHeaderListSize = headerBytes
	c.frame.SetMaxReadFrameSize(16 << 10)
	c.packer = hpack.NewEncoder(&c.packed)
	c.out = append(c.out, http2.ClientPreface...)
	err := errors.Join(
		c.frame.WriteSettings(
			http2.Setting{ID: http2.SettingEnablePush, Val: 0},
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: callWindow},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: headerBytes},
		),
		c.frame.WriteWindowUpdate(0, connWindow-65535),
	)
	if err != nil {
		return err
	}
	if _, err := c.net.Write(c.out); err != nil {
		return err
	}
	c.out = nil
	first, err := c.frame.ReadFrame()
	if err != nil {
		return fmt.Errorf("it does not answer as HTTP/2 does: %w", err)
	}
	settings, ok := first.(*http2.SettingsFrame)
	if !ok || settings.IsAck() {
		return fmt.Errorf("it does not begin as HTTP/2 does, but with %v", first.Header())
	}
	return c.apply(settings)
}

// appender is a conn to which the framer writes.
type appender conn

func (a *appender) Write(p []byte) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

// takes tells whether the connection takes calls; nil does not.
func (c *conn) takes() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.goingAway
}

// open begins a call once the server takes another one. Nothing is sent before the call is waited for, or has sent as
// much as fits: its first message is mostly there by then and goes with it.
func (c *conn) open(ctx context.Context, method string, md metadata.MD) (*Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && !c.goingAway && len(c.calls) >= c.mostCalls {
		c.mu.Unlock()
		select {
		case <-c.slot:
		case <-c.gone:
		case <-ctx.Done():
		}
		c.mu.Lock()
		if ctx.Err() != nil {
			c.slot.put()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	if c.err != nil || c.goingAway {
		c.slot.put()
		return nil, errGone
	}
	if err := c.writeHeaders(ctx, c.nextID, method, md); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	s := &Call{conn: c, id: c.nextID, wake: newToken(), opening: true, window: c.callWindow, allowed: callWindow}
	s.deadline, _ = ctx.Deadline()
	c.calls[s.id] = s
	if c.nextID += 2; c.nextID > 1<<30 {
		c.goingAway = true
	}
	if len(c.calls) < c.mostCalls {
		c.slot.put()
	}
	s.release = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		s.abort(http2.ErrCodeCancel, status.FromContextError(ctx.Err()).Err())
	})
	return s, nil
}

// write writes what is appended to out, as much as there is at a time.
func (c *conn) write() {
	var spare []byte
	for {
		select {
		case <-c.dirty:
		case <-c.gone:
			return
		}
		runtime.Gosched() // whoever is about to append more does it now
		c.mu.Lock()
		batch := c.out
		c.out, spare = spare[:0], nil
		c.batch++
		c.mu.Unlock()
		c.room.put()
		if len(batch) == 0 {
			spare = batch
			continue
		}
		if _, err := c.net.Write(batch); err != nil {
			c.lose(err)
			return
		}
		if cap(batch) <= 4*outBytes {
			spare = batch
		}
	}
}

// closeWith closes the connection when ctx ends, and returns when it is gone.
func (c *conn) closeWith(ctx context.Context) {
	select {
	case <-ctx.Done():
		c.lose(errors.New("it is closed"))
	case <-c.gone:
	}
}

func (c *conn) lose(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost(err)
}

// lost ends all calls. It is called with the lock held, as are all methods that follow.
func (c *conn) lost(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	close(c.gone)
	c.net.Close()
	for _, s := range c.calls {
		s.end(status.Error(codes.Unavailable, "the connection is lost: "+err.Error()))
		s.wake.put()
	}
}

// append has the frames that f appends written soon.
func (c *conn) append(f func() error) {
	err := f()
	if err == nil && len(c.out) > mostOut {
		err = errors.New("it does not read")
	}
	if err != nil {
		c.lost(err)
	}
	c.dirty.put()
}

// retire closes the connection when it takes no more calls and has none.
func (c *conn) retire() {
	if c.goingAway && len(c.calls) == 0 {
		c.lost(errGone)
	}
}
