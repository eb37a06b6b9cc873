package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// progress is the position of the newest change that was made, and those who wait for it to grow.
type progress struct {
	position atomic.Uint64

	mu   sync.Mutex
	news chan struct{} // closed when it has grown; nil while nobody waits
}

func (p *progress) at() uint64 { return p.position.Load() }

func (p *progress) set(position uint64) {
	p.position.Store(position)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.news != nil {
		close(p.news)
		p.news = nil
	}
}

// wait waits until the position is reached, or returns the cause that ctx ended with.
func (p *progress) wait(ctx context.Context, position uint64) error {
	for {
		p.mu.Lock()
		if p.news == nil {
			p.news = make(chan struct{})
		}
		news := p.news
		p.mu.Unlock()
		if p.at() >= position {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
