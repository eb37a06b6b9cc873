package edge_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/proto/routeguide"
	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
)

// raw is a TCP connection to the HTTP port that has sent text.
func raw(t testing.TB, p *place, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// upgrade is a raw WebSocket for a call of method.
func upgrade(t testing.TB, p *place, method string) *edgetest.RawSocket {
	t.Helper()
	c, err := edgetest.DialRaw(p.base, method)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tell sends a frame.
func tell(t testing.TB, c *edgetest.RawSocket, opcode byte, data []byte) {
	t.Helper()
	if _, err := c.Write(edgetest.SocketFrame(opcode, data)); err != nil {
		t.Fatal(err)
	}
}

// ends reads until the connection does, or fails.
func ends(t testing.TB, c net.Conn, r io.Reader) []byte {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection stays open after %q", all)
	}
	return all
}

func TestSocketGarbage(t *testing.T) {
	p := open(t)
	for name, bytes := range map[string][]byte{
		"unmasked":          {0x82, 3, 'a', 'b', 'c'},
		"reserved bits":     append([]byte{0xf2}, edgetest.SocketFrame(2, goodHeader)[1:]...),
		"unknown opcode":    edgetest.SocketFrame(3, nil),
		"continuation":      edgetest.SocketFrame(0, goodHeader),
		"long ping":         edgetest.SocketFrame(9, make([]byte, 200)),
		"endless length":    {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		"not even a frame":  []byte("GET / HTTP/1.1\r\n\r\n"),
		"malformed close":   edgetest.SocketFrame(8, []byte{1}),
		"impossible close":  edgetest.SocketFrame(8, []byte{0x03, 0xed}),
		"close without end": edgetest.SocketFrame(8, []byte{0x03, 0xe8}),
	} {
		for _, when := range []string{"first", "later"} {
			t.Run(name+" "+when, func(t *testing.T) {
				c := upgrade(t, p, chat)
				if when == "later" {
					if _, err := c.Write(edgetest.SocketFrame(2, goodHeader)); err != nil {
						t.Fatal(err)
					}
					if _, err := c.In.Peek(1); err != nil { // the handler has begun
						t.Fatal(err)
					}
				}
				if _, err := c.Write(bytes); err != nil {
					t.Fatal(err)
				}
				ends(t, c, c.In)
				if when == "later" {
					within(t, p.guide.ended, "the handler")
				}
			})
		}
	}
}

// TestSilentSocket is dropped when it does not even answer pings, while a live one that says nothing stays.
func TestSilentSocket(t *testing.T) {
	// Long enough for a busy machine to run the live one's part.
	p := open(t, func(o *edge.Options) { o.Limits.Idle = 5 * time.Second })
	live, err := routeguidepb.NewRouteGuideClient(edgetest.WebSocket{Base: p.base}).RouteChat(call(t))
	if err != nil {
		t.Fatal(err)
	}
	c := upgrade(t, p, chat)
	if _, err := c.Write(edgetest.SocketFrame(2, goodHeader)); err != nil {
		t.Fatal(err)
	}
	if got := ends(t, c, c.In); !bytes.Contains(got, []byte{0x89, 1}) {
		t.Errorf("no ping in %q", got)
	}
	within(t, p.guide.ended, "the handler")
	if err := live.Send(&routeguidepb.RouteNote{Message: "still here"}); err != nil {
		t.Fatal(err)
	}
	if n, err := live.Recv(); err != nil || n.Message != "still here" {
		t.Fatalf("the live one got %v, %v", n, err)
	}
	if err := live.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Recv(); err != io.EOF {
		t.Fatal(err)
	}
}

// TestSlowHeader sends a header without end byte by byte, which must not win it time.
func TestSlowHeader(t *testing.T) {
	p := open(t, func(o *edge.Options) {
		o.Limits.FirstFrame = 300 * time.Millisecond
		o.Limits.Write = 300 * time.Millisecond
	})
	c := upgrade(t, p, chat)
	go func() {
		for _, b := range edgetest.SocketFrame(2, make([]byte, 60_000)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // is what it does
		}
	}()
	ends(t, c, c.In)
}

// deaf are requests that make the server send without end, from peers that do not read.
func deaf(p *place) map[string]string {
	host := "Host: " + strings.TrimPrefix(p.base, "http://") + "\r\n"
	list := edgetest.Frame{Data: []byte{0x0a, 6, 0x08, 0xff, 0xff, 0xff, 0xff, 0x07}}.Append(nil) // lo.latitude = 2^31-1
	web := "POST /routeguide.RouteGuide/ListFeatures HTTP/1.1\r\n" + host + "Content-Type: application/grpc-web"
	return map[string]string{
		"gRPC-Web":      web + fmt.Sprintf("+proto\r\nContent-Length: %d\r\n\r\n%s", len(list), list),
		"gRPC-Web text": web + fmt.Sprintf("-text\r\nContent-Length: 20\r\n\r\n%s", base64.StdEncoding.EncodeToString(list)),
		"REST":          "GET /v1/features?lo.latitude=2147483647&hi.latitude=0 HTTP/1.1\r\n" + host + "\r\n",
		"REST events":   "GET /v1/features?lo.latitude=2147483647&hi.latitude=0 HTTP/1.1\r\n" + host + "Accept: text/event-stream\r\n\r\n",
	}
}

func TestPeerThatDoesNotReadIsDropped(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Write = 300 * time.Millisecond })
	for name, request := range deaf(p) {
		t.Run(name, func(t *testing.T) {
			raw(t, p, request)
			within(t, p.guide.ended, "the handler")
		})
	}
	t.Run("HTTP/2", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+"/v1/features?lo.latitude=2147483647&hi.latitude=0", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "identity") // compressed it would be long before it is in anybody's way
		res, err := p.http2.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		within(t, p.guide.ended, "the handler")
	})
	t.Run("WebSocket", func(t *testing.T) {
		c := upgrade(t, p, chat)
		if _, err := c.Write(append(edgetest.SocketFrame(2, goodHeader), edgetest.SocketFrame(2, note(t, "flood"+strings.Repeat("!", 4000)))...)); err != nil {
			t.Fatal(err)
		}
		within(t, p.guide.ended, "the handler")
	})
}

