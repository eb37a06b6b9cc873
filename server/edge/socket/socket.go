package socket

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"nhooyr.io/websocket"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
	"routeguide/server/relay"
)

// socket is one call over one WebSocket: the relay's source and sink.
type socket struct {
	ws      *websocket.Conn
	conn    *socketConn
	calls   *exchange.Calls
	limits  exchange.Limits // those of calls
	frames  *bufio.Reader   // the bytes of request frames
	message io.Reader       // the WebSocket message being read, or nil
	pump    *exchange.Pump
	begun   bool     // header metadata has been sent
	parts   [][]byte // scratch of SendMsg
	trailer metadata.MD

	compressor encoding.Compressor // as in callHeader
	acquire    func(bytes int) error
	fail       func(error) // ends the call
	kept       []int       // memory of the message that the relay has, as acquired
}

// The first byte of a WebSocket message from the client.
const (
	leadFrames    = 0
	leadHalfClose = 1
)

// closeReasonBytes is what a close frame has room for besides its code.
const closeReasonBytes = 123

// A violation ends a call because of how its peer behaves.
type violation struct {
	error                      // a status
	close websocket.StatusCode // what the WebSocket ends with
}

func violates(close websocket.StatusCode, code codes.Code, format string, args ...any) *violation {
	return &violation{status.Errorf(code, format, args...), close}
}

// errGone is why a call ends whose peer can no longer be told.
var errGone = errors.New("the peer is gone")

func newSocket(ws *websocket.Conn, conn *socketConn, calls *exchange.Calls) *socket {
	s := &socket{ws: ws, conn: conn, calls: calls, limits: calls.Limits}
	// Small on purpose: it saves reads of a few bytes, while messages go past it.
	s.frames = bufio.NewReaderSize(frameBytes{s}, 16)
	s.pump = exchange.NewPump(s.send)
	// A message that is too long is found by its frame; this bounds what hides in no frame.
	ws.SetReadLimit(int64(s.limits.Message) + headerBytes)
	return s
}

func (s *socket) send(batch []byte) error {
	return s.ws.Write(context.Background(), websocket.MessageBinary, batch)
}

// readHeader waits for the first message, no longer than until stop.
func (s *socket) readHeader(stop context.Context) (callHeader, error) {
	s.conn.readWithin(s.limits.FirstFrame)
	defer context.AfterFunc(stop, func() { s.conn.readWithin(0) })()
	kind, err := s.openMessage()
	if err == nil && kind != websocket.MessageBinary {
		return callHeader{}, violates(websocket.StatusUnsupportedData, codes.InvalidArgument, "the first message is not binary")
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(s.message, headerBytes+1))
	}
	switch {
	case stop.Err() != nil:
		return callHeader{}, context.Cause(stop)
	case isTimeout(err):
		return callHeader{}, violates(websocket.StatusPolicyViolation, codes.DeadlineExceeded, "no request headers within %v", s.limits.FirstFrame)
	case err != nil:
		return callHeader{}, errGone
	case len(text) > headerBytes:
		return callHeader{}, violates(websocket.StatusMessageTooBig, codes.ResourceExhausted, "request headers of more than %d bytes", headerBytes)
	}
	h, err := parseCallHeader(string(text))
	if err != nil {
		st, ok := status.FromError(err)
		if !ok {
			st = status.New(codes.InvalidArgument, "request headers: "+err.Error())
		}
		return h, &violation{st.Err(), websocket.StatusProtocolError}
	}
	s.message = nil
	s.conn.readIdle(s.limits.Idle)
	return h, nil
}

// openMessage waits for the next WebSocket message. It has to be read to its end before the next one is opened.
func (s *socket) openMessage() (kind websocket.MessageType, err error) {
	kind, s.message, err = s.ws.Reader(context.Background())
	return kind, err
}

// RecvMsg reads a request frame. It returns io.EOF at the half-close, a *violation for what cannot be read, and errGone.
// The relay asks for a message when it has passed the one before on.
func (s *socket) RecvMsg(m any) error {
	s.release()
	var header [wire.FrameHeader]byte
	if n, err := io.ReadFull(s.frames, header[:]); err != nil {
		if err == io.EOF && n == 0 {
			return io.EOF
		}
		return truncated(err)
	}
	size := int64(binary.BigEndian.Uint32(header[1:]))
	switch flags := header[0]; {
	case flags&^wire.FlagCompressed != 0:
		return violates(websocket.StatusProtocolError, codes.InvalidArgument, "a frame with flags %#x", flags)
	case flags == wire.FlagCompressed && s.compressor == nil:
		return violates(websocket.StatusProtocolError, codes.Internal, "a compressed message in a call without grpc-encoding")
	case size > int64(s.limits.Message):
		return violates(websocket.StatusMessageTooBig, codes.ResourceExhausted, "a message of %d bytes; at most %d", size, s.limits.Message)
	}
	data, err := s.readMessage(int(size))
	if err == nil && header[0] == wire.FlagCompressed {
		data, err = s.decompress(data)
	}
	m.(*relay.Message).Data = data
	return err
}

func (s *socket) readMessage(size int) (mem.BufferSlice, error) {
	if err := s.take(size); err != nil {
		return nil, err
	}
	defer time.AfterFunc(s.limits.Arrive, func() {
		s.fail(violates(websocket.StatusPolicyViolation, codes.DeadlineExceeded, "a message took longer than %v to arrive", s.limits.Arrive))
	}).Stop()
	pool := mem.DefaultBufferPool()
	data := pool.Get(size)
	if _, err := io.ReadFull(s.frames, *data); err != nil {
		pool.Put(data)
		return nil, truncated(err)
	}
	return mem.BufferSlice{mem.NewBuffer(data, pool)}, nil
}

