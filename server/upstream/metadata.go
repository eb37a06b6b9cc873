package upstream

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
)

// connectionNames are metadata that belong to the connection a call came over. HTTP/2 forbids some of them.
var connectionNames = []string{
	"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "keep-alive", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-grpc-web",
}

// outgoing is what of the metadata that a call came with goes on.
func outgoing(ctx context.Context) metadata.MD {
	md, _ := metadata.FromIncomingContext(ctx)
	for name := range md {
		ofGRPC := strings.HasPrefix(name, "grpc-") && !strings.HasSuffix(name, "-bin")
		if ofGRPC || strings.HasPrefix(name, ":") || slices.Contains(connectionNames, name) {
			delete(md, name)
		}
	}
	return md
}
