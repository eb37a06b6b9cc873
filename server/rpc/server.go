package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

// messageBytes is how long a message from a client may be, but for the methods that NewCalls was told of.
const messageBytes = 4 << 20

// streamWorkers are goroutines that gRPC keeps for calls: a new one grows its stack anew, a good part of what a short call
// costs.
const streamWorkers = 64

// Server is a grpc.Server that looks at a message before it decodes it: one that is too long for its method is refused
// with RESOURCE_EXHAUSTED, one that cannot be decoded with INVALID_ARGUMENT, where gRPC alone would say INTERNAL.
type Server struct {
	*grpc.Server
	calls *Calls
}

// NewServer returns a server of which every call is stood around, and which takes the messages that this package encodes.
func (c *Calls) NewServer(more ...grpc.ServerOption) *Server {
	longest := messageBytes
	for _, n := range c.large {
		longest = max(longest, n)
	}
	return &Server{grpc.NewServer(append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(c.unary), grpc.ChainStreamInterceptor(c.stream), grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(longest), grpc.NumStreamWorkers(streamWorkers),
	}, more...)...), c}
}

// RegisterService implements grpc.ServiceRegistrar. Streams need nothing: their messages pass through Calls.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	d := *desc
	d.Methods = slices.Clone(desc.Methods)
	for i, m := range d.Methods {
		limit := s.calls.limit("/" + d.ServiceName + "/" + m.MethodName)
		d.Methods[i].Handler = func(srv any, ctx context.Context, next func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(srv, ctx, func(m any) error {
				st, _ := statusOf(receiveWithin(next, limit, m))
				return st.Err()
			}, around)
		}
	}
	s.Server.RegisterService(&d, impl)
}

// limit is how many bytes a message to a method, "/package.Service/Method", may have.
func (c *Calls) limit(method string) int {
	if n, ok := c.large[method]; ok {
		return n
	}
	return messageBytes
}

// receiveWithin makes m of the next message, whose encoded form next receives. What is relayed stays in that form.
func receiveWithin(next func(m any) error, limit int, m any) error {
	in, relayed := m.(*relay.Message)
	if !relayed {
		in = new(relay.Message)
	}
	if err := next(in); err != nil {
		return err
	}
	if n := in.Data.Len(); n > limit {
		in.Data.Free()
		return status.Errorf(codes.ResourceExhausted, "a message of %d bytes; at most %d", n, limit)
	}
	if relayed {
		return nil
	}
	return decode(in.Data, m)
}
