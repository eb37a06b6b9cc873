package rpc

import (
	"context"
	"sync/atomic"
	"time"
)

func (c *Calls) track(now *call) (untrack func()) {
	c.mu.Lock()
	c.all[now] = struct{}{}
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.all, now)
		c.mu.Unlock()
	}
}

// sweep cuts off calls that are at the same message for a whole interval, and all that wait once calls have to end.
func (c *Calls) sweep(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	ending := c.Ending.Done()
	for {
		select {
		case <-c.closed:
			return
		case <-ending:
			ending = nil
			c.each(func(now *call) {
				if now.cancel != nil {
					now.cut(context.Cause(c.Ending))
				}
			})
		case <-tick.C:
			c.accounts.forget()
			c.each(func(now *call) {
				if now.sent.stuck() {
					now.cut(errNotRead)
				} else if now.received.stuck() {
					now.cut(errNotSent)
				}
			})
		}
	}
}

func (c *Calls) each(do func(*call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for now := range c.all {
		do(now)
	}
}

// progress is how far one direction of a call is: twice the messages that are through, and one more while one is under way.
type progress struct {
	now   atomic.Uint64
	swept uint64 // as stuck saw it last
}

func (p *progress) begin()          { p.now.Add(1) }
func (p *progress) end()            { p.now.Add(1) }
func (p *progress) through() uint64 { return p.now.Load() / 2 }

// stuck tells whether the same message has been under way since it was called last. It is for one goroutine.
func (p *progress) stuck() bool {
	now := p.now.Load()
	same := now%2 == 1 && now == p.swept
	p.swept = now
	return same
}
