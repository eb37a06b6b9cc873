package exchange

import (
	"compress/gzip"
	"context"
	"net/http"
	"sync"
	"time"
)

// Response is a ResponseWriter that hands a stream of messages over in batches. Until the first Flush everything is kept,
// so that a short answer leaves in one piece. Finish must be called before the handler returns.
type Response struct {
	http.ResponseWriter
	StreamType string // the content type that a stream has
	OneMessage bool   // one message is the whole answer: it leaves together with its end
	Gzip       bool   // an answer of some length, unless it is an error, may be compressed

	ctl   *http.ResponseController
	calls *Calls
	lost  func(error)
	pump  *Pump
	beat  *time.Timer

	unwatch  func() bool // stops waiting for the end of calls
	mu       sync.Mutex
	finished bool // the ResponseWriter is not ours any more

	zipped      *gzip.Writer // nil: the answer goes out as it is
	wroteHeader bool
	flushed     bool // the status line has left
}

// NewResponse returns what answers with w. It tells lost when the peer cannot be reached.
func NewResponse(w http.ResponseWriter, calls *Calls, lost func(error)) *Response {
	r := &Response{ResponseWriter: w, ctl: http.NewResponseController(w), calls: calls, lost: lost}
	r.pump = NewPump(r.send)
	r.unwatch = context.AfterFunc(calls.Ending, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.finished {
			r.expect()
		}
	})
	return r
}

// expect gives the peer its time to take what is being sent.
func (r *Response) expect() {
	_ = r.ctl.SetWriteDeadline(time.Now().Add(r.calls.Patience())) // not every connection has one
}

func (r *Response) send(batch []byte) error {
	r.expect()
	if !r.wroteHeader && len(batch) >= leastZipped { // it is all there is: nothing was flushed
		r.zip()
	}
	err := r.write(batch)
	if err == nil && r.flushed {
		err = r.ctl.Flush()
	}
	if err != nil {
		r.lost(err)
	}
	return err
}

func (r *Response) write(batch []byte) error {
	if r.zipped == nil {
		_, err := r.ResponseWriter.Write(batch)
		return err
	}
	_, err := r.zipped.Write(batch)
	if err == nil && r.flushed {
		err = r.zipped.Flush()
	}
	return err
}

// WriteHeader sends the status line once; what comes after the first is ignored.
func (r *Response) WriteHeader(code int) {
	if !r.wroteHeader {
		r.wroteHeader = true
		r.ResponseWriter.WriteHeader(code)
	}
}

// Write keeps b. It does not fail: those who write here would only log it, and lost ends the call.
func (r *Response) Write(b []byte) (int, error) {
	_ = r.pump.Write(b)
	return len(b), nil
}

// Flush sends what has been written on its way. The first one sends the headers before it returns.
func (r *Response) Flush() {
	if !r.wroteHeader {
		r.zip()
	}
	r.WriteHeader(http.StatusOK)
	if r.OneMessage && r.pump.pending() {
		return
	}
	if !r.flushed {
		r.flushed = true
		r.expect()
		if err := r.ctl.Flush(); err != nil {
			r.lost(err)
		}
	}
	_ = r.pump.Flush()
}

// StartBeat sends a comment line of the event stream whenever it has been idle for a while.
func (r *Response) StartBeat() {
	r.beat = time.AfterFunc(time.Hour, func() {
		if r.pump.beat([]byte(":\n\n")) {
			r.beat.Reset(r.calls.Limits.Heartbeat)
		}
	})
	r.beat.Reset(r.calls.Limits.Heartbeat) // not before beat is set
}

// Unwrap serves http.ResponseController.
func (r *Response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Finish sends what is left and waits until it has been taken. The peer has as long again for what net/http adds.
func (r *Response) Finish() {
	if r.beat != nil {
		r.beat.Stop()
	}
	_ = r.pump.Close()
	r.endZip()
	r.unwatch()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	r.expect()
}
