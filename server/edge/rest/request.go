package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"routeguide/server/edge/exchange"
	"routeguide/server/line"
	"routeguide/server/schema"
)

// A request is what the parts of one REST call tell each other behind the gateway's back.
type request struct {
	body    *exchange.Body // nil for GET and DELETE
	lines   *line.Reader   // of body, once it is read
	patch   bool           // the call changes parts of something
	members []string       // those that its body has
	query   url.Values
	whole   protoreflect.FullName // the message that the body is
	upload  upload                // what the body is
	stream  bool                  // any number of messages may come
	arrives bool                  // one of them has begun to
	long    bool                  // and memory for it was asked for
	limit   int                   // bytes of one JSON value
	length  int64                 // of the body, or -1
	read    int                   // how much of it is here
	calls   *exchange.Calls
	log     *slog.Logger
	cancel  context.CancelCauseFunc
	cause   func() error                // why the call's context has ended
	header  func() (metadata.MD, error) // of the service's answer, or nil: there is no stream
	acquire func(bytes int) error

	search func(context.Context) *described // the next server that may know the path, or nil
	allow  string                           // the verbs that the path has, once it was asked for another
	method protoreflect.MethodDescriptor    // that is called, of such a server
	types  *schema.Types                    // of what an Any of it may be

	broken atomic.Pointer[error] // why it cannot be read

	download string // the Content-Disposition of an answer that is a file, or ""
	torn     bool   // that file broke off
	head     bool   // nothing but the headers of the answer is asked for

	mu   sync.Mutex
	kept int // memory that the message being read has
	over bool
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// fail ends the call because of its request, unless it has ended for another reason.
func (r *request) fail(err error) {
	if ended := r.cause(); ended != nil {
		err = ended
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = status.FromContextError(err).Err()
	}
	r.broken.CompareAndSwap(nil, &err) // before anyone can see the call end
	r.cancel(err)
}

// problem is why the request could not be read, or nil.
func (r *request) problem() error {
	if err := r.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// keep makes the memory of the message being read so many bytes.
func (r *request) keep(bytes int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls.Release(r.kept)
	r.kept = 0
	if r.over {
		return context.Canceled
	}
	err := r.acquire(bytes)
	if err == nil {
		r.kept = bytes
	}
	return err
}

// next says that the message before has been passed on.
func (r *request) next() {
	_ = r.keep(0) // nothing is always there
	r.arrives, r.long = false, false
}

// end gives all memory back. The context of the call must have ended.
func (r *request) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.calls.Release(r.kept)
	r.kept = 0
}

// aheadBytes of a message are read without asking for memory, while its length is not known.
const aheadBytes = 64 << 10

// Close ends reading.
func (r *request) Close() error { return r.body.Close() }

// Read reads the body for the decoder, and sees to the bounds: of a unary call as a whole, of a stream value by value.
func (r *request) Read(p []byte) (int, error) {
	if err := r.prepare(); err != nil {
		r.fail(err)
		return 0, err
	}
	n, err := r.body.Read(p)
	r.read += n
	return n, err
}

func (r *request) prepare() error {
	switch begun := r.lines.Begun(); {
	case !r.stream: // all of it must arrive, since the call began
		if max(int64(r.read), r.length) > int64(r.limit) {
			return tooLong("the request", r.limit)
		}
	case !begun:
		r.body.MayBeSilent()
	case !r.arrives:
		r.arrives = true
		r.body.MustArrive()
	}
	if r.lines.Held() > aheadBytes && !r.long {
		r.long = true
		return r.keep(r.limit)
	}
	return nil
}

// fromJSON is how its messages are read. A field that they do not have is an error.
func (r *request) fromJSON() protojson.UnmarshalOptions {
	var o protojson.UnmarshalOptions
	if r.types != nil {
		o.Resolver = r.types
	}
	return o
}

// restConn is the connection as the gateway's handlers see it.
type restConn struct {
	grpc.ClientConnInterface
}

// Invoke makes a unary call.
func (c restConn) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	in := requestOf(ctx)
	if err := in.checkQuery(method); err != nil {
		return err
	}
	if in.patch {
		if err := in.mask(request); err != nil {
			return err
		}
	}
	err := c.ClientConnInterface.Invoke(ctx, method, request, reply, opts...)
	for _, o := range opts {
		if header, ok := o.(grpc.HeaderCallOption); ok {
			encode(*header.HeaderAddr)
		}
	}
	return plain(ctx, err)
}

var errDeadline = status.Error(codes.DeadlineExceeded, "the deadline of the call has passed")

// plain is err, or what it means where gRPC only says how its connection saw it.
func plain(ctx context.Context, err error) error {
	switch code := status.Code(err); {
	case code == codes.Canceled && errors.Is(context.Cause(ctx), exchange.ErrClosing):
		return exchange.ErrClosing
	case code == codes.DeadlineExceeded:
		return errDeadline
	}
	return err
}

// NewStream starts a stream that ends with the right error when its request turns out to be broken, where the gateway
// alone would half-close it.
func (c restConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	in := requestOf(ctx)
	if desc.ClientStreams {
		in.whole = in.inputOf(method).FullName()
		in.cause = func() error { return context.Cause(ctx) }
		in.stream, in.limit = true, min(in.limit, lineBytes)
		context.AfterFunc(ctx, in.body.Interrupt)
	}
	if err := in.checkQuery(method); err != nil {
		return nil, err
	}
	s, err := c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, err
	}
	in.header = s.Header
	return &restStream{ClientStream: s, request: in}, nil
}

type restStream struct {
	grpc.ClientStream
	request *request
	end     error // how a stream without header metadata ended
}

// Header waits for the service's header metadata. It fails where a stream ends without any, so that the status can still
// become the HTTP status.
func (s *restStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil {
		return nil, s.cause(err)
	}
	encode(md)
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
	if s.request.problem() != nil {
		return nil // the call is being cancelled: no half-close may come before
	}
	return s.ClientStream.CloseSend()
}

// cause is why the call ended, where that is known better than by the stream.
func (s *restStream) cause(err error) error {
	if err == nil {
		return nil
	}
	if problem := s.request.problem(); problem != nil {
		return problem
	}
	return plain(s.Context(), err)
}
