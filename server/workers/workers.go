// Package workers runs functions in goroutines that it keeps for the next ones: a new one grows its stack anew, which
// is a good part of what a short call costs.
package workers

import (
	"sync"
	"sync/atomic"
)

const mostIdle = 64 // goroutines that are kept

// A Pool is safe for concurrent use.
type Pool struct {
	functions, goroutines sync.WaitGroup

	next chan func()
	idle atomic.Int32
	over chan struct{}
}

func New() *Pool { return &Pool{next: make(chan func()), over: make(chan struct{})} }

// Go runs f, at once.
func (p *Pool) Go(f func()) {
	p.functions.Add(1)
	select {
	case p.next <- f:
	default:
		p.goroutines.Go(func() { p.work(f) })
	}
}

func (p *Pool) work(f func()) {
	for {
		f()
		p.functions.Done()
		if p.idle.Add(1) > mostIdle {
			p.idle.Add(-1)
			return
		}
		select {
		case f = <-p.next:
			p.idle.Add(-1)
		case <-p.over:
			return
		}
	}
}

// Close waits for all functions, after which there is nothing left of the pool. It is called once, when nobody calls Go
// any more but the functions themselves.
func (p *Pool) Close() {
	p.functions.Wait()
	close(p.over)
	p.goroutines.Wait()
}
