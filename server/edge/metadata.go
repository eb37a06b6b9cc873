package edge

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The call metadata of the contract. They are plain headers at every door.
var (
	requestMetadata  = []string{"traveler", "route-id", "chat-id", "chat-notes"}
	responseMetadata = []string{"route-id", "route-points", "chat-id"}
)

var exposedHeaders = strings.Join(append(slices.Clone(responseMetadata), "grpc-status", "grpc-message", "grpc-status-details-bin"), ", ")

// incomingHeader names the metadata a request header becomes.
func incomingHeader(key string) (string, bool) {
	if name := strings.ToLower(key); slices.Contains(requestMetadata, name) {
		return name, true
	}
	return runtime.DefaultHeaderMatcher(key)
}

// outgoingHeader names the response header that metadata becomes.
func outgoingHeader(name string) (string, bool) {
	switch {
	case name == "content-type":
		return "", false
	case slices.Contains(responseMetadata, name):
		return textproto.CanonicalMIMEHeaderKey(name), true
	}
	return runtime.MetadataHeaderPrefix + name, true
}

// wireMetadata encodes binary values: the gateway copies them into headers as they are.
func wireMetadata(md metadata.MD) metadata.MD {
	for name, values := range md {
		for i, v := range values {
			values[i] = wireValue(name, v)
		}
	}
	return md
}

// checkHeaders refuses what gRPC metadata cannot carry. The gateway would leave it out in silence, and the server would
// answer with an HTTP status that says nothing to a gRPC-Web client.
func checkHeaders(h http.Header) error {
	for key, values := range h {
		name := strings.ToLower(key)
		for _, v := range values {
			switch {
			case name == "grpc-timeout":
				if _, err := parseTimeout(v); err != nil {
					return fieldError(name, "is not a duration such as 1500m")
				}
			case strings.HasSuffix(name, "-bin"):
				if _, err := decodeBinary(v); err != nil {
					return fieldError(strings.TrimPrefix(name, "grpc-metadata-"), "is not base64")
				}
			case slices.Contains(requestMetadata, name) && !printable(v):
				return fieldError(name, "has a character outside printable ASCII")
			}
		}
	}
	return nil
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// fieldError is INVALID_ARGUMENT with a google.rpc.BadRequest that names the field.
func fieldError(field, problem string) error {
	s := status.New(codes.InvalidArgument, field+" "+problem)
	return withField(s, field, problem).Err()
}
