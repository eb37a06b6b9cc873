package h2

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// read takes in frames until the connection is gone. Calls are woken when nothing more can be read without waiting: most
// answers come as a whole.
func (c *conn) read() {
	for {
		if !c.more() {
			c.wakeAll()
		}
		f, err := c.frame.ReadFrame()
		c.mu.Lock()
		var ofCall http2.StreamError
		switch {
		case errors.As(err, &ofCall):
			if s := c.calls[ofCall.StreamID]; s != nil {
				s.abort(ofCall.Code, status.Error(codes.Internal, err.Error()))
			}
		case err != nil:
			c.lost(err)
		default:
			if err := c.take(f); err != nil {
				c.lost(err)
			}
		}
		gone := c.err != nil
		c.mu.Unlock()
		if gone {
			c.wakeAll()
			return
		}
	}
}

// more tells whether there is a whole frame that was read from the connection and not yet taken in.
func (c *conn) more() bool {
	const head = 9
	if c.in.Buffered() < head {
		return false
	}
	h, _ := c.in.Peek(head)
	size := head + int(h[0])<<16 + int(h[1])<<8 + int(h[2])
	kind, flags := http2.FrameType(h[3]), http2.Flags(h[4])
	return c.in.Buffered() >= size && (kind != http2.FrameHeaders || flags.Has(http2.FlagHeadersEndHeaders))
}

func (c *conn) wakeAll() {
	for i, s := range c.woken {
		s.wake.put()
		c.woken[i] = nil
	}
	c.woken = c.woken[:0]
}

// take does what a frame says. An error is one that ends the connection.
func (c *conn) take(f http2.Frame) error {
	s := c.calls[f.Header().StreamID]
	switch f := f.(type) {
	case *http2.DataFrame:
		c.unreturned += int(f.Length)
		if c.unreturned >= connWindow/4 {
			c.append(func() error { return c.frame.WriteWindowUpdate(0, uint32(c.unreturned)) })
			c.unreturned = 0
		}
		if s != nil {
			s.takeData(f)
		}
	case *http2.MetaHeadersFrame:
		if s != nil {
			s.takeHeaders(f)
		}
	case *http2.RSTStreamFrame:
		if s != nil {
			s.refused = f.ErrCode == http2.ErrCodeRefusedStream && s.closed
			s.end(resetStatus(f.ErrCode, s.deadline).Err())
			s.wake.put()
		}
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return c.apply(f)
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			c.append(func() error { return c.frame.WritePing(true, f.Data) })
		}
	case *http2.GoAwayFrame:
		c.goingAway = true
		c.slot.put()
		for id, s := range c.calls {
			if id > f.LastStreamID {
				s.refused = s.closed
				s.end(status.Errorf(codes.Unavailable, "it goes away: %v %q", f.ErrCode, f.DebugData()))
				s.wake.put()
			}
		}
		c.retire()
	case *http2.WindowUpdateFrame:
		window, credit := &c.window, c.credit
		if f.StreamID != 0 {
			if s == nil {
				return nil
			}
			window, credit = &s.window, s.credit
		}
		if *window += int(f.Increment); *window > 1<<31-1 {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		credit.put()
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// apply takes the server's settings over.
func (c *conn) apply(f *http2.SettingsFrame) error {
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case http2.SettingInitialWindowSize:
			for _, call := range c.calls {
				call.window += int(s.Val) - c.callWindow
				call.credit.put()
			}
			c.callWindow = int(s.Val)
		case http2.SettingMaxFrameSize:
			c.frameBytes = int(s.Val)
		case http2.SettingMaxConcurrentStreams:
			c.mostCalls = int(s.Val)
			c.slot.put()
		case http2.SettingHeaderTableSize:
			c.packer.SetMaxDynamicTableSizeLimit(s.Val)
			c.packer.SetMaxDynamicTableSize(min(s.Val, 4096))
		}
		return nil
	})
	if err == nil {
		c.append(c.frame.WriteSettingsAck)
	}
	return err
}

// takeData keeps what came for RecvMsg.
func (s *Call) takeData(f *http2.DataFrame) {
	c := s.conn
	if s.allowed -= int(f.Length); s.allowed < 0 {
		s.abort(http2.ErrCodeFlowControl, status.Error(codes.Internal, "it sends more than it may"))
	} else if !s.begun {
		s.abort(http2.ErrCodeProtocol, status.Error(codes.Internal, "it sends a message before its header"))
	} else {
		if padding := int(f.Length) - len(f.Data()); padding > 0 {
			s.giveBack(padding)
		}
		if len(f.Data()) > 0 {
			s.in = append(s.in, bytes.Clone(f.Data()))
		}
		if f.StreamEnded() {
			s.end(status.Error(codes.Internal, "it ended the call without a status"))
		}
	}
	c.woken = append(c.woken, s)
}

// takeHeaders takes header metadata, or the status with trailer metadata.
func (s *Call) takeHeaders(f *http2.MetaHeadersFrame) {
	if code := f.PseudoValue("status"); len(code) == 3 && code[0] == '1' {
		return // more will follow
	}
	a, err := readAnswer(f, s.begun)
	switch {
	case err != nil:
		s.abort(http2.ErrCodeCancel, err)
	case f.StreamEnded():
		s.trailer, s.judged = a.md, a.status != nil
		s.end(a.err())
	case s.begun:
		s.abort(http2.ErrCodeProtocol, status.Error(codes.Internal, "it sends trailers and goes on"))
	default:
		s.begun, s.header = true, a.md
	}
	s.conn.woken = append(s.conn.woken, s)
}

// resetStatus is what a call ends with that its server has reset. One that does so at the call's deadline may have been
// sooner than this side.
func resetStatus(code http2.ErrCode, deadline time.Time) *status.Status {
	to := codes.Internal
	switch code {
	case http2.ErrCodeRefusedStream:
		to = codes.Unavailable
	case http2.ErrCodeCancel:
		to = codes.Canceled
		if !deadline.IsZero() && !time.Now().Before(deadline) {
			to = codes.DeadlineExceeded
		}
	case http2.ErrCodeEnhanceYourCalm, http2.ErrCodeFlowControl:
		to = codes.ResourceExhausted
	case http2.ErrCodeInadequateSecurity:
		to = codes.PermissionDenied
	}
	return status.New(to, fmt.Sprintf("it reset the call: %v", code))
}
