package web

import (
	"encoding/binary"
	"io"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
)

// aheadBytes is how much of complete messages may wait for a handler before its peer has to.
const aheadBytes = 64 << 10

// A request is the frames of one call. grpc.Server.ServeHTTP reads a request as fast as it comes and keeps all of it, so
// Read sees to the bounds: no message is longer than it may be, each has its memory before it is read, each arrives in
// time, and only so much waits for the handler.
type request struct {
	calls       *exchange.Calls
	body        *exchange.Body
	frames      io.ReadCloser // what body has, no more base64
	stream      bool          // any number of messages may come
	acceptsGzip bool          // in answers
	acquire     func(bytes int) error
	giveUp      func()      // ends acquire
	fail        func(error) // ends the call

	mu      sync.Mutex
	change  sync.Cond
	waiting []int  // sizes of the complete messages not taken, oldest first
	held    int    // their sum
	header  []byte // of the message that is arriving, as far as it is here
	size    int    // its bytes, once the header is complete
	missing int    // those of them that are not here yet
	owed    int    // memory that it needs before more of it is read
	closed  bool
}

// Read waits while the handler has enough to do.
func (r *request) Read(p []byte) (int, error) {
	r.mu.Lock()
	for r.stream && !r.closed && r.held >= aheadBytes {
		r.change.Wait()
	}
	owed := r.owed
	r.mu.Unlock()
	if owed > 0 {
		if err := r.acquire(owed); err != nil {
			r.fail(err)
			return 0, err
		}
		r.mu.Lock()
		r.owed = 0
		r.mu.Unlock()
	}
	n, err := r.frames.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if tooLong := r.count(p[:n]); tooLong != nil {
		r.fail(tooLong)
		return 0, tooLong
	}
	return n, err
}

// count goes through what has been read. It returns why the request is refused, or nil.
func (r *request) count(b []byte) error {
	arriving, complete := len(r.header) > 0, len(r.waiting)
	for len(b) > 0 {
		if len(r.header) < wire.FrameHeader {
			if !r.stream && len(r.waiting) > 0 {
				return status.Error(codes.InvalidArgument, "more than one request for a method that takes one")
			}
			n := min(wire.FrameHeader-len(r.header), len(b))
			r.header = append(r.header, b[:n]...)
			b = b[n:]
			if len(r.header) < wire.FrameHeader {
				break
			}
			size := int(binary.BigEndian.Uint32(r.header[1:]))
			if size > r.calls.Limits.Message { // no memory was taken for it
				return status.Errorf(codes.ResourceExhausted, "a message of %d bytes; at most %d", size, r.calls.Limits.Message)
			}
			r.size, r.missing, r.owed = size, size, size
		}
		n := min(r.missing, len(b))
		r.missing -= n
		b = b[n:]
		if r.missing == 0 {
			r.waiting = append(r.waiting, r.size)
			r.held += r.size
			r.header, r.size, r.owed = r.header[:0], 0, 0
		}
	}
	switch arrives := len(r.header) > 0; {
	case !r.stream: // all of it must arrive, since it began
	case arrives && (!arriving || len(r.waiting) > complete):
		r.body.MustArrive()
	case !arrives:
		r.body.MayBeSilent()
	}
	return nil
}

// taken says that the handler has the oldest message.
func (r *request) taken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) > 0 {
		r.held -= r.waiting[0]
		r.calls.Release(r.waiting[0])
		r.waiting = r.waiting[1:]
		r.change.Signal()
	}
}

// Close ends a read under way.
func (r *request) Close() error {
	r.mu.Lock()
	r.closed = true
	r.change.Broadcast()
	r.mu.Unlock()
	r.giveUp()
	return r.frames.Close()
}

// free gives back the memory of what was not taken. Nothing is read any more.
func (r *request) free() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owed == 0 {
		r.calls.Release(r.size)
	}
	for _, size := range r.waiting {
		r.calls.Release(size)
	}
	r.waiting = nil
}
