package upstream

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// A listener knows which calls the upstream itself has ended. Their status does not tell: when a connection is lost, gRPC
// makes one up.
type listener struct{}

type answeredKey struct{}

// listenTo returns a context for a call, and a flag that is set when the upstream ends it.
func listenTo(ctx context.Context) (context.Context, *atomic.Bool) {
	answered := new(atomic.Bool)
	return context.WithValue(ctx, answeredKey{}, answered), answered
}

// HandleRPC implements stats.Handler.
func (listener) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ended := event.(*stats.InTrailer); ended {
		if answered, ok := ctx.Value(answeredKey{}).(*atomic.Bool); ok {
			answered.Store(true)
		}
	}
}

func (listener) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (listener) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (listener) HandleConn(context.Context, stats.ConnStats)                       {}
