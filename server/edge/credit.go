package edge

import (
	"context"
	"encoding/binary"
	"io"
	"sync"

	"google.golang.org/grpc"
)

// creditBytes is how much of complete request messages may wait for a handler before its peer has to.
const creditBytes = 64 << 10

// ServerOptions are what the grpc.Server behind an Edge must be made with. They bound what grpc.Server.ServeHTTP, which
// reads a request as fast as it comes, keeps of it in memory; other transports are not touched.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainStreamInterceptor(returnCredit)}
}

// credit counts the messages of one request that were read but not yet taken by the handler.
type credit struct {
	body  io.ReadCloser
	limit int // bytes of one message

	mu      sync.Mutex
	change  sync.Cond
	waiting []int // sizes of the complete messages not taken, oldest first
	held    int   // their sum
	header  []byte
	missing int // bytes of the message being read
	closed  bool
}

type creditKey struct{}

func newCredit(body io.ReadCloser, limit int) *credit {
	c := &credit{body: body, limit: limit, header: make([]byte, 0, frameHeader)}
	c.change.L = &c.mu
	return c
}

// Read waits while the handler has enough to do. A message that is too long is not read: its header is enough for the
// handler to refuse it.
func (c *credit) Read(p []byte) (int, error) {
	c.mu.Lock()
	for !c.closed && (c.held >= creditBytes || c.missing > c.limit) {
		c.change.Wait()
	}
	c.mu.Unlock()
	n, err := c.body.Read(p)
	c.mu.Lock()
	c.count(p[:n])
	c.mu.Unlock()
	return n, err
}

func (c *credit) count(b []byte) {
	for len(b) > 0 {
		if len(c.header) < frameHeader {
			n := min(frameHeader-len(c.header), len(b))
			c.header = append(c.header, b[:n]...)
			b = b[n:]
			if len(c.header) < frameHeader {
				return
			}
			c.missing = int(binary.BigEndian.Uint32(c.header[1:]))
		}
		n := min(c.missing, len(b))
		c.missing -= n
		b = b[n:]
		if c.missing == 0 {
			size := frameHeader + int(binary.BigEndian.Uint32(c.header[1:]))
			c.waiting = append(c.waiting, size)
			c.held += size
			c.header = c.header[:0]
		}
	}
}

// taken says that the handler has the oldest message.
func (c *credit) taken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) > 0 {
		c.held -= c.waiting[0]
		c.waiting = c.waiting[1:]
		c.change.Signal()
	}
}

func (c *credit) Close() error {
	c.mu.Lock()
	c.closed = true
	c.change.Broadcast()
	c.mu.Unlock()
	return c.body.Close()
}

func returnCredit(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if c, ok := stream.Context().Value(creditKey{}).(*credit); ok && info.IsClientStream {
		stream = creditStream{stream, c}
	}
	return handler(srv, stream)
}

type creditStream struct {
	grpc.ServerStream
	credit *credit
}

func (s creditStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.credit.taken()
	}
	return err
}

func withCredit(ctx context.Context, c *credit) context.Context {
	return context.WithValue(ctx, creditKey{}, c)
}