// TestRequestsWaitForTheHandler sends to handlers that do not receive, and sees how much is taken from it.
func TestRequestsWaitForTheHandler(t *testing.T) {
	wait := &routeguidepb.RouteNote{Message: "wait"}
	more := &routeguidepb.RouteNote{Message: strings.Repeat("x", 4000)}
	for i, d := range doors(new(place)) {
		if !d.duplex {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			// A place of its own: Go's client of HTTP/2 does not give up what a cancelled call has in the way of others.
			p := open(t, func(o *edge.Options) { o.Limits.Idle = 600 * time.Millisecond })
			ctx, cancel := context.WithCancel(call(t))
			s, err := routeguidepb.NewRouteGuideClient(doors(p)[i].conn).RouteChat(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(wait); err != nil {
				t.Fatal(err)
			}
			within(t, p.guide.waiting, "the handler")
			const most = 32 << 20 // what the kernel buffers on both sides included
			sent := make(chan int)
			go func() {
				n := 0
				for ; n < most && s.Send(more) == nil; n += len(more.Message) {
				}
				sent <- n
			}()
			var n int
			select {
			case n = <-sent:
				cancel()
			case <-time.After(500 * time.Millisecond): // it is stuck, or slow: neither takes all
				cancel()
				n = within(t, sent, "the sender")
			}
			if n >= most {
				t.Errorf("%d bytes were taken", n)
			}
			// Over HTTP/1.1 nobody sees a client leave whose request nobody reads, and Go's client of HTTP/2 does not tell.
			if d.native() || d.name == "WebSocket" {
				within(t, p.guide.ended, "the handler")
			}
		})
	}
}

// TestSilentRequest begins a unary call and does not go on.
func TestSilentRequest(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Arrive = 300 * time.Millisecond })
	host := "Host: " + strings.TrimPrefix(p.base, "http://") + "\r\n"
	for name, request := range map[string]string{
		"gRPC-Web":         "POST /routeguide.RouteGuide/GetFeature HTTP/1.1\r\n" + host + "Content-Type: application/grpc-web+proto\r\nContent-Length: 100\r\n\r\n\x00\x00",
		"gRPC-Web, chunks": "POST /routeguide.RouteGuide/GetFeature HTTP/1.1\r\n" + host + "Content-Type: application/grpc-web+proto\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x00\x00",
		"REST":             "POST /v1/tutorial/compute:sayHello HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\n{",
		"REST, GET":        "GET /v1/features HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\n{",
		"no such method":   "POST /routeguide.RouteGuide/Fly HTTP/1.1\r\n" + host + "Content-Type: application/grpc-web+proto\r\nContent-Length: 100\r\n\r\n\x00",
		"wrong verb":       "GET /routeguide.RouteGuide/GetFeature HTTP/1.1\r\n" + host + "Content-Type: application/grpc-web+proto\r\nContent-Length: 100\r\n\r\n\x00",
		"static":           "POST / HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\n{",
		"foreign":          "POST /v1/routes:record HTTP/1.1\r\n" + host + "Origin: http://evil.example\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			c := raw(t, p, request)
			if got := ends(t, c, c); !bytes.HasPrefix(got, []byte("HTTP/1.1 ")) {
				t.Errorf("answer %q", got)
			}
		})
	}
}

