package h2

import (
	"net/url"
	"strconv"
	"strings"

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
	c := &call{Route: r, code: codes.Internal} // if the answer has no trailer
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

// left tells whether the caller has.
func (c *call) left() bool {
	w := c.near.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.near.over
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

// judge notes what a caller makes of an answer's header or trailer. It is called with the lock held.
func (c *call) judge(f *http2.MetaHeadersFrame, first bool) {
	if f.StreamEnded() {
		c.code = codes.Unknown
	}
	web := first
	for _, field := range f.Fields {
		switch field.Name {
		case "content-type":
			web = web && !strings.HasPrefix(field.Value, "application/grpc")
		case "grpc-status":
			if n, err := strconv.ParseUint(field.Value, 10, 32); err == nil && f.StreamEnded() {
				c.code = codes.Code(n)
			}
		}
	}
	if web {
		c.code = codeOfWeb(f.PseudoValue("status"))
	}
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

// codeOfWeb is what a caller makes of an answer that is not one of gRPC.
func codeOfWeb(status string) codes.Code {
	switch status {
	case "400":
		return codes.Internal
	case "401":
		return codes.Unauthenticated
	case "403":
		return codes.PermissionDenied
	case "404":
		return codes.Unimplemented
	case "429", "502", "503", "504":
		return codes.Unavailable
	}
	return codes.Unknown
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
