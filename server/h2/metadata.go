package h2

import (
	"context"
	"encoding/base64"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// writeHeaders appends what a call begins with.
func (c *conn) writeHeaders(ctx context.Context, id uint32, method string, md metadata.MD) error {
	c.packed.Reset()
	put := func(name, value string) { _ = c.packer.WriteField(hpack.HeaderField{Name: name, Value: value}) } // to memory
	put(":method", "POST")
	put(":scheme", c.scheme)
	put(":path", method)
	put(":authority", c.authority)
	put("content-type", "application/grpc")
	put("te", "trailers")
	put("user-agent", "routeguide")
	if deadline, ok := ctx.Deadline(); ok {
		put("grpc-timeout", timeout(time.Until(deadline)))
	}
	for name, values := range md {
		for _, v := range values {
			if strings.HasSuffix(name, "-bin") {
				v = base64.RawStdEncoding.EncodeToString([]byte(v))
			}
			put(name, v)
		}
	}
	block := c.packed.Bytes()
	first := min(len(block), c.frameBytes)
	err := c.frame.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:first], EndHeaders: first == len(block)})
	for block = block[first:]; len(block) > 0 && err == nil; {
		n := min(len(block), c.frameBytes)
		err = c.frame.WriteContinuation(id, n == len(block), block[:n])
		block = block[n:]
	}
	return err
}

// timeout writes a time in at most eight digits and a unit, as grpc-timeout wants it, and rounds up.
func timeout(d time.Duration) string {
	if d <= 0 {
		return "0n"
	}
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Nanosecond, "n"}, {time.Microsecond, "u"}, {time.Millisecond, "m"}, {time.Second, "S"}, {time.Minute, "M"}} {
		if n := (d-1)/u.size + 1; n < 1e8 {
			return strconv.FormatInt(int64(n), 10) + u.name
		}
	}
	return strconv.FormatInt(int64((d-1)/time.Hour+1), 10) + "H"
}

// An answer is what a server's headers or trailers say.
type answer struct {
	md     metadata.MD
	status *status.Status // nil: there is none
}

// err is what a call ends with whose last frame this was.
func (a answer) err() error {
	switch {
	case a.status == nil:
		return status.Error(codes.Internal, "it ended the call without a status")
	case a.status.Code() == codes.OK:
		return io.EOF
	}
	return a.status.Err()
}

// readAnswer fails where a server does not answer as gRPC does. It had begun to if these are trailers.
func readAnswer(f *http2.MetaHeadersFrame, begun bool) (a answer, err error) {
	if f.Truncated {
		return a, status.Errorf(codes.ResourceExhausted, "it answered with more than %d bytes of metadata", headerBytes)
	}
	var code, message, details, contentType string
	a.md = make(metadata.MD, len(f.RegularFields()))
	for _, field := range f.RegularFields() {
		switch field.Name {
		case "grpc-status":
			code = field.Value
		case "grpc-message":
			message = field.Value
		case "grpc-status-details-bin":
			details = field.Value
		case "content-type":
			contentType = field.Value
		case "grpc-encoding", "grpc-message-type", "grpc-timeout", "te", "user-agent":
		default:
			value := field.Value
			if strings.HasSuffix(field.Name, "-bin") {
				b, err := decodeBinary(value)
				if err != nil {
					return a, status.Errorf(codes.Internal, "it answered with %s that is not base64", field.Name)
				}
				value = string(b)
			}
			a.md[field.Name] = append(a.md[field.Name], value)
		}
	}
	if code != "" {
		a.status = readStatus(code, message, details)
	}
	isGRPC := strings.HasPrefix(contentType, "application/grpc")
	if http := f.PseudoValue("status"); !begun && a.status == nil && (http != "200" || !isGRPC) {
		return a, status.Errorf(codeOfHTTP(http), "it answered with HTTP status %q and content type %q", http, contentType)
	}
	return a, nil
}

func readStatus(code, message, details string) *status.Status {
	n, err := strconv.ParseUint(code, 10, 32)
	if err != nil {
		return status.Newf(codes.Unknown, "it answered with the status %q", code)
	}
	if b, err := decodeBinary(details); err == nil && details != "" {
		var p statuspb.Status
		if proto.Unmarshal(b, &p) == nil && p.Code == int32(n) {
			return status.FromProto(&p)
		}
	}
	if plain, err := url.PathUnescape(message); err == nil {
		message = plain
	}
	return status.New(codes.Code(n), message)
}

// decodeBinary reads base64 with or without padding.
func decodeBinary(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// codeOfHTTP is what gRPC makes of the HTTP status of something that does not speak it.
func codeOfHTTP(http string) codes.Code {
	switch http {
	case "400":
		return codes.Internal
	case "401":
		return codes.Unauthenticated
	case "403":
		return codes.PermissionDenied
	case "404":
		return codes.Unimplemented
	case "429", "502", "503", "504":
		return codes.Unavailable
	}
	return codes.Unknown
}
