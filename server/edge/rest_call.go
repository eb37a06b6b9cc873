package edge

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// restCall is what the parts of one REST call tell each other behind the gateway's back.
type restCall struct {
	body   *requestBody // nil for GET
	stream bool         // the request is a stream
	limit  int          // bytes of one JSON value of the request
	cancel context.CancelCauseFunc
	cause  func() error                // why the call's context has ended
	header func() (metadata.MD, error) // of the service's answer, or nil: there is no stream

	broken atomic.Pointer[error] // why the request cannot be read
}

type callKey struct{}

func callOf(ctx context.Context) *restCall {
	c, _ := ctx.Value(callKey{}).(*restCall)
	return c
}

// fail ends the call because of its request, unless it has ended for another reason.
func (c *restCall) fail(err error) {
	if ended := c.cause(); ended != nil {
		err = ended
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = status.FromContextError(err).Err()
	}
	c.broken.CompareAndSwap(nil, &err) // before anyone can see the call end
	c.cancel(err)
}

// problem is why the request could not be read, or nil.
func (c *restCall) problem() error {
	if err := c.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// callBody is a request body whose decoder can end the call. That of a unary call is bounded as a whole.
type callBody struct {
	*requestBody
	call *restCall
	read int
}

func (b *callBody) Read(p []byte) (int, error) {
	if !b.call.stream && b.read > b.call.limit {
		b.call.fail(tooLong("the request", b.call.limit))
		return 0, errTooLong
	}
	n, err := b.requestBody.Read(p)
	b.read += n
	return n, err
}

// restConn is the connection as the gateway's handlers see it.
type restConn struct {
	grpc.ClientConnInterface
}

// Invoke makes a unary call.
func (c restConn) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	err := c.ClientConnInterface.Invoke(ctx, method, request, reply, opts...)
	for _, o := range opts {
		if header, ok := o.(grpc.HeaderCallOption); ok {
			wireMetadata(*header.HeaderAddr)
		}
	}
	return closingOr(ctx, err)
}

// closingOr is errClosing where that is why a call was cancelled, else err.
func closingOr(ctx context.Context, err error) error {
	if status.Code(err) == codes.Canceled && errors.Is(context.Cause(ctx), errClosing) {
		return errClosing
	}
	return err
}

// NewStream starts a stream that ends with the right error when its request turns out to be broken, where the gateway
// alone would half-close it.
func (c restConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	call := callOf(ctx)
	if desc.ClientStreams {
		call.cause = func() error { return context.Cause(ctx) }
		call.stream, call.limit = true, min(call.limit, lineBytes)
		call.body.mayBeSilent()
		context.AfterFunc(ctx, call.body.interrupt)
	}
	s, err := c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, err
	}
	call.header = s.Header
	return &restStream{ClientStream: s, call: call}, nil
}

type restStream struct {
	grpc.ClientStream
	call *restCall
	end  error // how a stream without header metadata ended
}

// Header waits for the service's header metadata. It fails where a stream ends without any, so that the status can still
// become the HTTP status.
func (s *restStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil {
		return nil, s.cause(err)
	}
	wireMetadata(md)
	if md == nil {
		s.end = s.cause(s.ClientStream.RecvMsg(new(emptypb.Empty)))
		if !errors.Is(s.end, io.EOF) {
			return nil, s.end
		}
	}
	return md, nil
}

func (s *restStream) RecvMsg(m any) error {
	if s.end != nil {
		return s.end
	}
	return s.cause(s.ClientStream.RecvMsg(m))
}

func (s *restStream) CloseSend() error {
	if s.call.problem() != nil {
		return nil // the call is being cancelled: no half-close may come before
	}
	return s.ClientStream.CloseSend()
}

// cause is why the call ended, where that is known better than by the stream.
func (s *restStream) cause(err error) error {
	if err == nil {
		return nil
	}
	if problem := s.call.problem(); problem != nil {
		return problem
	}
	return closingOr(s.Context(), err)
}
