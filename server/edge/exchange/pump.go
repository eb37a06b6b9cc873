package exchange

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// batchBytes is how much waits for a peer at the most, besides the batch on its way and the message being written.
const batchBytes = 64 << 10

// A Pump carries bytes to a slow sink in batches: what is flushed while the sink is at work goes out together afterwards, at
// once. A goroutine runs only while there is something to carry; Close waits for it. When too much waits, Write blocks.
//
// Write, Flush and Close are for one goroutine; beat may be called from another.
type Pump struct {
	sink func([]byte) error

	mu     sync.Mutex
	change sync.Cond
	buf    []byte
	spare  []byte
	ready  int // how much of buf has been flushed
	busy   bool
	closed bool
	err    error // the first of the sink
}

// NewPump returns a Pump for a sink, which is never called twice at a time and must not keep what it gets.
func NewPump(sink func([]byte) error) *Pump {
	p := &Pump{sink: sink}
	p.change.L = &p.mu
	return p
}

// Write keeps a copy of parts until Flush.
func (p *Pump) Write(parts ...[]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.ready >= batchBytes && p.err == nil {
		p.change.Wait()
	}
	if p.err != nil {
		return p.err
	}
	for _, b := range parts {
		p.buf = append(p.buf, b...)
	}
	return nil
}

// pending tells whether something waits for a flush.
func (p *Pump) pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.buf) > p.ready
}

// Flush lets go of everything written so far.
func (p *Pump) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release()
	return p.err
}

func (p *Pump) release() {
	p.ready = len(p.buf)
	if p.ready > 0 && !p.busy && p.err == nil {
		p.busy = true
		go p.run()
	}
}

// beat sends b if nothing else is on its way. It is false once the pump is closed.
func (p *Pump) beat(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.buf) == 0 && !p.busy && !p.closed {
		p.buf = append(p.buf, b...)
		p.release()
	}
	return !p.closed && p.err == nil
}

func (p *Pump) run() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.ready > 0 && p.err == nil {
		batch := p.buf[:p.ready]
		p.spare = append(p.spare[:0], p.buf[p.ready:]...)
		p.buf, p.ready = p.spare, 0
		p.change.Broadcast()
		p.mu.Unlock()
		err := p.carry(batch)
		p.mu.Lock()
		p.spare = batch[:0]
		if cap(p.spare) > 4*batchBytes { // a large message passed
			p.spare = nil
		}
		p.err = err
	}
	p.busy = false
	p.change.Broadcast()
}

// carry makes a panic of the sink its error.
func (p *Pump) carry(batch []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("exchange: panic: %v\n%s", v, debug.Stack())
		}
	}()
	return p.sink(batch)
}

// Close carries what is left, flushed or not. The sink is not used afterwards.
func (p *Pump) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release()
	p.closed = true
	for p.busy {
		p.change.Wait()
	}
	return p.err
}
