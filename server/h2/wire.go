package h2

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamWindow = 64 << 10 // bytes of one direction of a call that may wait here
	wireWindow   = 1 << 20  // bytes that a peer may have on their way to us
	outBytes     = 64 << 10 // of messages that may wait to be written to one peer
	callsOut     = 1 << 20  // of anything, before a target gets no more calls
	mostOut      = 4 << 20  // a peer that leaves more unread of what it asks for is given up
	readBytes    = 32 << 10
	frameBytes   = 16 << 10              // of the longest frame that we take
	pongDelay    = 10 * time.Millisecond // for the answer to a ping to go along with something else
	flushBound   = time.Second           // for the last words on a connection to be written
	writeBound   = time.Minute           // for a peer to take what is written
)

// errGone says that a connection takes no more calls.
var errGone = errors.New("the connection takes no more calls")

// A wire is one HTTP/2 connection, of a caller or to a target. One goroutine reads. It does what the frames say, which mostly
// is to append others to the output of another wire, and writes these once it would have to wait for more, as far as that
// takes no waiting. Another goroutine writes the rest.
//
// Locks are taken in this order: a target's, that of a wire to a target, that of a caller's wire.
type wire struct {
	role
	accepts bool // the peer opens streams
	net     net.Conn
	in      *bufio.Reader
	frame   *http2.Framer             // reads from in; writes to out, under mu
	wake    token                     // for the writer
	now     func([]byte) (int, error) // writes as much as can be without waiting; nil: nobody knows
	gone    chan struct{}             // closed when the connection is
	touched []*wire                   // whose output is to be written before the reader waits; the reader's

	mu        sync.Mutex
	err       error // why the connection is gone, or about to be; nil: it is not
	leaving   bool  // it takes no more calls
	last      bool  // it closes when out has been written
	ends      map[uint32]*end
	newest    uint32 // identifier of a stream
	out       []byte // frames to be written
	unhurried int    // bytes that out begins with and that may wait for others, until hurry
	hurry     *time.Timer
	announced bool      // somebody will see to that
	writing   bool      // somebody does
	spare     []byte    // for out
	bounded   time.Time // when the deadline of writes was set; whoever writes has it
	waiting   []*end    // for room in out, or for window
	full      bool      // a call waits for room
	after     []func(by *wire)

	packer     *hpack.Encoder // to packed
	packed     bytes.Buffer
	unreturned int    // bytes received that the peer was not told it may send anew
	window     int    // bytes that the peer takes
	endWindow  int    // bytes that it takes of a new stream
	frameBytes int    // of its longest frame
	mostEnds   int    // streams that it takes at a time
	frames     uint64 // that were read
}

// A role is what differs between the wires of callers and those to targets.
type role interface {
	// headers does what a frame says, as take does.
	headers(w *wire, f *http2.MetaHeadersFrame) error
	// lost ends the call of an end whose connection is gone.
	lost(e *end, err error, by *wire)
	// resetBy ends the call of an end whose peer has reset it.
	resetBy(e *end, code http2.ErrCode, by *wire)
	// faulty ends the call of an end whose peer has sent what it must not.
	faulty(e *end, code http2.ErrCode, by *wire)
	// freed is called under the lock when a wire that was full is not any more.
	freed()
}

type token chan struct{}

func newToken() token { return make(token, 1) }

// put gives the token, if it has not been given.
func (t token) put() {
	select {
	case t <- struct{}{}:
	default:
	}
}

func newWire(conn net.Conn, r role, headerBytes uint32) *wire {
	w := &wire{
		role: r, net: conn, in: bufio.NewReaderSize(conn, readBytes), wake: newToken(), gone: make(chan struct{}), ends: make(map[uint32]*end),
		window: 65535, endWindow: 65535, frameBytes: 16 << 10, mostEnds: 1<<31 - 1, // until the peer says otherwise
	}
	w.frame = http2.NewFramer((*appender)(w), w.in)
	w.frame.SetReuseFrames()
	w.frame.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.frame.MaxHeaderListSize = headerBytes
	w.frame.SetMaxReadFrameSize(frameBytes)
	w.packer = hpack.NewEncoder(&w.packed)
	w.now = withoutWaiting(conn)
	return w
}

