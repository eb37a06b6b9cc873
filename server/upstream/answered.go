package upstream

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// listener tells how a call ended that the upstream itself ended from one that gRPC gave up, since the connection was lost:
// the status alone does not.
type listener struct{}

type answeredKey struct{}

// listen returns a context for a call, and what becomes true when the upstream has ended it.
func listen(ctx context.Context) (context.Context, *atomic.Bool) {
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