func TestWebRefuses(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Message = 1 << 20 })
	frame := func(flags byte, length uint32, data ...byte) string {
		return string(frameOf(flags, length, data...)[1:])
	}
	text := base64.StdEncoding.EncodeToString
	tests := []struct {
		name, method, header, body string
		code                       codes.Code
	}{
		{"nothing", "GetFeature", "", "", codes.Internal},
		{"half a frame", "GetFeature", "", "\x00\x00", codes.Internal},
		{"a frame too short", "GetFeature", "", frame(0, 9, 8), codes.Internal},
		{"two messages for one", "ListFeatures", "", frame(0, 0) + frame(0, 0), codes.InvalidArgument},
		{"too long a message", "GetFeature", "", frame(0, 5<<20), codes.ResourceExhausted},
		{"the longest message", "RecordRoute", "", frame(0, 1<<32-1), codes.ResourceExhausted},
		{"a compressed frame", "GetFeature", "", frame(1, 0), codes.Internal},
		{"not protobuf", "GetFeature", "", frame(0, 3, 0xff, 0xff, 0xff), codes.Internal},
		{"not UTF-8", "RouteChat", "", frame(0, 3, 0x12, 1, 0xff), codes.Internal},
		{"a timeout that is none", "GetFeature", "Grpc-Timeout: soon", frame(0, 0), codes.InvalidArgument},
		{"binary metadata that is none", "GetFeature", "X-Bin: !!!", frame(0, 0), codes.InvalidArgument},
		{"a name that is not ASCII", "GetFeature", "Traveler: Zoë", frame(0, 0), codes.InvalidArgument},
		{"not base64", "GetFeature", "Content-Type: application/grpc-web-text", "!!!!", codes.Unavailable},
		{"half of base64", "GetFeature", "Content-Type: application/grpc-web-text", text([]byte(frame(0, 3, 1, 2, 3)))[:6], codes.Internal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(call(t), http.MethodPost, p.base+"/routeguide.RouteGuide/"+test.method, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/grpc-web+proto")
			if name, value, ok := strings.Cut(test.header, ": "); ok {
				req.Header.Set(name, value)
			}
			res, err := p.http1.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(res.Header.Get("Content-Type"), "text") && !strings.Contains(test.header, "text") {
				t.Fatalf("%s: %s", res.Status, body)
			}
			if strings.Contains(test.header, "text") {
				if decoded, err := base64.StdEncoding.DecodeString(string(body)); err == nil {
					body = decoded
				}
			}
			got := res.Header.Get("Grpc-Status")
			if _, after, ok := strings.Cut(string(body), "grpc-status: "); ok {
				got, _, _ = strings.Cut(after, "\r\n")
			}
			if got != fmt.Sprint(uint32(test.code)) {
				t.Errorf("%s, grpc-status %q, want %d (%v %q)", res.Status, got, test.code, res.Header, body)
			}
		})
	}
}

// failure is the google.rpc.Status of an answer, or of the line that ends it.
type failure struct {
	Code    codes.Code
	Message string
	Details []struct {
		FieldViolations []struct{ Field, Description string }
	}
}

