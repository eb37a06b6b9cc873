package upstream

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// connectionNames are metadata that belong to the connection a call came over. HTTP/2 forbids some of them.
var connectionNames = []string{
	"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "keep-alive", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-grpc-web",
}

// outgoing makes the metadata that a call came with the one that it goes on with.
func outgoing(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	for name := range md {
		ofGRPC := strings.HasPrefix(name, "grpc-") && !strings.HasSuffix(name, "-bin")
		if ofGRPC || strings.HasPrefix(name, ":") || slices.Contains(connectionNames, name) {
			delete(md, name)
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// verdicts notes which calls were ended by the upstream itself: a status of gRPC's own making looks the same otherwise.
type verdicts struct{}

type verdictKey struct{}

// expectVerdict returns a context for a call, and what is true once its upstream has ended it.
func expectVerdict(ctx context.Context) (context.Context, *atomic.Bool) {
	ended := new(atomic.Bool)
	return context.WithValue(ctx, verdictKey{}, ended), ended
}

func (verdicts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.InTrailer); ok {
		if ended, ok := ctx.Value(verdictKey{}).(*atomic.Bool); ok {
			ended.Store(true)
		}
	}
}

func (verdicts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (verdicts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (verdicts) HandleConn(context.Context, stats.ConnStats)                       {}
