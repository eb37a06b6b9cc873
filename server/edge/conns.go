package edge

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"routeguide/server/relay"
)

const (
	callsPerConn = 64
	streamBytes  = 64 << 10 // of an answer that may be on their way in memory
	// connBytes are more than the calls of a connection can have on their way together: else those who do not read would
	// keep the others from their answers.
	connBytes = 2 * callsPerConn * streamBytes
)

// conns is a connection to the grpc.Server without a network. It is made of as many HTTP/2 connections as the calls under
// way need, so that what one call does to its connection, few others feel. Each call says how far its caller is
// trusted. It is safe for concurrent use.
type conns struct {
	listener *bufconn.Listener
	options  []grpc.DialOption

	mu  sync.Mutex
	all []*conn
}

type conn struct {
	*grpc.ClientConn
	calls int // guarded by conns.mu
}

func newConns(options ...grpc.DialOption) *conns {
	return &conns{listener: relay.Listen(), options: append(options, grpc.WithStaticConnWindowSize(connBytes))}
}

// take returns a connection that has room for a call, and what must be called when that is over.
func (c *conns) take() (*conn, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) > 0 {
		idlest := slices.MinFunc(c.all, func(a, b *conn) int { return a.calls - b.calls })
		if idlest.calls < callsPerConn {
			return c.lend(idlest)
		}
	}
	client, err := relay.Connect(c.listener, streamBytes, c.options...)
	if err != nil {
		return nil, nil, err
	}
	c.all = append(c.all, &conn{ClientConn: client})
	return c.lend(c.all[len(c.all)-1])
}

func (c *conns) lend(one *conn) (*conn, func(), error) {
	one.calls++
	return one, sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		one.calls--
	}), nil
}

// Invoke implements grpc.ClientConnInterface.
func (c *conns) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	conn, done, err := c.take()
	if err != nil {
		return err
	}
	defer done()
	return conn.Invoke(relay.TellDoor(relay.TellTrust(ctx)), method, request, reply, opts...)
}

// NewStream implements grpc.ClientConnInterface.
func (c *conns) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, done, err := c.take()
	if err != nil {
		return nil, err
	}
	s, err := conn.NewStream(relay.TellDoor(relay.TellTrust(ctx)), desc, method, append(opts, grpc.OnFinish(func(error) { done() }))...)
	if err != nil {
		done()
	}
	return s, err
}

// close ends all calls.
func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		_ = one.Close()
	}
	_ = c.listener.Close()
}
