package edge_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"nhooyr.io/websocket"

	"routeguide/proto/routeguide"
	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
)

const chat = "/routeguide.RouteGuide/RouteChat"

var goodHeader = edgetest.HeaderLines(http.Header{"Content-Type": {"application/grpc-web+proto"}, "X-Grpc-Web": {"1"}})

// note is a WebSocket message with a frame that carries a note.
func note(t testing.TB, text string) []byte {
	data, err := proto.Marshal(&routeguidepb.RouteNote{Message: text})
	if err != nil {
		t.Fatal(err)
	}
	return edgetest.Frame{Data: data}.Append([]byte{0})
}

// frameOf begins a frame with any flags and length.
func frameOf(flags byte, length uint32, data ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0, flags}, length), data...)
}

// outcome reads to the end of a WebSocket: the grpc-status that came, or "", and the code it was closed with.
func outcome(ctx context.Context, c *websocket.Conn) (string, websocket.StatusCode) {
	var all bytes.Buffer
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			got := ""
			if _, after, ok := strings.Cut(all.String(), "grpc-status: "); ok {
				got, _, _ = strings.Cut(after, "\r\n")
			}
			return got, websocket.CloseStatus(err)
		}
		all.Write(data)
	}
}

// message is what a client sends; text where it is not binary.
type message struct {
	data []byte
	text bool
}

func binaries(data ...[]byte) []message {
	var m []message
	for _, d := range data {
		m = append(m, message{data: d})
	}
	return m
}

func TestSocketRefuses(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Message = 1 << 20 })
	header := func(lines string) []message { return binaries([]byte(lines)) }
	good := "content-type: application/grpc-web+proto\r\n"
	tests := []struct {
		name string
		send []message
		code codes.Code
		end  websocket.StatusCode
	}{
		{"a text first", []message{{goodHeader, true}}, codes.InvalidArgument, websocket.StatusUnsupportedData},
		{"an empty first message", header(""), codes.InvalidArgument, websocket.StatusProtocolError},
		{"no content type", header("x-grpc-web: 1\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"text content type", header("content-type: application/grpc-web-text\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"JSON content type", header("content-type: application/json\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a line without a colon", header(good + "hello\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a name with a space", header(good + "my name: x\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a pseudo header", header(good + ":path: /x\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a value that is not ASCII", header(good + "traveler: Zoë\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a timeout without a unit", header(good + "grpc-timeout: 12\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a timeout that is too long", header(good + "grpc-timeout: 123456789S\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a negative timeout", header(good + "grpc-timeout: -1S\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"binary metadata that is not base64", header(good + "x-bin: !!!\r\n"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"random bytes first", header("\x16\x03\x01\x02\x00\x01\x00"), codes.InvalidArgument, websocket.StatusProtocolError},
		{"headers without end", header(strings.Repeat("x: y\r\n", 5000)), codes.ResourceExhausted, websocket.StatusMessageTooBig},
		{"an unknown first byte", binaries(goodHeader, []byte{7, 1, 2}), codes.InvalidArgument, websocket.StatusProtocolError},
		{"an empty message", binaries(goodHeader, nil), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a text later", append(binaries(goodHeader), message{note(t, "x"), true}), codes.InvalidArgument, websocket.StatusUnsupportedData},
		{"unknown flags", binaries(goodHeader, frameOf(0x42, 0)), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a trailer frame", binaries(goodHeader, frameOf(0x80, 0)), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a compressed frame without grpc-encoding", binaries(goodHeader, frameOf(1, 0)), codes.Internal, websocket.StatusProtocolError},
		{"a length that is too great", binaries(goodHeader, frameOf(0, 1<<20+1)), codes.ResourceExhausted, websocket.StatusMessageTooBig},
		{"the greatest length", binaries(goodHeader, frameOf(0, 1<<32-1)), codes.ResourceExhausted, websocket.StatusMessageTooBig},
		{"a half-close inside a header", binaries(goodHeader, []byte{0, 0, 0}, []byte{1}), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a half-close inside a message", binaries(goodHeader, frameOf(0, 9, 1, 2), []byte{1}), codes.InvalidArgument, websocket.StatusProtocolError},
		{"a message after the half-close", binaries(goodHeader, note(t, "wait"), []byte{1}, note(t, "x")), codes.InvalidArgument, websocket.StatusProtocolError},
		{"what is not protobuf", binaries(goodHeader, frameOf(0, 3, 0xff, 0xff, 0xff)), codes.Internal, websocket.StatusNormalClosure},
		{"text that is not UTF-8", binaries(goodHeader, frameOf(0, 3, 0x12, 1, 0xff)), codes.Internal, websocket.StatusNormalClosure},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := call(t)
			c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, chat)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			for _, m := range test.send {
				kind := websocket.MessageBinary
				if m.text {
					kind = websocket.MessageText
				}
				if err := c.Write(ctx, kind, m.data); err != nil {
					t.Fatal(err)
				}
			}
			got, end := outcome(ctx, c)
			if want := fmt.Sprint(uint32(test.code)); got != want || end != test.end {
				t.Errorf("grpc-status %q and close code %d, want %q and %d", got, end, want, test.end)
			}
		})
	}
}

// TestSocketWithoutHeader sends nothing at all.
func TestSocketWithoutHeader(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.FirstFrame = 200 * time.Millisecond })
	ctx := call(t)
	c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, chat)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	got, end := outcome(ctx, c)
	if want := fmt.Sprint(uint32(codes.DeadlineExceeded)); got != want || end != websocket.StatusPolicyViolation {
		t.Errorf("grpc-status %q and close code %d", got, end)
	}
}

// TestSocketTooLong sends more than a frame may have, in one WebSocket message of many frames.
func TestSocketTooLong(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Message = 64 << 10 })
	ctx := call(t)
	c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, "/routeguide.RouteGuide/RecordRoute")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	point := edgetest.Frame{}.Append(nil)
	for _, data := range [][]byte{goodHeader, append([]byte{0}, bytes.Repeat(point, 20_000)...)} {
		if err := c.Write(ctx, websocket.MessageBinary, data); err != nil {
			t.Fatal(err)
		}
	}
	if _, end := outcome(ctx, c); end != websocket.StatusMessageTooBig {
		t.Errorf("close code %d", end)
	}
	within(t, p.guide.ended, "the handler")
}

// TestSocketTakesFramesAnyhow cuts frames into messages at every place, and puts several into one.
func TestSocketTakesFramesAnyhow(t *testing.T) {
	p := open(t)
	var stream []byte
	for _, text := range []string{"one", "", "three"} {
		stream = append(stream, note(t, text)[1:]...)
	}
	for _, size := range []int{1, 3, 7, len(stream)} {
		ctx := call(t)
		c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, chat)
		if err != nil {
			t.Fatal(err)
		}
		send := func(data []byte) {
			if err := c.Write(ctx, websocket.MessageBinary, data); err != nil {
				t.Fatal(err)
			}
		}
		send(goodHeader)
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			send(append([]byte{0}, rest[:n]...))
			rest = rest[n:]
		}
		send([]byte{1})
		if got, end := outcome(ctx, c); got != "0" || end != websocket.StatusNormalClosure {
			t.Errorf("in pieces of %d: grpc-status %q, close code %d", size, got, end)
		}
	}
}

