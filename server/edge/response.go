package edge

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// response is a ResponseWriter that hands a stream of messages over in batches. Until the first Flush everything is kept,
// so that a short answer leaves in one piece. finish must be called before the handler returns.
type response struct {
	http.ResponseWriter
	ctl    *http.ResponseController
	limits Limits
	calls  *calls
	lost   func(error) // told when the peer cannot be reached
	pump   *pump
	beat   *time.Timer

	unwatch  func() bool // stops waiting for the end of calls
	mu       sync.Mutex
	finished bool // the ResponseWriter is not ours any more

	streamType  string // the content type a stream has here
	oneMessage  bool   // the end follows at once upon a message: do not flush before
	wroteHeader bool
	flushed     bool // the status line has left
}

func newResponse(w http.ResponseWriter, limits Limits, calls *calls, lost func(error)) *response {
	r := &response{ResponseWriter: w, ctl: http.NewResponseController(w), limits: limits, calls: calls, lost: lost}
	r.pump = newPump(r.send)
	r.unwatch = context.AfterFunc(calls.ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.finished {
			r.expect()
		}
	})
	return r
}

// expect gives the peer its time to take what is being sent.
func (r *response) expect() {
	_ = r.ctl.SetWriteDeadline(time.Now().Add(r.calls.patience(r.limits.Write))) // not every connection has one
}

func (r *response) send(batch []byte) error {
	r.expect()
	_, err := r.ResponseWriter.Write(batch)
	if err == nil && r.flushed {
		err = r.ctl.Flush()
	}
	if err != nil {
		r.lost(err)
	}
	return err
}

// WriteHeader sends the status line once; what comes after the first is ignored.
func (r *response) WriteHeader(code int) {
	if !r.wroteHeader {
		r.wroteHeader = true
		r.ResponseWriter.WriteHeader(code)
	}
}

// Write keeps b. It does not fail: those who write here would only log it, and lost ends the call.
func (r *response) Write(b []byte) (int, error) {
	_ = r.pump.write(b)
	return len(b), nil
}

// Flush sends what has been written on its way. The first one sends the headers before it returns.
func (r *response) Flush() {
	r.WriteHeader(http.StatusOK)
	if r.oneMessage && r.pump.pending() {
		return
	}
	if !r.flushed {
		r.flushed = true
		r.expect()
		if err := r.ctl.Flush(); err != nil {
			r.lost(err)
		}
	}
	_ = r.pump.flush()
}

// startBeat sends a comment line of the event stream whenever it has been idle for a while.
func (r *response) startBeat() {
	r.beat = time.AfterFunc(time.Hour, func() {
		if r.pump.beat([]byte(":\n\n")) {
			r.beat.Reset(r.limits.Heartbeat)
		}
	})
	r.beat.Reset(r.limits.Heartbeat) // not before beat is set
}

// Unwrap serves http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// finish sends what is left and waits until it has been taken. The peer has as long again for what net/http adds.
func (r *response) finish() {
	if r.beat != nil {
		r.beat.Stop()
	}
	_ = r.pump.close()
	r.unwatch()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	r.expect()
}
