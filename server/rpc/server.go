package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
)

const (
	// callsOfConnection is how many calls one connection may have at a time. That there is a bound makes gRPC count calls
	// that are begun and reset at once, too.
	callsOfConnection = 1000
	// keptWorkers are goroutines that gRPC keeps for calls: a new one grows its stack anew, a good part of what a short call
	// costs.
	keptWorkers = 64
)

// Server is a grpc.Server whose calls are Calls.
type Server struct{ *grpc.Server }

// NewServer returns a server whose services must be registered with it, not with its grpc.Server.
func (c *Calls) NewServer(more ...grpc.ServerOption) *Server {
	return &Server{grpc.NewServer(append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(c.unary), grpc.ChainStreamInterceptor(c.stream), grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxConcurrentStreams(callsOfConnection), grpc.StaticStreamWindowSize(freeBytes), grpc.NumStreamWorkers(keptWorkers),
		grpc.WaitForHandlers(true),
	}, more...)...)}
}

// RegisterService implements grpc.ServiceRegistrar. gRPC receives a unary call's request before it calls an interceptor;
// here that comes first, so that a request that cannot be received is a call like others. Streams need nothing.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	d := *desc
	d.Methods = slices.Clone(desc.Methods)
	for i, m := range d.Methods {
		info := &grpc.UnaryServerInfo{Server: impl, FullMethod: "/" + d.ServiceName + "/" + m.MethodName}
		d.Methods[i].Handler = func(srv any, ctx context.Context, _ func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
			return around(ctx, nil, info, func(ctx context.Context, _ any) (any, error) {
				return m.Handler(srv, ctx, callOf(ctx).RecvMsg, nil)
			})
		}
	}
	s.Server.RegisterService(&d, impl)
}
