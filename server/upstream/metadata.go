package upstream

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

const (
	mostMetadata  = 8 << 10 // bytes of a call's metadata, as HTTP/2 counts them; most gRPC servers take so much
	grpcMetadata  = 512     // bytes of it for what gRPC adds, besides the path and the address
	fieldOverhead = 32      // bytes that HTTP/2 counts for a field, besides its name and value
)

// connectionNames are metadata of the connection that a call came over, and are not passed on. HTTP/2 forbids some of them.
var connectionNames = []string{
	"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "keep-alive", "proxy-authorization",
	"proxy-connection", relay.DoorName, "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-grpc-web",
}

// outgoing returns the metadata that a call came with, less what belongs to its connection or to gRPC itself.
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

// fits refuses more metadata than most servers take. Some answer that by closing the connection, which would end the calls of
// everybody else.
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
		return status.Errorf(codes.ResourceExhausted, "the call has %d bytes of metadata, and an upstream takes at most %d", size, mostMetadata)
	}
	return nil
}
