package edgetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"nhooyr.io/websocket"
)

// Subprotocol is what a WebSocket carries a call with.
const Subprotocol = "grpc-websockets"

// WebSocket calls over WebSockets, one a call. Its streams are *SocketStream.
type WebSocket struct {
	Base   string       // http://host:port
	Header http.Header  // of the handshake: Origin, for one
	Client *http.Client // nil: http.DefaultClient
}

// Invoke makes a unary call.
func (c WebSocket) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	return invoke(ctx, c, method, request, reply, opts)
}

// NewStream opens a WebSocket and sends the request headers.
func (c WebSocket) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := c.Dial(ctx, method)
	if err != nil {
		return nil, asStatus(ctx, err)
	}
	header := wireHeader(ctx)
	header.Set("Content-Type", "application/grpc-web+proto")
	header.Set("X-Grpc-Web", "1")
	if err := conn.Write(ctx, websocket.MessageBinary, HeaderLines(header)); err != nil {
		_ = conn.CloseNow()
		return nil, asStatus(ctx, err)
	}
	s := &SocketStream{stream: newStream(ctx, proto.Unmarshal), conn: conn}
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	go func() {
		defer stop()
		s.read()
	}()
	return s, nil
}

// Dial opens a WebSocket for a call of method and sends nothing.
func (c WebSocket) Dial(ctx context.Context, method string) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.Base, "http")+method, &websocket.DialOptions{
		Subprotocols: []string{Subprotocol},
		HTTPHeader:   c.Header,
		HTTPClient:   c.Client,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(64 << 20)
	return conn, nil
}

// HeaderLines is what the first message of a call carries.
func HeaderLines(h http.Header) []byte {
	var b []byte
	for name, values := range h {
		for _, v := range values {
			b = fmt.Appendf(b, "%s: %s\r\n", strings.ToLower(name), v)
		}
	}
	return b
}

// SocketStream is a call over a WebSocket.
type SocketStream struct {
	*stream
	conn   *websocket.Conn
	closed error
}

// Closed is how the WebSocket of a call that is over ended: a websocket.CloseError where the server said why.
func (s *SocketStream) Closed() error {
	<-s.over
	return s.closed
}

// CloseSend half-closes.
func (s *SocketStream) CloseSend() error {
	if !s.isOver() {
		_ = s.conn.Write(s.ctx, websocket.MessageBinary, []byte{1}) // the call's status says more than this error
	}
	return nil
}

// SendMsg sends a message, or returns io.EOF when the call is over.
func (s *SocketStream) SendMsg(m any) error {
	frame, err := messageFrame(m)
	if err != nil {
		return err
	}
	if s.isOver() || s.conn.Write(s.ctx, websocket.MessageBinary, append([]byte{0}, frame...)) != nil {
		return io.EOF
	}
	return nil
}

// read takes in the call to its trailers, and the close after them.
func (s *SocketStream) read() {
	defer s.conn.CloseNow()
	frames := bufio.NewReader(&socketBytes{ctx: s.ctx, conn: s.conn})
	for {
		f, err := ReadFrame(frames)
		if err != nil {
			s.closed = err
			s.finish(err, nil)
			return
		}
		if f.Flags != FlagLines {
			s.message(f.Data)
			continue
		}
		md := parseLines(f.Data)
		if len(md["grpc-status"]) == 0 {
			s.head(md)
			continue
		}
		_, _, s.closed = s.conn.Read(s.ctx)
		s.finish(statusOf(md), md)
		return
	}
}

// socketBytes is what a WebSocket brings without message boundaries.
type socketBytes struct {
	ctx  context.Context
	conn *websocket.Conn
	rest []byte
}

func (b *socketBytes) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		var err error
		if _, b.rest, err = b.conn.Read(b.ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
