package rest

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"

	"routeguide/server/edge/wire"
)

// incoming names the metadata that a request header becomes.
func incoming(key string) (string, bool) {
	if name := strings.ToLower(key); slices.Contains(wire.RequestMetadata, name) {
		return name, true
	}
	return runtime.DefaultHeaderMatcher(key)
}

// outgoing names the response header that metadata becomes.
func outgoing(name string) (string, bool) {
	switch {
	case name == "content-type":
		return "", false
	case slices.Contains(wire.ResponseMetadata, name):
		return textproto.CanonicalMIMEHeaderKey(name), true
	}
	return runtime.MetadataHeaderPrefix + name, true
}

// encode makes text of binary values: the gateway copies them into headers as they are.
func encode(md metadata.MD) metadata.MD {
	for name, values := range md {
		for i, v := range values {
			values[i] = wire.Value(name, v)
		}
	}
	return md
}
