package socket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/edge/wire"
	"routeguide/server/refusal"
)

// headerBytes bounds the message that carries the request headers of a call.
const headerBytes = 16 << 10

// callHeader is what a call begins with.
type callHeader struct {
	metadata   metadata.MD
	timeout    time.Duration       // 0: none
	compressor encoding.Compressor // of the messages that say that they are compressed; nil: none may be
}

// parseCallHeader reads "name: value" lines. It refuses what gRPC could not carry and leaves out what is the transport's.
func parseCallHeader(text string) (callHeader, error) {
	h := callHeader{metadata: metadata.MD{}}
	contentType, size := "", 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		size += wire.HeaderSize(name, value)
		switch {
		case !ok || !wire.IsName(name):
			return h, fmt.Errorf("%q is not a header line", refusal.Cut(line))
		case name == "content-type":
			contentType = value
		case name == "grpc-timeout":
			timeout, err := wire.ParseTimeout(value)
			if err != nil {
				return h, err
			}
			h.timeout = timeout
		case name == "grpc-encoding" && value != "identity":
			if value != gzip.Name {
				return h, status.Errorf(codes.Unimplemented, "messages compressed with %q are not supported", refusal.Cut(value))
			}
			h.compressor = encoding.GetCompressor(gzip.Name)
		case isTransportName(name):
		case strings.HasSuffix(name, "-bin"):
			for v := range strings.SplitSeq(value, ",") {
				raw, err := wire.DecodeBinary(strings.TrimSpace(v))
				if err != nil {
					return h, refusal.Invalid(refusal.Cut(name), "is not base64")
				}
				h.metadata.Append(name, string(raw))
			}
		case !wire.Printable(value):
			return h, refusal.Invalid(refusal.Cut(name), "has a character outside printable ASCII")
		default:
			h.metadata.Append(name, value)
		}
	}
	contentType, _, _ = strings.Cut(contentType, ";")
	if !slices.Contains([]string{"application/grpc-web", "application/grpc-web+proto"}, contentType) {
		return h, fmt.Errorf("the content type is %q, not application/grpc-web+proto", refusal.Cut(contentType))
	}
	return h, wire.CheckSize(size)
}

// isTransportName tells names that describe the browser's connection, not the call.
func isTransportName(name string) bool {
	switch name {
	case "accept", "connection", "content-length", "host", "origin", "te", "upgrade", "user-agent", "x-grpc-web":
		return true
	}
	return strings.HasPrefix(name, "grpc-")
}
