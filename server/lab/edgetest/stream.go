package edgetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// stream is the receiving half of a grpc.ClientStream. A goroutine of the transport fills it: head once, message for each,
// finish at the end. It reads ahead a little, so that an end is noticed while the caller is still sending.
type stream struct {
	ctx       context.Context
	unmarshal func([]byte, proto.Message) error

	once     sync.Once
	headed   chan struct{} // closed once header is set or the call is over
	header   metadata.MD
	messages chan []byte
	over     chan struct{} // closed once end and trailer are set
	end      error
	trailer  metadata.MD
}

func newStream(ctx context.Context, unmarshal func([]byte, proto.Message) error) *stream {
	return &stream{
		ctx: ctx, unmarshal: unmarshal,
		headed: make(chan struct{}), messages: make(chan []byte, 64), over: make(chan struct{}),
	}
}

func (s *stream) head(md metadata.MD) {
	s.once.Do(func() {
		s.header = md
		close(s.headed)
	})
}

func (s *stream) message(data []byte) {
	s.head(nil)
	select {
	case s.messages <- data:
	case <-s.ctx.Done():
	}
}

// finish ends the call: with io.EOF when it was OK.
func (s *stream) finish(err error, trailer metadata.MD) {
	s.end, s.trailer = asStatus(s.ctx, err), trailer
	s.head(nil)
	close(s.over)
	close(s.messages)
}

func (s *stream) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// Context is that of the call.
func (s *stream) Context() context.Context { return s.ctx }

// Header waits for the header metadata.
func (s *stream) Header() (metadata.MD, error) {
	<-s.headed
	return s.header, nil
}

// Trailer is the trailer metadata of a call that is over.
func (s *stream) Trailer() metadata.MD {
	<-s.over
	return s.trailer
}

// RecvMsg waits for a message. At the end it returns io.EOF after OK, the status as an error else.
func (s *stream) RecvMsg(m any) error {
	data, ok := <-s.messages
	if !ok {
		return s.end
	}
	return s.unmarshal(data, m.(proto.Message))
}

// invoke makes a unary call of a stream.
func invoke(ctx context.Context, conn grpc.ClientConnInterface, method string, request, reply any, opts []grpc.CallOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{}, method)
	if err != nil {
		return err
	}
	if err := s.SendMsg(request); err != nil && err != io.EOF {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	err = s.RecvMsg(reply)
	if err == nil {
		if err = s.RecvMsg(reply); err == nil {
			return fmt.Errorf("edgetest: a second answer to %s", method)
		}
	} else if err == io.EOF {
		return fmt.Errorf("edgetest: no answer to %s", method)
	}
	header, _ := s.Header()
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = s.Trailer()
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