// mostInflated is how many times longer what gzip makes can be than what it is made of.
const mostInflated = 1032

func (s *socket) decompress(data mem.BufferSlice) (mem.BufferSlice, error) {
	defer data.Free()
	if err := s.take(min(mostInflated*data.Len(), s.limits.Message)); err != nil {
		return nil, err
	}
	in := data.Reader()
	defer in.Close()
	plain, err := s.compressor.Decompress(in)
	var out mem.BufferSlice
	if err == nil {
		out, err = mem.ReadAll(io.LimitReader(plain, int64(s.limits.Message)+1), mem.DefaultBufferPool())
	}
	switch {
	case err != nil:
		out.Free()
		return nil, violates(websocket.StatusInvalidFramePayloadData, codes.InvalidArgument, "a message cannot be decompressed: %v", err)
	case out.Len() > s.limits.Message:
		out.Free()
		return nil, violates(websocket.StatusMessageTooBig, codes.ResourceExhausted, "a message of more than %d bytes once decompressed", s.limits.Message)
	}
	return out, nil
}

// take asks for memory, which release gives back.
func (s *socket) take(bytes int) error {
	if err := s.acquire(bytes); err != nil {
		return err
	}
	s.kept = append(s.kept, bytes)
	return nil
}

func (s *socket) release() {
	for _, bytes := range s.kept {
		s.calls.Release(bytes)
	}
	s.kept = s.kept[:0]
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return violates(websocket.StatusProtocolError, codes.InvalidArgument, "half-closed inside a frame")
	}
	return err
}

// frameBytes is what a socket receives without the WebSocket messages around it, to the half-close.
type frameBytes struct{ *socket }

func (s frameBytes) Read(p []byte) (int, error) {
	for {
		if s.message == nil {
			if err := s.nextMessage(); err != nil {
				return 0, err
			}
		}
		n, err := s.message.Read(p)
		if err == io.EOF {
			s.message, err = nil, nil
		}
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, errGone
		}
	}
}

// nextMessage opens the next WebSocket message and reads its first byte.
func (s *socket) nextMessage() error {
	kind, err := s.openMessage()
	if err != nil {
		return errGone
	}
	if kind != websocket.MessageBinary {
		return violates(websocket.StatusUnsupportedData, codes.InvalidArgument, "a message that is not binary")
	}
	var lead [1]byte
	switch _, err := io.ReadFull(s.message, lead[:]); {
	case err == io.EOF:
		return violates(websocket.StatusProtocolError, codes.InvalidArgument, "an empty message")
	case err != nil:
		return errGone
	case lead[0] == leadHalfClose:
		return io.EOF
	case lead[0] != leadFrames:
		return violates(websocket.StatusProtocolError, codes.InvalidArgument, "a message that begins with %#x", lead[0])
	}
	return nil
}

// discard reads on, so that pings are answered and a close is seen, until the connection ends. It calls data for each
// message.
func (s *socket) discard(data func()) {
	for {
		if s.message != nil {
			if _, err := io.Copy(io.Discard, s.message); err != nil {
				return
			}
		}
		if _, err := s.openMessage(); err != nil {
			return
		}
		data()
	}
}

// SendHeader sends header metadata, before anything else and once. They are a WebSocket message of their own: clients of
// @improbable-eng/grpc-web read no further in a message than to the end of header lines.
func (s *socket) SendHeader(md metadata.MD) error {
	s.begun = true
	lines := wire.AppendLines([]byte("content-type: application/grpc-web+proto\r\ngrpc-accept-encoding: "+gzip.Name+"\r\n"), md)
	return s.send(append(wire.FrameStart(wire.FlagLines, len(lines)), lines...))
}

// SendMsg sends a message. It waits while too much is on its way.
func (s *socket) SendMsg(m any) error {
	data := m.(*relay.Message).Data
	defer data.Free()
	s.parts = append(s.parts[:0], wire.FrameStart(0, data.Len()))
	for _, b := range data {
		s.parts = append(s.parts, b.ReadOnlyData())
	}
	if err := s.pump.Write(s.parts...); err != nil {
		return err
	}
	return s.pump.Flush()
}

// SetTrailer keeps trailer metadata for end, without the details of the status: end writes those itself.
func (s *socket) SetTrailer(md metadata.MD) {
	s.trailer = md.Copy()
	delete(s.trailer, "grpc-status-details-bin")
}

// end tells the peer how the call ended, always as headers and trailers, then closes the WebSocket. A peer that does not
// answer the close is left alone after a while.
func (s *socket) end(st *status.Status, code websocket.StatusCode) error {
	if !s.begun {
		if err := s.SendHeader(nil); err != nil {
			return err
		}
	}
	lines := wire.AppendLines(wire.AppendLines(nil, wire.StatusMetadata(st)), s.trailer)
	if err := s.pump.Write(wire.FrameStart(wire.FlagLines, len(lines)), lines); err != nil {
		return err
	}
	if err := s.pump.Close(); err != nil {
		return err
	}
	s.conn.ending.Store(true)
	s.conn.readWithin(s.conn.patience())
	reason := wire.PercentEncode(st.Message())
	return s.ws.Close(code, reason[:min(len(reason), closeReasonBytes)])
}
