package edge

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

var errBodyClosed = errors.New("the call is over")

// linger is how long the end of a request may come after the end of its call, before the connection is given up.
const linger = 100 * time.Millisecond

// requestBody is a request body that can be closed while it is being read, which net/http's cannot. It makes the request
// full duplex: the answer may begin, and end, before the request does.
type requestBody struct {
	body io.ReadCloser
	w    http.ResponseWriter
	ctl  *http.ResponseController
	idle time.Duration // until a silent peer counts as gone; 0: it may be silent

	reading sync.Mutex // held during a read
	mu      sync.Mutex // held while a deadline is chosen; guards what follows
	ended   bool       // all of it has been read
	closed  bool
	late    bool // it was closed before it ended
	cut     bool // and a read may have been ended by force
}

func newRequestBody(w http.ResponseWriter, r *http.Request, idle time.Duration) *requestBody {
	b := &requestBody{body: r.Body, w: w, ctl: http.NewResponseController(w), idle: idle}
	_ = b.ctl.EnableFullDuplex()
	return b
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return 0, errBodyClosed
	}
	if b.idle > 0 {
		_ = b.ctl.SetReadDeadline(time.Now().Add(b.idle))
	}
	b.mu.Unlock()
	n, err := b.body.Read(p)
	if err == io.EOF {
		b.mu.Lock()
		b.ended = true
		b.mu.Unlock()
	}
	return n, err
}

// mayBeSilent lets the peer send as slowly as it likes: it streams.
func (b *requestBody) mayBeSilent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = 0
}

// beforeAnswer announces that the connection will not be used again, where the answer begins before the request has ended:
// it may have to be abandoned, and a client must not have sent another request by then.
func (b *requestBody) beforeAnswer() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.w.Header().Set("Connection", "close")
	}
}

// interrupt ends a read under way and lets no other begin. It may be called from any goroutine.
func (b *requestBody) interrupt() { b.stop(0) }

// stop lets a read under way go on for a while only.
func (b *requestBody) stop(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Once the request has ended, net/http waits for the connection to end, and a deadline would look as if it did.
	if !b.closed && !b.ended {
		_ = b.ctl.SetReadDeadline(time.Now().Add(after))
		b.late, b.cut = true, after == 0
	}
	b.closed = true
}

// Close ends a read under way and waits for it. A request that still does not end is abandoned, and its connection with it.
// It is for the goroutine that answers.
func (b *requestBody) Close() error {
	b.stop(linger)
	b.reading.Lock()
	defer b.reading.Unlock()
	if !b.ended {
		_, err := io.CopyN(io.Discard, b.body, batchBytes)
		b.ended = err == io.EOF
	}
	switch {
	case !b.ended || b.cut:
		abandon(b.w)
	case b.late:
		_ = b.ctl.SetReadDeadline(time.Time{})
	}
	return nil
}

// abandon keeps net/http from looking for another request on the connection of w, where the rest of this one lies, and
// makes it close the connection so that the answer is not lost. Only a body that is too large does both.
func abandon(w http.ResponseWriter) {
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
