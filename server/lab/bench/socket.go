package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"nhooyr.io/websocket"
)

// socket calls over WebSockets of the sub-protocol grpc-websockets, which are good for one call each.
type socket struct {
	url  string
	work work
	turn int
	in   *bufio.Reader
}

func throughSocket(w work) door {
	return func(l line) caller {
		return (&socket{url: "ws://" + l.server.http + w.method, work: w, in: bufio.NewReaderSize(nil, readBytes)}).call
	}
}

var (
	socketHeaders = []byte("content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n")
	halfClose     = []byte{1}
)

func (c *socket) call(ctx context.Context) (err error) {
	c.turn++
	conn, _, err := websocket.Dial(ctx, c.url, &websocket.DialOptions{Subprotocols: []string{"grpc-websockets"}})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	for _, b := range [][]byte{socketHeaders, append([]byte{0}, frame(c.work.request(c.turn))...), halfClose} {
		if err := conn.Write(ctx, websocket.MessageBinary, b); err != nil {
			return err
		}
	}
	c.in.Reset(&socketReader{ctx: ctx, conn: conn})
	messages, err := countFrames(c.in)
	if err != nil {
		return err
	}
	if _, err := c.in.Peek(1); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		return fmt.Errorf("%w: no normal end: %v", errAnswer, err)
	}
	return c.work.check(messages)
}

// socketReader reads what a WebSocket receives as one stream.
type socketReader struct {
	ctx  context.Context
	conn *websocket.Conn
	now  io.Reader // the message under way
}

func (r *socketReader) Read(b []byte) (int, error) {
	for {
		if r.now == nil {
			var err error
			if _, r.now, err = r.conn.Reader(r.ctx); err != nil {
				return 0, err
			}
		}
		n, err := r.now.Read(b)
		if errors.Is(err, io.EOF) {
			r.now, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}
