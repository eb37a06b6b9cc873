package socket

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// hijacker keeps the connection that a WebSocket takes over, for its deadlines.
type hijacker struct {
	http.ResponseWriter
	patience func() time.Duration // how long the peer may take to read
	conn     *socketConn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	h.conn = &socketConn{Conn: conn, patience: h.patience}
	rw.Writer.Reset(h.conn)
	return h.conn, rw, nil
}

// socketConn is the connection below a WebSocket. The WebSocket library closes a connection whose context ends, without a
// word to the peer; deadlines here leave it able to say why.
type socketConn struct {
	net.Conn
	patience func() time.Duration

	mu   sync.Mutex    // held while a deadline is chosen
	idle time.Duration // each read waits so long at the most; 0: there is one deadline for all

	ending atomic.Bool // no more messages are written
	closed atomic.Bool // since then a close frame was
}

// closeFrame is how a close frame begins; the library writes control frames each by itself.
const closeFrame = 0x88

// Write drops a second close frame: the library answers a peer's, where it has sent its own before, with another one,
// which browsers take for a broken connection.
func (c *socketConn) Write(p []byte) (int, error) {
	if c.ending.Load() && len(p) > 0 && p[0] == closeFrame && c.closed.Swap(true) {
		return len(p), nil
	}
	c.expect()
	return c.Conn.Write(p)
}

func (c *socketConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.idle > 0 {
		_ = c.Conn.SetReadDeadline(time.Now().Add(c.idle))
	}
	c.mu.Unlock()
	return c.Conn.Read(p)
}

// readWithin bounds all reads from now on together.
func (c *socketConn) readWithin(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = 0
	_ = c.Conn.SetReadDeadline(time.Now().Add(d))
}

// readIdle bounds each read from now on.
func (c *socketConn) readIdle(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = d
}

// expect gives the peer its time to take what is being written. Each write begins with it, those of pings and pongs too,
// since a deadline that was set for an earlier one holds for all later ones.
func (c *socketConn) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.Conn.SetWriteDeadline(time.Now().Add(c.patience()))
}