func TestRESTRefuses(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Message = 2 << 20 })
	long := `{"helloworld":"` + strings.Repeat("x", 3<<20) + `"}`
	tests := []struct {
		name, method, path, header, body string
		status                           int // of HTTP; 0: 200 or that of the code, as the moment decides
		code                             codes.Code
		says, field                      string
	}{
		{"metadata that is not ASCII", "GET", "/v1/features/1/1", "Grpc-Metadata-X: Zoë", "", 400, codes.InvalidArgument, "x", "x"},
		{"metadata that HTTP/2 has not", "GET", "/v1/features/1/1", "Grpc-Metadata-Connection: close", "", 400, codes.InvalidArgument, "connection", "connection"},
		{"metadata with a name that is none", "GET", "/v1/features/1/1", "Grpc-Metadata-A!b: c", "", 400, codes.InvalidArgument, "a!b", "a!b"},
		{"long metadata", "GET", "/v1/features/1/1", "Grpc-Metadata-X: " + strings.Repeat("x", 49<<10), "", 431, codes.ResourceExhausted, "at most", ""},
		{"an unknown parameter", "GET", "/v1/features/1/1?lattitude=1", "", "", 400, codes.InvalidArgument, "no such parameter", "lattitude"},
		{"an unknown parameter of a part", "GET", "/v1/features?lo.lattitude=1", "", "", 400, codes.InvalidArgument, "no such parameter", "lo.lattitude"},
		{"a parameter beside a body", "POST", "/v1/tutorial/compute:sayHello?helloworld=x", "", "{}", 400, codes.InvalidArgument, "no such parameter", "helloworld"},
		{"a parameter beside a stream", "POST", "/v1/routes:record?latitude=1", "", "{}", 400, codes.InvalidArgument, "no such parameter", "latitude"},
		{"a deadline that passes", "GET", "/v1/features/999/1", "Grpc-Timeout: 1m", "", 504, codes.DeadlineExceeded, "the deadline of the call", ""},
		{"a body that is compressed", "POST", "/v1/routes:record", "Content-Encoding: gzip", "{}", 415, codes.InvalidArgument, "gzip", ""},
		{"a body that is XML", "POST", "/v1/routes:record", "Content-Type: text/xml", "<a/>", 415, codes.InvalidArgument, "application/json", ""},
		{"no such path", "GET", "/v1/nowhere", "", "", 404, codes.NotFound, "/v1/nowhere", ""},
		{"wrong verb", "DELETE", "/v1/features", "", "", 405, codes.Unimplemented, "DELETE", ""},
		{"a form in place of GET", "POST", "/v1/notes", "Content-Type: application/x-www-form-urlencoded", "a=b", 405, codes.Unimplemented, "POST", ""},
		{"no number in the path", "GET", "/v1/features/abc/1", "", "", 400, codes.InvalidArgument, `latitude`, "latitude"},
		{"too great a number", "GET", "/v1/features/1/99999999999", "", "", 400, codes.InvalidArgument, "longitude", "longitude"},
		{"a fraction", "GET", "/v1/features/1.5/1", "", "", 400, codes.InvalidArgument, "latitude", "latitude"},
		{"no number in the query", "GET", "/v1/features?lo.latitude=x", "", "", 400, codes.InvalidArgument, "latitude", "lo.latitude"},
		{"a field twice", "GET", "/v1/features?lo.latitude=1&lo.latitude=2", "", "", 400, codes.InvalidArgument, "latitude", "lo.latitude"},
		{"a body with GET", "GET", "/v1/features/1/1", "", "{}", 400, codes.InvalidArgument, "body", ""},
		{"a timeout that is none", "GET", "/v1/features/1/1", "Grpc-Timeout: soon", "", 400, codes.InvalidArgument, "grpc-timeout", "grpc-timeout"},
		{"binary metadata that is none", "GET", "/v1/features/1/1", "Grpc-Metadata-X-Bin: !!!", "", 400, codes.InvalidArgument, "x-bin", "x-bin"},
		{"a name that is not ASCII", "GET", "/v1/features/1/1", "Traveler: Zoë", "", 400, codes.InvalidArgument, "traveler", "traveler"},
		{"an error before the first message", "GET", "/v1/features?hi.latitude=5", "", "", 404, codes.NotFound, "enough", "location"},
		{"not JSON", "POST", "/v1/routes:record", "", "hello", 400, codes.InvalidArgument, "line 1", ""},
		{"not JSON later", "POST", "/v1/routes:record", "", "{}\n\n{}\n{]\n{}\n", 400, codes.InvalidArgument, "line 4", ""},
		{"JSON that breaks off", "POST", "/v1/routes:record", "", "{}\n{\"latitude\":", 400, codes.InvalidArgument, "line 2", ""},
		{"an unknown field", "POST", "/v1/routes:record", "", "{}\n{\"latitute\":1}\n", 400, codes.InvalidArgument, "line 2", "latitute"},
		{"text for a number", "POST", "/v1/routes:record", "", "{\"latitude\":\"north\"}", 400, codes.InvalidArgument, "line 1", "latitude"},
		{"too great a number in a line", "POST", "/v1/routes:record", "", "{}\n{}\n{\"longitude\":1e30}", 400, codes.InvalidArgument, "line 3", "longitude"},
		{"an array", "POST", "/v1/routes:record", "", "[{},{}]", 400, codes.InvalidArgument, "line 1", ""},
		{"null", "POST", "/v1/routes:record", "", "null", 400, codes.InvalidArgument, "line 1", ""},
		{"text that is not UTF-8", "POST", "/v1/notes:chat", "", "{\"message\":\"\xff\"}", 0, codes.InvalidArgument, "line 1", "message"},
		{"too long a line", "POST", "/v1/routes:record", "", "{}\n" + long, 413, codes.ResourceExhausted, "line 2", ""},
		{"too long a blank", "POST", "/v1/routes:record", "", strings.Repeat(" ", 3<<20), 413, codes.ResourceExhausted, "line 1", ""},
		{"too long a request", "POST", "/v1/tutorial/compute:sayHello", "", long, 413, codes.ResourceExhausted, "longer", ""},
		{"bad JSON in the middle of a chat", "POST", "/v1/notes:chat", "", "{\"message\":\"one\"}\n{\"message\":2}\n{}\n", 0, codes.InvalidArgument, "line 2", "message"},
		{"a service that is not there", "GET", "/v1/tutorial/cal:add", "", "", 501, codes.Unimplemented, "unknown", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var body io.Reader
			if test.body != "" {
				body = strings.NewReader(test.body)
			}
			req, err := http.NewRequestWithContext(call(t), test.method, p.base+test.path, body)
			if err != nil {
				t.Fatal(err)
			}
			if name, value, ok := strings.Cut(test.header, ": "); ok {
				req.Header.Set(name, value)
			}
			res, err := p.http1.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatalf("%s, then %v", res.Status, err)
			}
			var got failure
			if res.StatusCode == http.StatusOK {
				lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
				var line struct{ Error *failure }
				if err := json.Unmarshal(lines[len(lines)-1], &line); err != nil || line.Error == nil {
					t.Fatalf("200 without an error: %q", text)
				}
				got = *line.Error
			} else if err := json.Unmarshal(text, &got); err != nil || res.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s: not a status: %q", res.Status, text)
			}
			if test.status != 0 && res.StatusCode != test.status {
				t.Errorf("HTTP %s, want %d", res.Status, test.status)
			}
			if got.Code != test.code || !strings.Contains(got.Message, test.says) {
				t.Errorf("status %v %q, want %v with %q", got.Code, got.Message, test.code, test.says)
			}
			field := ""
			if len(got.Details) > 0 {
				field = got.Details[0].FieldViolations[0].Field
			}
			if field != test.field {
				t.Errorf("it names the field %q, want %q (%s)", field, test.field, text)
			}
		})
	}
	drain(p.guide.ended)
}

