package app

import (
	"net"
	"net/netip"
	"sync"

	"routeguide/server/rpc"
)

// A boundedListener closes connections at once that are too many: altogether, or of one address. One address can so not
// keep others out.
type boundedListener struct {
	*net.TCPListener
	all, each int         // connections that there may be, and of one address
	spare     func() bool // closes a connection that nobody misses, if there is one; or nil

	mu   sync.Mutex
	open int
	of   map[netip.Addr]int
}

func bound(l *net.TCPListener, all, each int, spare func() bool) *boundedListener {
	return &boundedListener{TCPListener: l, all: all, each: each, spare: spare, of: make(map[netip.Addr]int)}
}

func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		from := rpc.Household(conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr())
		if l.enter(from) || l.spare != nil && l.spare() && l.enter(from) {
			return &boundedConn{TCPConn: conn, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = conn.Close() // the peer sees it, or is gone
	}
}

func (l *boundedListener) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == l.all || l.of[from] == l.each {
		return false
	}
	l.open++
	l.of[from]++
	return true
}

func (l *boundedListener) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

type boundedConn struct {
	*net.TCPConn
	leave func()
}

func (c *boundedConn) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
