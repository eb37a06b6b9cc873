package h2

import (
	"encoding/binary"
	"slices"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An end is one of the two streams that make up a call. What it has is under its wire's lock.
type end struct {
	call *call
	wire *wire
	id   uint32
	over bool // it is no stream of the wire any more

	// What the peer sends.
	begun   bool // far: with a header
	heard   bool // and nothing more
	allowed int  // bytes that may still come
	taken   int  // bytes that it was not yet told it may send anew

	// What the peer is sent.
	greeted bool   // near: with a header
	window  int    // bytes that it takes
	queue   []byte // that it does not take yet
	fin     bool   // there is nothing after queue but, near, trailer
	trailer []hpack.HeaderField
	spoken  bool   // everything was sent
	waiting bool   // among wire.waiting
	moved   uint64 // counts what left queue, or did not need it
	swept   uint64 // moved as the sweeper saw it last
}

// other is the end at which comes out what came in here.
func (e *end) other() *end {
	if e == &e.call.near {
		return &e.call.far
	}
	return &e.call.near
}

// join makes a stream of the wire's of e.
func (e *end) join(w *wire, id uint32) {
	e.wire, e.id, e.window, e.allowed = w, id, w.endWindow, streamWindow
	w.ends[id] = e
}

// remove ends the stream, of which nothing is sent any more.
func (e *end) remove() {
	e.over = true
	e.queue, e.trailer = nil, nil
	e.wire.removed(e)
}

// reset ends the stream, and tells the peer. First it leaves the wire, which may be lost over that with all that it has.
func (e *end) reset(code http2.ErrCode) {
	delete(e.wire.ends, e.id)
	e.wire.reset(e.id, code)
	e.remove()
}

// hear notes that the peer has sent something, which may be its last. A target's last is the end of the call.
func (e *end) hear(last bool) {
	e.heard = last
	if last && e == &e.call.far {
		e.finish()
	}
}

// finish ends a stream that both sides have ended, or one that the target or we have: then the peer need not go on.
func (e *end) finish() {
	if !e.spoken || !e.heard {
		e.reset(http2.ErrCodeNo)
	} else {
		e.remove()
	}
}

// say notes that everything was sent. An answer is the end of the call.
func (e *end) say() {
	e.spoken = true
	if e == &e.call.near {
		e.finish()
		e.wire.after = append(e.wire.after, func(*wire) { e.call.ended() })
	}
}

// pass sends a piece of messages, or what the peer does not take yet when it does, and returns how much it has sent.
func (e *end) pass(data []byte, last bool, by *wire) (sent int) {
	e.wire.mu.Lock()
	defer e.wire.unlock(by)
	return e.send(data, last)
}

// send is pass under the lock.
func (e *end) send(data []byte, last bool) (sent int) {
	if e.over {
		return len(data)
	}
	e.fin = last
	if len(e.queue) == 0 {
		sent = e.put(data, len(data))
		e.moved++ // what is queued from here on has just come
	}
	e.queue = append(e.queue, data[sent:]...)
	if len(e.queue) > 0 {
		e.wait()
	} else if e.fin && !e.spoken {
		e.putFrame(nil, true)
		e.say()
	}
	return sent
}

// put appends frames of at most so many bytes that data begins with, as far as the peer takes it, and returns how many
// that were.
func (e *end) put(data []byte, most int) (sent int) {
	w := e.wire
	for sent < most && len(w.out) < outBytes {
		n := min(most-sent, e.window, w.window, w.frameBytes)
		if n <= 0 {
			break
		}
		e.window -= n
		w.window -= n
		last := e.fin && e.trailer == nil && sent+n == len(data)
		e.putFrame(data[sent:sent+n], last)
		sent += n
		if last {
			e.say()
		}
	}
	return sent
}

func (e *end) putFrame(data []byte, last bool) {
	w, n := e.wire, len(data)
	flags := http2.Flags(0)
	if last {
		flags = http2.FlagDataEndStream
	}
	w.out = append(w.out, byte(n>>16), byte(n>>8), byte(n), byte(http2.FrameData), byte(flags))
	w.out = binary.BigEndian.AppendUint32(w.out, e.id)
	w.out = append(w.out, data...)
}

// wait has queue sent when the wire has room, if only that is missing.
func (e *end) wait() {
	if w := e.wire; len(e.queue) > 0 && e.window > 0 && !e.waiting {
		if len(w.waiting) > 2*len(w.ends) { // then most are over
			w.waiting = slices.DeleteFunc(w.waiting, func(e *end) bool { return e.over })
		}
		e.waiting = true
		w.waiting = append(w.waiting, e)
	}
}

// pump sends of queue at most so many bytes, and whatever comes after it.
func (e *end) pump(most int) {
	if e.over || len(e.queue) == 0 {
		return
	}
	sent := e.put(e.queue, min(most, len(e.queue)))
	e.moved += uint64(sent)
	e.wire.after = append(e.wire.after, func(by *wire) { e.other().giveBack(sent, by) })
	if e.over {
		return
	}
	if e.queue = e.queue[sent:]; len(e.queue) == 0 {
		e.queue = nil
		if e.trailer != nil {
			e.header(e.trailer, true)
		}
	}
	e.wait()
}

// header sends a header, or the trailer once all messages have been sent.
func (e *end) header(fields []hpack.HeaderField, last bool) {
	switch {
	case e.over:
	case last && len(e.queue) > 0:
		e.trailer = fields
	default:
		e.greeted = true
		e.wire.putHeaders(e.id, fields, last)
		if last && !e.over { // over: the wire is lost
			e.say()
		}
	}
}

// giveBack lets the peer send n bytes more.
func (e *end) giveBack(n int, by *wire) {
	if n == 0 {
		return
	}
	w := e.wire
	w.mu.Lock()
	defer w.unlock(by)
	if e.taken += n; e.taken >= streamWindow/4 && !e.over && !e.heard {
		w.append(func() error { return w.frame.WriteWindowUpdate(e.id, uint32(e.taken)) })
		e.allowed += e.taken
		e.taken = 0
	}
}
