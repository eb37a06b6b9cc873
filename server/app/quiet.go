package app

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// quiet is the connections to the HTTP port that no request is on. It is safe for concurrent use.
type quiet struct {
	mu  sync.Mutex
	all *list.List // net.Conn, quiet for the longest time first
	at  map[net.Conn]*list.Element
}

func newQuiet() *quiet { return &quiet{all: list.New(), at: make(map[net.Conn]*list.Element)} }

// become is a hook for http.Server.ConnState.
func (q *quiet) become(c net.Conn, state http.ConnState) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.remove(c)
	if state == http.StateNew || state == http.StateIdle {
		q.at[c] = q.all.PushBack(c)
	}
}

func (q *quiet) remove(c net.Conn) {
	if e := q.at[c]; e != nil {
		q.all.Remove(e)
		delete(q.at, c)
	}
}

// drop closes the connection that has been quiet for the longest time; false: there is none. Whoever still wants it makes
// another, as HTTP clients do.
func (q *quiet) drop() bool {
	q.mu.Lock()
	first := q.all.Front()
	if first == nil {
		q.mu.Unlock()
		return false
	}
	c := first.Value.(net.Conn)
	q.remove(c)
	q.mu.Unlock()
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn() // which does not wait until its peer has read a farewell
	}
	_ = c.Close()
	return true
}
