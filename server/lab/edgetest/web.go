package edgetest

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Web calls over gRPC-Web as fetch does, but for this: it can send a request message after message, where a browser sends
// the request as a whole. In text form the last bytes of a message leave only with the next one or the half-close.
type Web struct {
	Base   string
	Text   bool
	Client *http.Client // nil: http.DefaultClient
	Header http.Header  // added to each request
}

// Invoke makes a unary call.
func (c Web) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	return invoke(ctx, c, method, request, reply, opts)
}

// NewStream begins a request.
func (c Web) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	body, send := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+method, body)
	if err != nil {
		return nil, err
	}
	req.Header = wireHeader(ctx)
	for name, values := range c.Header {
		req.Header[name] = values
	}
	req.Header.Set("X-Grpc-Web", "1")
	req.Header.Set("Content-Type", "application/grpc-web+proto")
	s := &webStream{stream: newStream(ctx, proto.Unmarshal), pipe: send, out: send}
	if c.Text {
		req.Header.Set("Content-Type", "application/grpc-web-text")
		s.out = base64.NewEncoder(base64.StdEncoding, send)
	}
	stop := context.AfterFunc(ctx, func() { _ = body.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		s.read(c, req)
		_ = body.CloseWithError(io.EOF)
	}()
	return s, nil
}

func (c Web) do(req *http.Request) (*http.Response, error) {
	if c.Client == nil {
		return http.DefaultClient.Do(req)
	}
	return c.Client.Do(req)
}

type webStream struct {
	*stream
	sending sync.Mutex
	out     io.WriteCloser
	pipe    *io.PipeWriter
}

// SendMsg sends a message, or returns io.EOF when the call is over.
func (s *webStream) SendMsg(m any) error {
	frame, err := messageFrame(m)
	if err != nil {
		return err
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	if _, err := s.out.Write(frame); err != nil {
		return io.EOF
	}
	return nil
}

// CloseSend ends the request.
func (s *webStream) CloseSend() error {
	s.sending.Lock()
	defer s.sending.Unlock()
	_ = s.out.Close()
	_ = s.pipe.Close()
	return nil
}

// read makes the request and takes in its answer.
func (s *webStream) read(c Web, req *http.Request) {
	res, err := c.do(req)
	if err != nil {
		s.finish(err, nil)
		return
	}
	defer res.Body.Close()
	md := metadata.MD{}
	for name, values := range res.Header {
		for _, v := range values {
			addWire(md, name, v)
		}
	}
	s.head(md)
	switch {
	case res.StatusCode != http.StatusOK:
		text, _ := io.ReadAll(res.Body)
		s.finish(status.Error(codeOf(res.StatusCode), fmt.Sprintf("%s: %s", res.Status, text)), nil)
		return
	case len(md["grpc-status"]) > 0: // an answer of headers alone
		s.finish(statusOf(md), md)
		return
	}
	var body io.Reader = res.Body
	if c.Text {
		body = &textReader{r: bufio.NewReader(body)}
	}
	frames := bufio.NewReader(body)
	for {
		f, err := ReadFrame(frames)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // the trailers are missing
		}
		if err != nil {
			s.finish(err, nil)
			return
		}
		if f.Flags == FlagLines {
			trailer := parseLines(f.Data)
			if _, err := frames.ReadByte(); err != io.EOF {
				s.finish(fmt.Errorf("edgetest: after the trailers: %v", err), trailer)
				return
			}
			s.finish(statusOf(trailer), trailer)
			return
		}
		s.message(f.Data)
	}
}

func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	}
	return codes.Unknown
}

// textReader decodes base64 that may be padded anywhere between two groups of four.
type textReader struct {
	r    *bufio.Reader
	rest []byte
}

func (t *textReader) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		var quad [4]byte
		if _, err := io.ReadFull(t.r, quad[:]); err != nil {
			return 0, err
		}
		raw, err := base64.StdEncoding.AppendDecode(nil, quad[:])
		if err != nil {
			return 0, err
		}
		t.rest = raw
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}
