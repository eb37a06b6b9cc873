// Package h2 calls gRPC servers over HTTP/2. It is what a relay needs of a gRPC client and no more, since a general one is
// half of what a relay costs: messages stay in their encoded form, whatever waits to be sent goes out in one write, and
// what has come in wakes a call once.
package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 2 * time.Second
	connectBound = 5 * time.Second
)

// A Client calls one server. It connects when it is first used, and again when the connection was lost. It is safe for
// concurrent use.
type Client struct {
	addr    string
	secure  *tls.Config // nil: none
	ctx     context.Context
	close   context.CancelFunc
	running sync.WaitGroup // whatever connects, and the connections

	mu    sync.Mutex
	conn  *conn         // the newest; nil: none yet
	tried chan struct{} // closed by the first attempt to connect; nil: there is none under way
	away  error         // how the last attempt failed; nil: it did not
}

// NewClient returns a client of the server at addr, "host:port", with TLS if secure says how.
func NewClient(addr string, secure *tls.Config) *Client {
	c := &Client{addr: addr, secure: secure}
	c.ctx, c.close = context.WithCancel(context.Background())
	return c
}

// Close ends all calls and waits until nothing is left of the connections.
func (c *Client) Close() {
	c.mu.Lock()
	c.close()
	c.mu.Unlock()
	c.running.Wait()
}

// Open begins a call of a method, "/package.Service/Method", that lasts until its server ends it or ctx ends; ctx must
// end. Metadata that belongs to the connection must not be among md. While the server cannot be connected to, calls fail
// at once with UNAVAILABLE. A short call that the server has refused to look at, as one does that closes its connection,
// is made once more.
func (c *Client) Open(ctx context.Context, method string, md metadata.MD) (*Call, error) {
	open := func() (*Call, error) {
		for {
			conn, err := c.ready(ctx)
			if err != nil {
				return nil, err
			}
			call, err := conn.open(ctx, method, md)
			if !errors.Is(err, errGone) {
				return call, err
			}
		}
	}
	call, err := open()
	if err == nil {
		call.reopen = open
	}
	return call, err
}

// ready returns a connection that takes calls.
func (c *Client) ready(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		conn, away, tried := c.conn, c.away, c.tried
		if tried == nil && c.ctx.Err() == nil && !conn.takes() {
			tried = make(chan struct{})
			c.tried = tried
			c.running.Go(func() { c.connect(tried) })
		}
		c.mu.Unlock()
		switch {
		case c.ctx.Err() != nil:
			return nil, status.Error(codes.Unavailable, "it is closed")
		case tried == nil:
			return conn, nil
		case away != nil:
			return nil, status.Error(codes.Unavailable, away.Error())
		}
		select {
		case <-tried:
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// connect tries until there is a connection.
func (c *Client) connect(tried chan struct{}) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		conn, err := dial(c.ctx, c.addr, c.secure)
		c.mu.Lock()
		c.away = err
		if err == nil {
			c.conn, c.tried = conn, nil
			c.running.Go(conn.read)
			c.running.Go(conn.write)
			c.running.Go(func() { conn.closeWith(c.ctx) })
		}
		c.mu.Unlock()
		if tried != nil {
			close(tried)
			tried = nil
		}
		if err == nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-c.ctx.Done():
			return
		}
	}
}