// TestSocketClosesProperly fails a call while its client goes on sending, when a careless close loses the status.
func TestSocketClosesProperly(t *testing.T) {
	p := open(t)
	client := routeguidepb.NewRouteGuideClient(edgetest.WebSocket{Base: p.base})
	for range 50 {
		s, err := client.RouteChat(call(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&routeguidepb.RouteNote{Message: "fail"}); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			err = s.Send(&routeguidepb.RouteNote{Message: strings.Repeat("more", 1000)})
		}
		_, err = s.Recv()
		if status.Code(err) != codes.FailedPrecondition {
			t.Fatalf("error %v", err)
		}
		closedWith(t, s, websocket.StatusNormalClosure)
	}
}

func closedWith(t *testing.T, s grpc.ClientStream, want websocket.StatusCode) {
	t.Helper()
	stream, ok := s.(interface{ Closed() error })
	if !ok {
		if generic, isGeneric := s.(*grpc.GenericClientStream[routeguidepb.RouteNote, routeguidepb.RouteNote]); isGeneric {
			stream, ok = generic.ClientStream.(interface{ Closed() error })
		}
	}
	if !ok {
		t.Fatalf("%T does not know", s)
	}
	var end websocket.CloseError
	if err := stream.Closed(); !errors.As(err, &end) || end.Code != want {
		t.Errorf("closed with %v, want %d", err, want)
	}
}

func TestSocketsAreBounded(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Sockets, o.Limits.FirstFrame = 2, patience })
	dial := func() error {
		c, err := edgetest.WebSocket{Base: p.base}.Dial(call(t), chat)
		if err == nil {
			t.Cleanup(func() { c.CloseNow() })
		}
		return err
	}
	for range 2 {
		if err := dial(); err != nil {
			t.Fatal(err)
		}
	}
	if err := dial(); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("the third: %v", err)
	}
}
