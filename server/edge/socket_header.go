package edge

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
)

// headerBytes bounds the message that carries the request headers of a WebSocket call.
const headerBytes = 16 << 10

// callHeader is what a WebSocket call begins with.
type callHeader struct {
	metadata metadata.MD
	timeout  time.Duration // 0: none
}

// parseCallHeader reads "name: value" lines. It refuses what gRPC could not carry and leaves out what is the transport's.
func parseCallHeader(text string) (callHeader, error) {
	h := callHeader{metadata: metadata.MD{}}
	contentType := ""
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		switch {
		case !ok || !isMetadataName(name):
			return h, fmt.Errorf("%q is not a header line", line)
		case name == "content-type":
			contentType = value
		case name == "grpc-timeout":
			timeout, err := parseTimeout(value)
			if err != nil {
				return h, err
			}
			h.timeout = timeout
		case isTransportName(name):
		case strings.HasSuffix(name, "-bin"):
			for v := range strings.SplitSeq(value, ",") {
				raw, err := decodeBinary(strings.TrimSpace(v))
				if err != nil {
					return h, fmt.Errorf("%s is not base64", name)
				}
				h.metadata.Append(name, string(raw))
			}
		case !printable(value):
			return h, fmt.Errorf("%s has a character outside printable ASCII", name)
		default:
			h.metadata.Append(name, value)
		}
	}
	switch contentType, _, _ = strings.Cut(contentType, ";"); contentType {
	case "application/grpc-web", "application/grpc-web+proto":
		return h, nil
	}
	return h, fmt.Errorf("the content type is %q, not application/grpc-web+proto", contentType)
}

func isMetadataName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}

// isTransportName tells names that describe the browser's connection, not the call.
func isTransportName(name string) bool {
	switch name {
	case "accept", "connection", "content-length", "host", "origin", "te", "upgrade", "user-agent", "x-grpc-web":
		return true
	}
	return strings.HasPrefix(name, "grpc-")
}

func decodeBinary(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// parseTimeout reads a grpc-timeout: at most eight digits and a unit. The shortest is 1 ns, for "0" has passed already.
func parseTimeout(s string) (time.Duration, error) {
	units := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second,
		'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}
	malformed := fmt.Errorf("grpc-timeout %q is not a duration", s)
	if len(s) < 2 || len(s) > 9 {
		return 0, malformed
	}
	unit, ok := units[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil {
		return 0, malformed
	}
	const longest = 1<<63 - 1
	if n > uint64(longest/unit) {
		return longest, nil
	}
	return max(time.Duration(n)*unit, 1), nil
}