// drain forgets how calls ended.
func drain(c chan error) {
	for len(c) > 0 {
		<-c
	}
}

// TestBadLineIsNoHalfClose proves that the handler of a stream sees an error, not an end.
func TestBadLineIsNoHalfClose(t *testing.T) {
	p := open(t)
	for path, line := range map[string]string{"/v1/notes:chat": `{"message":"here"}`, "/v1/routes:record": `{"latitude":998}`} {
		for range 20 {
			body, send := io.Pipe()
			go func() {
				fmt.Fprintln(send, line)
				<-p.guide.waiting
				fmt.Fprintln(send, "!")
				send.Close()
			}()
			res, err := p.http1.Post(p.base+path, "application/x-ndjson", body)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(text), "line 2") {
				t.Fatalf("answer %q, %v", text, err)
			}
			res.Body.Close()
			if err := within(t, p.guide.ended, "the handler of "+path); status.Code(err) != codes.Canceled {
				t.Errorf("the handler of %s saw %v", path, err)
			}
		}
	}
}

// TestDeadlineOfASilentStream expires while the server waits for more of the request.
func TestDeadlineOfASilentStream(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		if d.native() {
			return
		}
		ctx := metadata.AppendToOutgoingContext(call(t), "grpc-timeout", "200m")
		s, err := routeguidepb.NewRouteGuideClient(d.conn).RecordRoute(noDeadline{ctx})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&routeguidepb.Point{}); err != nil && err != io.EOF { // it may be over already
			t.Fatal(err)
		}
		if err := s.RecvMsg(new(routeguidepb.RouteSummary)); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
	})
}
