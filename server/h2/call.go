package h2

import (
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

const (
	prefixBytes = 5        // before each message: whether it is compressed, and its size
	mostMessage = 4 << 20  // bytes of an answer
	mostReplay  = 16 << 10 // bytes of the requests of a call that is made once more
)

// A Call is a relay.Call. One goroutine may send while another receives.
type Call struct {
	conn     *conn
	id       uint32
	deadline time.Time // zero: none
	wake     token     // for RecvMsg and Header: something came
	release  func() bool

	// Whoever sends has these until it has closed the call.
	reopen func() (*Call, error) // nil: it is not made once more
	replay [][]byte              // the requests, for that
	kept   int                   // bytes of them

	// Whoever receives has these.
	again   *Call  // the same call, made once more
	started bool   // the answer has
	rest    []byte // begins with the next message

	// What follows is under conn.mu.
	opening         bool          // nothing has been sent, unless by chance
	over            bool          // err says how
	err             error         // io.EOF: with OK
	judged          bool          // by a status that the server sent
	refused         bool          // it was not looked at, though all requests were there
	begun           bool          // header is there
	ended           chan struct{} // closed when over; it and credit are made when SendMsg has to wait
	credit          token         // the server takes more of this call
	header, trailer metadata.MD

	in      [][]byte // what came and was not taken to rest
	allowed int      // bytes that may still come
	taken   int      // bytes that the server was not yet told it may send anew
	window  int      // bytes that the server takes
	closed  bool     // no more requests
	last    int      // where in out the call's last frame begins,
	lastIn  int      // if that is still the batch of this number
}

var _ relay.Call = (*Call)(nil)

// Header waits for header metadata. It is nil where the call ended without any.
func (s *Call) Header() (metadata.MD, error) {
	s = s.answer()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.header, nil
}

// answer waits until the call is answered, and returns it, or the one that was made in its place.
func (s *Call) answer() *Call {
	if s.again != nil {
		return s.again
	}
	if s.started {
		return s
	}
	s.conn.mu.Lock()
	for !s.begun && !s.over {
		s.wait()
	}
	refused := s.refused
	s.conn.mu.Unlock()
	s.started = true
	if !refused || s.reopen == nil {
		return s
	}
	again, err := s.reopen()
	if err != nil {
		return s
	}
	for _, request := range s.replay {
		_ = again.SendMsg(&relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(request)}}) // RecvMsg knows why it failed
	}
	_ = again.CloseSend() // the same
	s.again = again
	return again.answer()
}

// Trailer is complete when RecvMsg has failed.
func (s *Call) Trailer() metadata.MD {
	s = s.answer()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.trailer
}

// Judged tells whether the status that the call ended with is one that the server sent.
func (s *Call) Judged() bool {
	s = s.answer()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.judged
}

// Abort ends the call, if it has not ended yet, with what RecvMsg then returns.
func (s *Call) Abort(err error) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.abort(http2.ErrCodeCancel, err)
}

// RecvMsg receives into a *relay.Message. It returns io.EOF when the call has ended with OK, or else the status as an
// error.
func (s *Call) RecvMsg(m any) error {
	s = s.answer()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for {
		message, err := s.next()
		if err != nil {
			s.abort(http2.ErrCodeCancel, err)
			return err
		}
		if message != nil {
			return relay.Codec{}.Unmarshal(mem.BufferSlice{mem.SliceBuffer(message)}, m)
		}
		switch {
		case len(s.in) > 0:
			s.takeIn()
		case s.over && len(s.rest) > 0 && errors.Is(s.err, io.EOF):
			return status.Error(codes.Internal, "it ended the call within a message")
		case s.over:
			return s.err
		default:
			s.wait()
		}
	}
}

// wait lets the reader go on until something has come. Who waits for the answer has the request sent, after whoever copies
// it had a chance to append what is there.
func (s *Call) wait() {
	opening := s.opening
	s.opening = false
	s.conn.mu.Unlock()
	if opening {
		runtime.Gosched()
		s.conn.dirty.put()
	}
	<-s.wake
	s.conn.mu.Lock()
}

// next cuts the next message off rest; nil: it is not complete.
func (s *Call) next() ([]byte, error) {
	if len(s.rest) < prefixBytes {
		return nil, nil
	}
	size := int(binary.BigEndian.Uint32(s.rest[1:]))
	switch {
	case s.rest[0] != 0:
		return nil, status.Error(codes.Internal, "it compressed a message, which it was not asked to")
	case size > mostMessage:
		return nil, status.Errorf(codes.ResourceExhausted, "it answered with a message of %d bytes; at most %d", size, mostMessage)
	case len(s.rest) < prefixBytes+size:
		return nil, nil
	}
	message := s.rest[prefixBytes : prefixBytes+size : prefixBytes+size]
	s.rest = s.rest[prefixBytes+size:]
	return message, nil
}

