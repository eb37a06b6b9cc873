package exchange

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var errBodyClosed = errors.New("the call is over")

// linger is how long the end of a request may come after the end of its call, before the connection is given up.
const linger = 100 * time.Millisecond

// errLate is why a call ends whose request does not come.
var errLate = status.Error(codes.DeadlineExceeded, "the request took too long to arrive")

// Body is a request body that can be closed while it is being read, which net/http's cannot. It makes the request full
// duplex: the answer may begin, and end, before the request does. The request has to arrive in time, unless MayBeSilent is
// called.
type Body struct {
	body   io.ReadCloser
	w      http.ResponseWriter
	ctl    *http.ResponseController
	http1  bool
	arrive time.Duration
	late   *time.Timer

	reading sync.Mutex // held during a read
	mu      sync.Mutex // guards what follows
	ended   bool       // all of it has been read
	closed  bool
	early   bool // it was closed before it ended
	cut     bool // and a read may have been ended by force
}

// NewBody returns the body of a request that is answered with w. It calls fail, once, when the request is late: before a
// read ends for that reason, since net/http then cancels the call with a reason of its own.
func NewBody(w http.ResponseWriter, r *http.Request, limits Limits, fail func(error)) *Body {
	b := &Body{body: r.Body, w: w, ctl: http.NewResponseController(w), http1: r.ProtoMajor == 1, arrive: limits.Arrive}
	b.late = time.AfterFunc(b.arrive, func() {
		fail(errLate)
		b.Interrupt()
	})
	_ = b.ctl.EnableFullDuplex()
	return b
}

// Read fails once the body is closed.
func (b *Body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return 0, errBodyClosed
	}
	n, err := b.body.Read(p)
	if err == io.EOF {
		b.late.Stop()
		b.mu.Lock()
		b.ended = true
		b.mu.Unlock()
	}
	return n, err
}

// MustArrive bounds the reads from now on together: a message has begun.
func (b *Body) MustArrive() { b.late.Reset(b.arrive) }

// MayBeSilent lets the reads from now on wait: the peer streams, and is between two messages.
func (b *Body) MayBeSilent() { b.late.Stop() }

// BeforeAnswer announces that the connection will not be used again, where the answer begins before the request has ended:
// it may have to be abandoned, and a client must not have sent another request by then. With HTTP/2 a request is abandoned
// alone.
func (b *Body) BeforeAnswer() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended && b.http1 {
		b.w.Header().Set("Connection", "close")
	}
}

// Interrupt ends a read under way and lets no other begin. It may be called from any goroutine.
func (b *Body) Interrupt() { b.stop(0) }

// stop lets a read under way go on for a while only.
func (b *Body) stop(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Once the request has ended, net/http waits for the connection to end, and a deadline would look as if it did.
	if !b.closed && !b.ended {
		_ = b.ctl.SetReadDeadline(time.Now().Add(after))
		b.early, b.cut = true, after == 0
	}
	b.closed = true
}

// Close ends a read under way and waits for it. A request that still does not end is abandoned, and its connection with it.
// It is for the goroutine that answers.
func (b *Body) Close() error {
	b.late.Stop()
	b.stop(linger)
	b.reading.Lock()
	defer b.reading.Unlock()
	if !b.ended {
		_, err := io.CopyN(io.Discard, b.body, batchBytes)
		b.ended = err == io.EOF
	}
	switch {
	case !b.ended || b.cut:
		Abandon(b.w)
	case b.early:
		_ = b.ctl.SetReadDeadline(time.Time{})
	}
	return nil
}

// Abandon keeps net/http from looking for another request on the connection of w, where the rest of this one lies, and
// makes it close the connection so that the answer is not lost. Only a body that is too large does both.
func Abandon(w http.ResponseWriter) {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = wrapper.Unwrap()
	}
	_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0).Read(make([]byte, 1))
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(linger)) // net/http looks for the end of the request
}

// Refuse answers without reading what else the peer may want to send.
func Refuse(w http.ResponseWriter, code int, why string) {
	Abandon(w)
	http.Error(w, why, code)
}
