package upstream

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	mostMetadata  = 8 << 10 // bytes of a call's metadata, as HTTP/2 counts them: what most gRPC servers take
	grpcMetadata  = 512     // bytes of it that gRPC itself needs, besides the path and the address
	fieldOverhead = 32      // bytes that HTTP/2 counts for each value besides its own and those of its name
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

// fits refuses metadata that the upstream may not take. A server may answer that by closing the connection, which ends the
// calls of everybody else.
func (t Target) fits(path string, md metadata.MD) error {
	size := grpcMetadata + len(path) + len(t.Addr)
	for name, values := range md {
		for _, v := range values {
			length := len(v)
			if strings.HasSuffix(name, "-bin") {
				length = base64.RawStdEncoding.EncodedLen(length)
			}
			size += len(name) + length + fieldOverhead
		}
	}
	if size > mostMetadata {
		return status.Errorf(codes.ResourceExhausted, "%d bytes of metadata, with those that gRPC adds; an upstream is sent at most %d", size, mostMetadata)
	}
	return nil
}