// takeIn moves the oldest of what came to rest, and lets the server send as much anew. Memory of messages that were
// returned is never written again.
func (s *Call) takeIn() {
	piece := s.in[0]
	s.in = s.in[1:]
	if len(s.rest) == 0 {
		s.rest = piece
	} else {
		if len(s.rest) >= prefixBytes {
			whole := prefixBytes + int(binary.BigEndian.Uint32(s.rest[1:]))
			if cap(s.rest) < whole {
				s.rest = append(make([]byte, 0, whole), s.rest...)
			}
		}
		s.rest = append(s.rest, piece...)
	}
	s.giveBack(len(piece))
}

func (s *Call) giveBack(n int) {
	if s.taken += n; s.taken >= callWindow/4 && !s.over {
		s.conn.append(func() error { return s.conn.frame.WriteWindowUpdate(s.id, uint32(s.taken)) })
		s.allowed += s.taken
		s.taken = 0
	}
}

// SendMsg sends a *relay.Message, and waits while the server does not take as much. It returns io.EOF when the call is
// over.
func (s *Call) SendMsg(m any) error {
	data, err := relay.Codec{}.Marshal(m)
	if err != nil {
		return err
	}
	defer data.Free()
	left := prefixBytes + data.Len()
	s.keep(data)
	prefix := binary.BigEndian.AppendUint32(make([]byte, 1, prefixBytes), uint32(data.Len()))
	pieces := data
	piece := prefix
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for left > 0 {
		if s.over || s.closed {
			c.pass()
			return io.EOF
		}
		n := min(left, c.frameBytes, c.window, s.window)
		if n <= 0 || len(c.out) >= outBytes {
			s.waitToSend()
			continue
		}
		c.window -= n
		s.window -= n
		left -= n
		s.beginData(n)
		for n > 0 {
			for len(piece) == 0 {
				piece, pieces = pieces[0].ReadOnlyData(), pieces[1:]
			}
			some := min(n, len(piece))
			c.out = append(c.out, piece[:some]...)
			piece, n = piece[some:], n-some
		}
	}
	c.pass()
	if !s.opening {
		c.dirty.put()
	}
	return nil
}

// keep keeps a request for a call that is made once more. One with longer requests is not.
func (s *Call) keep(request mem.BufferSlice) {
	if s.kept += prefixBytes + request.Len(); s.kept > mostReplay {
		s.reopen, s.replay = nil, nil
	}
	if s.reopen != nil {
		s.replay = append(s.replay, request.Materialize())
	}
}

// pass lets another call send if there is more to be had.
func (c *conn) pass() {
	if c.window > 0 {
		c.credit.put()
	}
	if len(c.out) < outBytes {
		c.room.put()
	}
}

// waitToSend waits for one of the reasons for which a call cannot send.
func (s *Call) waitToSend() {
	c := s.conn
	if s.ended == nil {
		s.ended, s.credit = make(chan struct{}), newToken()
	}
	var reason token
	switch {
	case s.window <= 0:
		c.pass()
		reason = s.credit
	case c.window <= 0:
		reason = c.credit
	default:
		reason = c.room
	}
	s.opening = false
	c.mu.Unlock()
	c.dirty.put()
	select {
	case <-reason:
	case <-s.ended:
	}
	c.mu.Lock()
}

// beginData appends the head of a frame.
func (s *Call) beginData(n int) {
	c := s.conn
	s.last, s.lastIn = len(c.out), c.batch
	c.out = append(c.out, byte(n>>16), byte(n>>8), byte(n), byte(http2.FrameData), 0)
	c.out = binary.BigEndian.AppendUint32(c.out, s.id)
}

// CloseSend says that there are no more requests.
func (s *Call) CloseSend() error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.over || s.closed {
		return nil
	}
	s.closed = true
	if s.lastIn != c.batch {
		s.beginData(0)
	}
	c.out[s.last+4] |= byte(http2.FlagDataEndStream)
	if !s.opening {
		c.dirty.put()
	}
	return nil
}

// abort ends a call that the server has not ended, and tells it.
func (s *Call) abort(code http2.ErrCode, err error) {
	if s.over {
		return
	}
	s.in = nil
	s.closed = true
	s.end(err)
	s.conn.append(func() error { return s.conn.frame.WriteRSTStream(s.id, code) })
	s.wake.put()
}

// end ends a call with what is returned to RecvMsg.
func (s *Call) end(err error) {
	if s.over {
		return
	}
	c := s.conn
	s.over, s.err = true, err
	s.release()
	delete(c.calls, s.id)
	if s.ended != nil {
		close(s.ended)
	}
	if !s.closed && c.err == nil {
		s.closed = true
		c.append(func() error { return c.frame.WriteRSTStream(s.id, http2.ErrCodeNo) })
	}
	c.slot.put()
	c.retire()
}
