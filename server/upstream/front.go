package upstream

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/test/bufconn"

	"routeguide/server/h2"
	"routeguide/server/relay"
)

// A Front is where callers connect to for native gRPC. It relays their calls by their frames: those of the server's own
// services to the server, over a connection in memory, all others to the targets.
type Front struct {
	relay  *h2.Relay
	route  h2.Router
	server *grpc.Server
	memory *bufconn.Listener
	own    *h2.Target
}

// Front returns one for s, which is what Behind was called with. What is relayed to targets is counted by begin, which
// returns what is told the end.
func (u *Upstreams) Front(s *grpc.Server, o h2.Options, begin func(method string) (ended func(codes.Code))) *Front {
	f := &Front{relay: h2.NewRelay(o), server: s, memory: relay.Listen()}
	f.own = h2.NewTarget(h2.TargetOptions{
		Name: "this server", Dial: func(ctx context.Context) (net.Conn, error) { return f.memory.DialContext(ctx) },
	})
	f.route = func(method string) (h2.Route, error) {
		to, err := u.route(method)
		if err != nil {
			return h2.Route{To: f.own, Patient: true}, nil // it knows what to say
		}
		return h2.Route{To: to.far, Report: begin(method)}, nil
	}
	return f
}

// Serve takes connections from l, which it owns, until Shutdown.
func (f *Front) Serve(l net.Listener) error {
	go func() { _ = f.server.Serve(f.memory) }() // until the server is stopped; nothing else can happen to memory
	return f.relay.Serve(l, f.route)
}

// Shutdown ends relayed calls with UNAVAILABLE, and waits for the server's own until ctx ends. The server goes on.
func (f *Front) Shutdown(ctx context.Context) {
	f.relay.Shutdown(ctx)
	f.own.Close()
}