// appender is a wire to which the framer writes.
type appender wire

func (a *appender) Write(p []byte) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

// exchange sends our settings, after what out has, and takes the peer's, with which it must begin. Nobody else has the wire
// yet.
func (w *wire) exchange(more ...http2.Setting) error {
	err := errors.Join(
		w.frame.WriteSettings(append(more,
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: w.frame.MaxHeaderListSize},
		)...),
		w.frame.WriteWindowUpdate(0, wireWindow-65535),
	)
	if err != nil {
		return err
	}
	if _, err := w.net.Write(w.out); err != nil {
		return err
	}
	w.out = nil
	first, err := w.frame.ReadFrame()
	if err != nil {
		return fmt.Errorf("it does not answer as HTTP/2 does: %w", err)
	}
	settings, ok := first.(*http2.SettingsFrame)
	if !ok || settings.IsAck() {
		return fmt.Errorf("it does not begin as HTTP/2 does, but with %v", first.Header())
	}
	w.mu.Lock()
	defer w.unlock(nil)
	return w.takeSettings(settings)
}

// unlock ends what began with locking mu. If there is something to be written now, the reader that does this will see to it,
// or the writer is woken. Then what could not be done under the lock is done.
func (w *wire) unlock(by *wire) {
	after, news := w.after, len(w.out) > w.unhurried && !w.announced || w.last
	w.after, w.announced = nil, w.announced || news
	w.mu.Unlock()
	switch {
	case news && by != nil:
		by.touched = append(by.touched, w)
	case news:
		w.wake.put()
	}
	for _, f := range after {
		f(by)
	}
}

// append appends frames that are not messages.
func (w *wire) append(f func() error) {
	if w.err != nil {
		return
	}
	if len(w.out) > mostOut {
		w.lose(errors.New("it does not read"))
	} else if err := f(); err != nil {
		w.lose(err)
	}
}

// reset ends a stream.
func (w *wire) reset(id uint32, code http2.ErrCode) {
	w.append(func() error { return w.frame.WriteRSTStream(id, code) })
}

// putHeaders appends the header or the trailer of a stream.
func (w *wire) putHeaders(id uint32, fields []hpack.HeaderField, last bool) {
	w.packed.Reset()
	for _, f := range fields {
		_ = w.packer.WriteField(f) // to memory
	}
	w.append(func() error {
		block := w.packed.Bytes()
		first := min(len(block), w.frameBytes)
		err := w.frame.WriteHeaders(http2.HeadersFrameParam{
			StreamID: id, BlockFragment: block[:first], EndHeaders: first == len(block), EndStream: last,
		})
		for block = block[first:]; len(block) > 0 && err == nil; {
			n := min(len(block), w.frameBytes)
			err = w.frame.WriteContinuation(id, n == len(block), block[:n])
			block = block[n:]
		}
		return err
	})
}

// write writes what nobody else could write without waiting, until the wire is gone.
func (w *wire) write() {
	for {
		select {
		case <-w.wake:
			w.flush(w.net.Write)
		case <-w.gone:
			return
		}
	}
}

// flush writes what has been appended, unless somebody else does. What write leaves is up to the writer.
func (w *wire) flush(write func([]byte) (int, error)) {
	w.mu.Lock()
	if w.writing {
		w.mu.Unlock()
		return
	}
	w.writing = true
	batch, last := w.out, w.last
	w.out, w.unhurried, w.spare, w.announced = w.spare, 0, nil, false
	w.drain()
	w.unlock(nil)
	n, err := 0, error(nil)
	if len(batch) > 0 {
		w.bound(last)
		n, err = write(batch)
	}
	w.mu.Lock()
	w.writing, w.announced = false, false
	switch rest := batch[n:]; {
	case err != nil:
		w.lose(err)
	case len(rest) > 0:
		w.out = append(rest, w.out...)
	case last:
		w.lose(nil)
	case cap(batch) <= 4*outBytes:
		w.spare = batch[:0]
	}
	w.unlock(nil)
}

