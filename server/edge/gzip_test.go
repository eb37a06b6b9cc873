package edge_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"nhooyr.io/websocket"

	"routeguide/proto/routeguide"
	"routeguide/server/lab/edgetest"
)

// packed is a compressed message frame.
func packed(t *testing.T, message []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(message); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return edgetest.Frame{Flags: 1, Data: b.Bytes()}.Append(nil)
}

// reply is what a call of GetFeature was answered with.
type reply struct {
	headers, trailers string
	flags             byte // of the message
	message           []byte
}

// A packer is a door that a frame can be sent to as it is, with request headers.
var packers = map[string]func(*testing.T, *place, []byte, http.Header) reply{
	"gRPC-Web": func(t *testing.T, p *place, frame []byte, h http.Header) reply {
		req, err := http.NewRequestWithContext(call(t), http.MethodPost, p.base+"/routeguide.RouteGuide/GetFeature", bytes.NewReader(frame))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = h.Clone()
		req.Header.Set("Content-Type", "application/grpc-web+proto")
		res, body := do(t, p, req)
		var head bytes.Buffer
		if err := res.Header.Write(&head); err != nil {
			t.Fatal(err)
		}
		return replyOf(t, head.String(), []byte(body))
	},
	"WebSocket": func(t *testing.T, p *place, frame []byte, h http.Header) reply {
		ctx := call(t)
		c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, "/routeguide.RouteGuide/GetFeature")
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		lines := append(edgetest.HeaderLines(h), goodHeader...)
		for _, data := range [][]byte{lines, append([]byte{0}, frame...), {1}} {
			if err := c.Write(ctx, websocket.MessageBinary, data); err != nil {
				break // it is over already
			}
		}
		_, head, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		for {
			_, data, err := c.Read(ctx)
			if err != nil {
				return replyOf(t, string(head), body)
			}
			body = append(body, data...)
		}
	},
}

func replyOf(t *testing.T, head string, body []byte) reply {
	r := reply{headers: strings.ToLower(head), trailers: strings.ToLower(head)}
	for in := bytes.NewReader(body); in.Len() > 0; {
		f, err := edgetest.ReadFrame(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Flags&edgetest.FlagLines != 0 {
			r.trailers = string(f.Data)
		} else {
			r.flags, r.message = f.Flags, f.Data
		}
	}
	return r
}

func (r reply) wants(t *testing.T, code codes.Code) {
	t.Helper()
	if want := fmt.Sprintf("grpc-status: %d\r\n", code); !strings.Contains(r.trailers, want) {
		t.Errorf("no %q in headers %q, trailers %q", want, r.headers, r.trailers)
	}
	if !strings.Contains(r.headers, "grpc-accept-encoding: gzip\r\n") {
		t.Errorf("headers %q do not say that gzip is taken", r.headers)
	}
}

// TestCompressedRequests are taken. Their answers are compressed only where the client said that it takes that.
func TestCompressedRequests(t *testing.T) {
	p := open(t)
	point := &routeguidepb.Point{Latitude: 409146138, Longitude: 5}
	message, err := proto.Marshal(point)
	if err != nil {
		t.Fatal(err)
	}
	for name, send := range packers {
		for _, accept := range []string{"", "identity, gzip"} {
			t.Run(name+", accepts "+accept, func(t *testing.T) {
				h := http.Header{"Grpc-Encoding": {"gzip"}}
				if accept != "" {
					h.Set("Grpc-Accept-Encoding", accept)
				}
				r := send(t, p, packed(t, message), h)
				r.wants(t, codes.OK)
				if says := strings.Contains(r.headers, "grpc-encoding: gzip"); r.flags == 1 && (accept == "" || !says) {
					t.Errorf("the answer is compressed; headers %q", r.headers)
				}
				if r.flags == 1 {
					in, err := gzip.NewReader(bytes.NewReader(r.message))
					if err != nil {
						t.Fatal(err)
					}
					if r.message, err = io.ReadAll(in); err != nil {
						t.Fatal(err)
					}
				}
				var f routeguidepb.Feature
				if err := proto.Unmarshal(r.message, &f); err != nil || !proto.Equal(f.Location, point) {
					t.Errorf("answer %v, %v", &f, err)
				}
			})
		}
	}
}

// TestCompressedAnswer comes from a handler that compresses by itself.
func TestCompressedAnswer(t *testing.T) {
	p := open(t)
	f, err := routeguidepb.NewRouteGuideClient(edgetest.WebSocket{Base: p.base}).GetFeature(call(t), &routeguidepb.Point{Latitude: 777})
	if err != nil || f.Location.GetLatitude() != 777 {
		t.Errorf("answer %v, %v", f, err)
	}
}

func TestCompressedRequestsAreRefused(t *testing.T) {
	p := open(t)
	plain := edgetest.Frame{}.Append(nil)
	for name, send := range packers {
		for what, test := range map[string]struct {
			encoding string
			frame    []byte
			code     codes.Code
		}{
			"an unknown encoding":        {"snappy", plain, codes.Unimplemented},
			"no encoding":                {"identity", packed(t, nil), codes.Internal},
			"what becomes 16 MiB":        {"gzip", packed(t, make([]byte, 16<<20)), codes.ResourceExhausted},
			"a plain message, announced": {"gzip", plain, codes.OK},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				send(t, p, test.frame, http.Header{"Grpc-Encoding": {test.encoding}}).wants(t, test.code)
			})
		}
	}
}
