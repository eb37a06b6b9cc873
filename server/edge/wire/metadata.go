package wire

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/refusal"
)

// MetadataBytes bounds the metadata of a call, counted as gRPC does: 32 bytes for each header, and those of its name and
// value. The grpc.Server must take a little more, since the way to it adds some: 64 KiB.
const MetadataBytes = 48 << 10

// The metadata of the contract. They are plain headers at every door. Clients that still send route-id or chat-id are
// answered by the service.
var (
	RequestMetadata  = []string{"traveler", "resume-token", "chat-notes", "route-id", "chat-id"}
	ResponseMetadata = []string{"resume-token", "chat-id", "chat-notes", "route-id", "route-points"}
)

// Value is a metadata value as text: one that may be any bytes becomes base64.
func Value(name, v string) string {
	if strings.HasSuffix(name, "-bin") {
		return base64.RawStdEncoding.EncodeToString([]byte(v))
	}
	return v
}

// DecodeBinary reads what Value wrote, or the same with padding.
func DecodeBinary(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// Printable tells whether s is printable ASCII, as metadata has to be.
func Printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

const metadataPrefix = "grpc-metadata-" // of the headers that REST has metadata in

// hopByHop are headers that HTTP/2 has not: a call with one would be reset.
var hopByHop = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// IsName tells whether metadata can have that name, in lower case.
func IsName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}

// CheckHeaders refuses what gRPC metadata cannot carry, and parts values that a browser has joined. The gateway would leave
// it out in silence, and the server would answer with an HTTP status that says nothing to a gRPC-Web client.
func CheckHeaders(h http.Header) error {
	size := 0
	for key, values := range h {
		name := strings.ToLower(key)
		given, isMetadata := strings.CutPrefix(name, metadataPrefix)
		if isMetadata && (!IsName(given) || slices.Contains(hopByHop, given)) {
			return refusal.Invalid(refusal.Cut(given), "is not a name that metadata can have")
		}
		if strings.HasSuffix(name, "-bin") {
			values = strings.Split(strings.Join(values, ","), ",")
			h[key] = values
		}
		for i, v := range values {
			size += HeaderSize(name, v)
			switch {
			case name == "grpc-timeout":
				if _, err := ParseTimeout(v); err != nil {
					return err
				}
			case strings.HasSuffix(name, "-bin"):
				values[i] = strings.TrimSpace(v)
				if _, err := DecodeBinary(values[i]); err != nil {
					return refusal.Invalid(refusal.Cut(given), "is not base64")
				}
			case (isMetadata || slices.Contains(RequestMetadata, name)) && !Printable(v):
				return refusal.Invalid(refusal.Cut(given), "has a character outside printable ASCII")
			}
		}
	}
	return CheckSize(size)
}

// HeaderSize is what a header counts toward MetadataBytes.
func HeaderSize(name, value string) int { return len(name) + len(value) + 32 }

// CheckSize refuses metadata of more than MetadataBytes.
func CheckSize(size int) error {
	if size > MetadataBytes {
		return status.Errorf(codes.ResourceExhausted, "metadata of %d bytes, with 32 for each header; at most %d", size, MetadataBytes)
	}
	return nil
}

var errTimeout = refusal.Invalid("grpc-timeout", "is not a duration such as 1500m")

// ParseTimeout reads a grpc-timeout: at most eight digits and a unit. The shortest is 1 ns, for "0" has passed already.
func ParseTimeout(s string) (time.Duration, error) {
	units := map[byte]time.Duration{
		'H': time.Hour, 'M': time.Minute, 'S': time.Second,
		'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
	}
	if len(s) < 2 || len(s) > 9 {
		return 0, errTimeout
	}
	unit, ok := units[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil {
		return 0, errTimeout
	}
	const longest = 1<<63 - 1
	if n > uint64(longest/unit) {
		return longest, nil
	}
	return max(time.Duration(n)*unit, 1), nil
}
