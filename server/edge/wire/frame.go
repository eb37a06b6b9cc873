// Package wire is how gRPC is written over HTTP/1.1: messages as frames, metadata, deadlines and statuses as header lines.
package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A frame is one byte of flags, four of length, and so many bytes: a message, or header lines.
const (
	FrameHeader    = 5
	FlagCompressed = 0x01
	FlagLines      = 0x80
)

// FrameStart begins a frame of so many bytes.
func FrameStart(flags byte, length int) []byte {
	b := make([]byte, FrameHeader)
	b[0] = flags
	binary.BigEndian.PutUint32(b[1:], uint32(length))
	return b
}

// AppendLines adds metadata as "name: value" lines. Names that belong to the transport are left out.
func AppendLines(b []byte, md metadata.MD) []byte {
	for name, values := range md {
		if name == "content-type" || strings.HasPrefix(name, ":") {
			continue
		}
		for _, v := range values {
			if v = Value(name, v); Printable(v) {
				b = fmt.Appendf(b, "%s: %s\r\n", name, v)
			}
		}
	}
	return b
}

// StatusMetadata is a status as the trailer metadata that carries it.
func StatusMetadata(s *status.Status) metadata.MD {
	md := metadata.Pairs("grpc-status", strconv.Itoa(int(s.Code())))
	if s.Message() != "" {
		md.Set("grpc-message", PercentEncode(s.Message()))
	}
	if p := s.Proto(); len(p.GetDetails()) > 0 {
		if b, err := proto.Marshal(p); err == nil {
			md.Set("grpc-status-details-bin", string(b))
		}
	}
	return md
}

// PercentEncode makes a status message printable ASCII, as the gRPC protocol says.
func PercentEncode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
