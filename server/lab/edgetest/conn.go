// Package edgetest has clients of the HTTP doors for tests. Each is a grpc.ClientConnInterface, so that generated clients
// and the same test cases run through any of them.
package edgetest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Frame is a gRPC-Web frame.
type Frame struct {
	Flags byte
	Data  []byte
}

// FlagLines marks a frame of header lines.
const FlagLines = 0x80

// Append adds the frame in its wire form.
func (f Frame) Append(b []byte) []byte {
	b = append(b, f.Flags)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Data)))
	return append(b, f.Data...)
}

// ReadFrame reads a frame.
func ReadFrame(r io.Reader) (Frame, error) {
	var h [5]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Flags: h[0], Data: make([]byte, binary.BigEndian.Uint32(h[1:]))}
	_, err := io.ReadFull(r, f.Data)
	return f, err
}

// messageFrame encodes a request.
func messageFrame(m any) ([]byte, error) {
	data, err := proto.Marshal(m.(proto.Message))
	if err != nil {
		return nil, err
	}
	return Frame{Data: data}.Append(nil), nil
}

// parseLines reads a frame of header lines.
func parseLines(data []byte) metadata.MD {
	md := metadata.MD{}
	for line := range strings.SplitSeq(string(data), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			addWire(md, name, strings.TrimSpace(value))
		}
	}
	return md
}

func addWire(md metadata.MD, name, value string) {
	if strings.HasSuffix(strings.ToLower(name), "-bin") {
		if raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "=")); err == nil {
			value = string(raw)
		}
	}
	md.Append(name, value)
}

// wireHeader is the outgoing metadata and the deadline of ctx as request headers.
func wireHeader(ctx context.Context) http.Header {
	h := http.Header{}
	md, _ := metadata.FromOutgoingContext(ctx)
	for name, values := range md {
		for _, v := range values {
			if strings.HasSuffix(name, "-bin") {
				v = base64.StdEncoding.EncodeToString([]byte(v))
			}
			h.Add(name, v)
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		h.Set("Grpc-Timeout", strconv.FormatInt(max(time.Until(deadline).Microseconds(), 1), 10)+"u")
	}
	return h
}

// statusOf takes the status out of trailer metadata. It is io.EOF for OK.
func statusOf(trailer metadata.MD) error {
	repeated := false
	take := func(name string) string {
		v := trailer.Get(name)
		delete(trailer, name)
		repeated = repeated || len(v) > 1
		if len(v) == 0 {
			return ""
		}
		return v[0]
	}
	code, text, details := take("grpc-status"), take("grpc-message"), take("grpc-status-details-bin")
	n, err := strconv.Atoi(code)
	if repeated {
		return status.Error(codes.Internal, "a part of the status is there twice")
	}
	if err != nil {
		return status.Errorf(codes.Internal, "grpc-status is %q", code)
	}
	if n == 0 {
		return io.EOF
	}
	var full spb.Status
	if details != "" && proto.Unmarshal([]byte(details), &full) == nil {
		return status.ErrorProto(&full)
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		text = decoded
	}
	return status.Error(codes.Code(n), text)
}

// asStatus is an error of the transport as gRPC would give it.
func asStatus(ctx context.Context, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Error(codes.Unavailable, err.Error())
}
