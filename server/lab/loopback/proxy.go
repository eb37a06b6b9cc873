package loopback

import (
	"errors"
	"io"
	"net"
	"sync"
)

// A Proxy is a way to an address that can be cut: what runs through it breaks off, and nothing gets through until it is
// mended. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu     sync.Mutex
	broken bool
	open   map[net.Conn]struct{}
}

// NewProxy returns a proxy that waits for connections until Close.
func NewProxy(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, to: to, open: make(map[net.Conn]struct{})}
	p.running.Go(p.accept)
	return p, nil
}

// Addr is where it leads from.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.join(in) })
	}
}

// join copies both ways until either side ends.
func (p *Proxy) join(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	if !p.keep(in, out) {
		return
	}
	defer p.drop(in, out)
	var back sync.WaitGroup
	back.Go(func() {
		defer in.Close()
		io.Copy(in, out)
	})
	io.Copy(out, in)
	out.Close()
	back.Wait()
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = struct{}{}
	}
	return !p.broken
}

func (p *Proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.open, c)
	}
}

// Cut breaks the way off.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = true
	for c := range p.open {
		c.Close()
	}
}

// Mend undoes Cut.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = false
}

// Close returns when nothing runs any more.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Cut()
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
