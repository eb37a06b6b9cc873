package h2

import (
	"net/url"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A call is relayed from its caller, at the near end, to a target, at the far one.
type call struct {
	near, far end
	Route

	// What follows is under the lock of the caller's wire. A call waits for the target until it is placed.
	placed    bool
	request   []hpack.HeaderField
	early     []byte // messages that came meanwhile
	earlyLast bool   // and there are no more
	code      codes.Code
}

func newCall(r Route) *call {
	c := &call{Route: r, code: codes.Canceled}
	c.near.call, c.far.call = c, c
	return c
}

// keep keeps what the caller sends for a target that is not there yet, and tells whether it did.
func (c *call) keep(e *end, data []byte) bool {
	if e != &c.near || c.placed {
		return false
	}
	c.early = append(c.early, data...)
	c.earlyLast = e.heard
	return true
}

// ended is called once, when the caller has been told how the call ended, or has left.
func (c *call) ended() {
	if c.Report != nil {
		c.Report(c.code)
	}
}

// abandon tells the target that nobody waits for its answer.
func (c *call) abandon(by *wire) {
	c.near.wire.mu.Lock()
	placed := c.placed
	c.near.wire.unlock(by)
	if !placed {
		return
	}
	w := c.far.wire
	w.mu.Lock()
	defer w.unlock(by)
	if !c.far.over {
		c.far.reset(http2.ErrCodeCancel)
	}
}

// resetNear tells the caller that the target has reset the call.
func (c *call) resetNear(code http2.ErrCode, by *wire) {
	w := c.near.wire
	w.mu.Lock()
	defer w.unlock(by)
	if c.near.over {
		return
	}
	c.near.reset(code)
	c.code = codeOf(code)
	w.after = append(w.after, func(*wire) { c.ended() })
}

// fail tells the caller a status that the target did not send.
func (c *call) fail(st *status.Status, by *wire) {
	w := c.near.wire
	w.mu.Lock()
	defer w.unlock(by)
	c.answer(st)
}

// answer is fail under the lock.
func (c *call) answer(st *status.Status) {
	if c.near.over {
		return
	}
	var fields []hpack.HeaderField
	if !c.near.greeted {
		fields = append(fields,
			hpack.HeaderField{Name: ":status", Value: "200"},
			hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
	}
	c.code = st.Code()
	c.near.header(append(fields,
		hpack.HeaderField{Name: "grpc-status", Value: strconv.Itoa(int(st.Code()))},
		hpack.HeaderField{Name: "grpc-message", Value: url.PathEscape(st.Message())},
	), true)
}

// codeOf is what a caller makes of a reset.
func codeOf(code http2.ErrCode) codes.Code {
	switch code {
	case http2.ErrCodeRefusedStream:
		return codes.Unavailable
	case http2.ErrCodeCancel:
		return codes.Canceled
	case http2.ErrCodeEnhanceYourCalm:
		return codes.ResourceExhausted
	case http2.ErrCodeInadequateSecurity:
		return codes.PermissionDenied
	}
	return codes.Internal
}