// bound has writes fail that take too long. The deadline is moved now and then, since that is not for nothing.
func (w *wire) bound(last bool) {
	now := time.Now()
	switch {
	case last:
		_ = w.net.SetWriteDeadline(now.Add(flushBound)) // of a connection that is not closed
	case now.Sub(w.bounded) > writeBound/4:
		_ = w.net.SetWriteDeadline(now.Add(writeBound)) // the same
		w.bounded = now
	}
}

// close ends the wire at once.
func (w *wire) close(err error) {
	w.mu.Lock()
	w.lose(err)
	w.unlock(nil)
}

// lose ends the wire and all of its streams. It is called with the lock held.
func (w *wire) lose(err error) {
	w.forsake(err)
	select {
	case <-w.gone:
	default:
		close(w.gone)
		w.net.Close()
	}
}

// forsake ends all streams; nothing is sent for them any more. It is called with the lock held.
func (w *wire) forsake(err error) {
	if w.err != nil {
		return
	}
	if err == nil {
		err = errGone
	}
	w.err, w.leaving = err, true
	w.free()
	for _, e := range w.ends {
		e.remove()
		w.after = append(w.after, func(by *wire) { w.lost(e, err, by) })
	}
}

// leave has the wire take no more calls, and close once it has none. It is called with the lock held.
func (w *wire) leave() {
	w.leaving = true
	w.free()
	if len(w.ends) == 0 {
		w.forsake(nil)
		w.last = true
	}
}

// removed forgets a stream that is over.
func (w *wire) removed(e *end) {
	delete(w.ends, e.id)
	w.free()
	if w.leaving && w.err == nil {
		w.leave()
	}
}

// room tells whether a target takes another call now.
func (w *wire) room() bool { return len(w.ends) < w.mostEnds && len(w.out) < callsOut }

// free has calls placed that wait for the wire, if there is room or they need another one.
func (w *wire) free() {
	if w.full && (w.leaving || w.room()) {
		w.full = false
		w.freed()
	}
}

// drain sends what waits for the wire, each stream in its turn.
func (w *wire) drain() {
	for len(w.waiting) > 0 && w.window > 0 && len(w.out) < outBytes {
		e := w.waiting[0]
		w.waiting = w.waiting[1:]
		e.waiting = false
		e.pump(w.frameBytes)
	}
	w.free()
}

// more tells whether there is a whole frame that was read from the connection and not yet looked at.
func (w *wire) more() bool {
	const head = 9
	if w.in.Buffered() < head {
		return false
	}
	h, _ := w.in.Peek(head)
	size := head + int(h[0])<<16 + int(h[1])<<8 + int(h[2])
	kind, flags := http2.FrameType(h[3]), http2.Flags(h[4])
	return w.in.Buffered() >= size && (kind != http2.FrameHeaders || flags.Has(http2.FlagHeadersEndHeaders))
}

// read does what the peer says until the connection is gone. What that leads to is written when nothing more can be read
// without waiting: most of what is relayed comes together.
func (w *wire) read() {
	for {
		if !w.more() {
			w.flushTouched()
		}
		f, err := w.frame.ReadFrame()
		if err == nil {
			err = w.take(f)
		}
		var ofStream http2.StreamError
		if errors.As(err, &ofStream) {
			err = w.fault(ofStream)
		}
		if err != nil {
			w.end(err)
			w.flushTouched()
			return
		}
	}
}

func (w *wire) flushTouched() {
	for i, t := range w.touched {
		if t.now != nil {
			t.flush(t.now)
		} else {
			t.wake.put()
		}
		w.touched[i] = nil
	}
	w.touched = w.touched[:0]
}

// end ends the wire because of err. The peer is told what it did wrong.
func (w *wire) end(err error) {
	w.mu.Lock()
	var code http2.ConnectionError
	switch {
	case w.err != nil: // the writer closes it
	case errors.As(err, &code):
		w.append(func() error { return w.frame.WriteGoAway(w.newest, http2.ErrCode(code), nil) })
		w.forsake(err)
		w.last = true
	default:
		if errors.Is(err, io.EOF) {
			err = errors.New("it was closed")
		}
		w.lose(err)
	}
	w.unlock(w)
}
