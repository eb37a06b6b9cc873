package edge

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A gRPC-Web frame is one byte of flags, four of length, and so many bytes: a message, or header lines.
const (
	frameHeader    = 5
	flagCompressed = 0x01
	flagLines      = 0x80
)

func frameStart(flags byte, length int) []byte {
	b := make([]byte, frameHeader)
	b[0] = flags
	binary.BigEndian.PutUint32(b[1:], uint32(length))
	return b
}

// appendLines adds metadata as "name: value" lines. Names that belong to the transport are left out.
func appendLines(b []byte, md metadata.MD) []byte {
	for name, values := range md {
		if name == "content-type" || strings.HasPrefix(name, ":") {
			continue
		}
		for _, v := range values {
			if v = wireValue(name, v); printable(v) {
				b = fmt.Appendf(b, "%s: %s\r\n", name, v)
			}
		}
	}
	return b
}

func wireValue(name, v string) string {
	if strings.HasSuffix(name, "-bin") {
		return base64.RawStdEncoding.EncodeToString([]byte(v))
	}
	return v
}

// statusMetadata is a status as the trailer metadata that carries it.
func statusMetadata(s *status.Status) metadata.MD {
	md := metadata.Pairs("grpc-status", strconv.Itoa(int(s.Code())))
	if s.Message() != "" {
		md.Set("grpc-message", percentEncode(s.Message()))
	}
	if p := s.Proto(); len(p.GetDetails()) > 0 {
		if b, err := proto.Marshal(p); err == nil {
			md.Set("grpc-status-details-bin", string(b))
		}
	}
	return md
}

// percentEncode makes a status message printable ASCII, as the gRPC protocol says.
func percentEncode(s string) string {
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
