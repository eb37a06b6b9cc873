package h2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/lab/leaktest"
	"routeguide/server/relay"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

// patience is how long a test waits for what must come: a machine may be busy.
const patience = 2 * time.Minute

// Methods of which the first segment says what the far server does with calls, and the Router where they go.
const (
	echo    = "/some.Echo/Call"
	hold    = "/some.Hold/Call"    // until it is cancelled
	patient = "/some.Patient/Call" // echo, not ended by Shutdown
	healthy = "/healthy.Echo/Call" // echo of another target
	unknown = "/unknown.Echo/Call" // the Router does not know
)

var lasting = Options{Calls: 10_000, Headers: 64 << 10, Greet: time.Minute, Patience: time.Minute, Idle: time.Minute}

// far is a gRPC server that calls are relayed to.
type far struct {
	held  chan string // a call is held, of this caller
	ended chan error  // how it ended
}

func newFar() *far { return &far{held: make(chan string, 100), ended: make(chan error, 100)} }

func (f *far) serve(_ any, s grpc.ServerStream) error {
	if m, _ := grpc.MethodFromServerStream(s); m == hold {
		md, _ := metadata.FromIncomingContext(s.Context())
		f.held <- strings.Join(md["name"], "")
		<-s.Context().Done()
		f.ended <- s.Context().Err()
		return nil
	}
	if err := s.SendHeader(nil); err != nil {
		return err
	}
	for {
		var m relay.Message
		if err := s.RecvMsg(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
	}
}

// serve returns the address of a gRPC server.
func serve(t testing.TB, handler grpc.StreamHandler, o ...grpc.ServerOption) string {
	t.Helper()
	l := listen(t)
	s := grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(handler), grpc.MaxRecvMsgSize(16 << 20),
	}, o...)...)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-served })
	return l.Addr().String()
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// A near is a relay in front of targets, that counts how its calls end.
type near struct {
	*Relay
	t      testing.TB
	addr   string
	target *Target

	mu    sync.Mutex
	begun int
	ended map[codes.Code]int
}

// newNear relays to the server at an address, and healthy calls to another one. In the end all calls must have been reported
// once.
func newNear(t testing.TB, o Options, addr string) *near {
	return relayTo(t, o, TargetOptions{Name: "the far server", Addr: addr})
}

func relayTo(t testing.TB, o Options, to TargetOptions) *near {
	t.Helper()
	n := &near{Relay: NewRelay(o), t: t, target: NewTarget(to), ended: make(map[codes.Code]int)}
	other := NewTarget(TargetOptions{Name: "the other server", Addr: serve(t, newFar().serve)})
	t.Cleanup(other.Close)
	t.Cleanup(n.target.Close)
	l := listen(t)
	n.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() {
		served <- n.Serve(l, func(method string) (Route, error) {
			route := Route{To: n.target, Report: n.count(), Patient: method == patient}
			switch method {
			case healthy:
				route.To = other
			case unknown:
				return route, status.Error(codes.Unimplemented, strings.Repeat("x", 5000))
			}
			return route, nil
		})
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		n.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
		eventually(t, "all calls are reported", func() bool { return n.calls() == 0 })
	})
	return n
}

// count counts a call, and returns its Report.
func (n *near) count() func(codes.Code) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begun++
	reported := false
	return func(c codes.Code) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if reported {
			n.t.Errorf("a call was reported again, as %v", c)
		}
		reported = true
		n.begun--
		n.ended[c]++
	}
}

// calls returns how many have not ended.
func (n *near) calls() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.begun
}

// reports waits until exactly these ends of calls have been reported, since the last time.
func (n *near) reports(want map[codes.Code]int) {
	n.t.Helper()
	var got map[codes.Code]int
	same := poll(func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		got = maps.Clone(n.ended)
		if maps.Equal(got, want) {
			clear(n.ended)
			return true
		}
		return false
	})
	if !same {
		n.t.Errorf("reported: %v, want %v", got, want)
	}
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	if !poll(is) {
		t.Fatalf("not so: %s", what)
	}
}

// poll waits until something is so, and tells whether it ever was.
func poll(is func() bool) bool {
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func (n *near) client() *grpc.ClientConn {
	n.t.Helper()
	conn, err := grpc.NewClient(n.addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(relay.Codec{}), grpc.MaxCallRecvMsgSize(16<<20)))
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { conn.Close() })
	return conn
}

func message(b []byte) *relay.Message {
	return &relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(b)}}
}

// A stream is a call of a grpc-go client.
type stream struct {
	grpc.ClientStream
	t testing.TB
}

func open(t testing.TB, ctx context.Context, c *grpc.ClientConn, method string, o ...grpc.CallOption) stream {
	t.Helper()
	s, err := tryOpen(t, ctx, c, method, o...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryOpen(t testing.TB, ctx context.Context, c *grpc.ClientConn, method string, o ...grpc.CallOption) (stream, error) {
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, o...)
	return stream{s, t}, err
}

// echoes sends a message and gets it back.
func (s stream) echoes(b []byte) error {
	if err := s.SendMsg(message(b)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var m relay.Message
	if err := s.RecvMsg(&m); err != nil {
		return err
	}
	if got := m.Data.Materialize(); !bytes.Equal(got, b) {
		return fmt.Errorf("%d bytes came back of %d", len(got), len(b))
	}
	return nil
}

// end ends a call, and returns how the server does.
func (s stream) end() error {
	s.t.Helper()
	if err := s.CloseSend(); err != nil {
		s.t.Error(err)
	}
	if err := s.RecvMsg(new(relay.Message)); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// ask makes a whole call of one message and one answer.
func ask(t testing.TB, c *grpc.ClientConn, method string, request []byte) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	call, err := tryOpen(t, ctx, c, method)
	if err != nil {
		return err
	}
	if err := call.echoes(request); err != nil {
		return err
	}
	return call.end()
}

// A peer is one end of a connection to the relay whose frames a test writes and reads by itself. It watches that it is sent
// no more than it takes.
type peer struct {
	*http2.Framer
	t      testing.TB
	conn   net.Conn
	packed bytes.Buffer
	packer *hpack.Encoder

	window, initial int
	windows         map[uint32]int
	lower           []int             // changes of initial, until they are acknowledged
	ended           map[uint32]string // grpc-status of trailers
}

func newPeer(t testing.TB, conn net.Conn) *peer {
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience)) // it is open
	p := &peer{
		Framer: http2.NewFramer(conn, conn), t: t, conn: conn,
		window: 65535, initial: 65535, windows: make(map[uint32]int), ended: make(map[uint32]string),
	}
	p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	p.MaxHeaderListSize = 4 << 20
	p.packer = hpack.NewEncoder(&p.packed)
	return p
}

// connect returns a peer that has said nothing.
func (n *near) connect() *peer {
	n.t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	return newPeer(n.t, conn)
}

// dial returns a peer that has begun as callers do.
func (n *near) dial(s ...http2.Setting) *peer {
	n.t.Helper()
	p := n.connect()
	p.begin(s...)
	return p
}

// begin begins as callers do.
func (p *peer) begin(s ...http2.Setting) {
	p.t.Helper()
	p.say(http2.ClientPreface)
	p.settings(s...)
}

// say sends what need not be frames.
func (p *peer) say(s string) {
	p.t.Helper()
	_, err := io.WriteString(p.conn, s)
	p.must(err)
}

// accept returns a peer that has begun as servers do.
func accept(t testing.TB, l net.Listener, s ...http2.Setting) *peer {
	t.Helper()
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)) // it is open
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, conn)
	if _, err := io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface))); err != nil {
		t.Fatal(err)
	}
	p.settings(s...)
	return p
}

// caller returns what the relay has of a peer that has made a call.
func (n *near) caller(p *peer) *caller {
	for _, c := range n.all() {
		if c.net.RemoteAddr().String() == p.conn.LocalAddr().String() {
			return c
		}
	}
	n.t.Fatal("it is not connected")
	return nil
}

func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) settings(s ...http2.Setting) {
	p.t.Helper()
	change := 0
	for _, s := range s {
		if s.ID == http2.SettingInitialWindowSize {
			change = int(s.Val) - p.initial
			p.initial = int(s.Val)
		}
	}
	p.change(max(change, 0))
	p.lower = append(p.lower, min(change, 0))
	p.must(p.WriteSettings(s...))
}

func (p *peer) change(by int) {
	for id := range p.windows {
		p.windows[id] += by
	}
}

// take gives the relay a window.
func (p *peer) take(id uint32, n int) {
	p.t.Helper()
	if id == 0 {
		p.window += n
	} else {
		p.windows[id] += n
	}
	p.must(p.WriteWindowUpdate(id, uint32(n)))
}

// headers sends a header of these fields, name and value, or a trailer.
func (p *peer) headers(id uint32, last bool, fields ...string) {
	p.t.Helper()
	p.packed.Reset()
	for i := 0; i < len(fields); i += 2 {
		p.must(p.packer.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}))
	}
	block, first := p.packed.Bytes(), true
	for first || len(block) > 0 {
		n := min(len(block), 16<<10)
		if first {
			p.must(p.WriteHeaders(http2.HeadersFrameParam{
				StreamID: id, BlockFragment: block[:n], EndHeaders: n == len(block), EndStream: last,
			}))
		} else {
			p.must(p.WriteContinuation(id, n == len(block), block[:n]))
		}
		block, first = block[n:], false
	}
}

// call begins a call.
func (p *peer) call(id uint32, method string, last bool, more ...string) {
	p.t.Helper()
	p.expect(id)
	p.headers(id, last, append([]string{
		":method", "POST", ":scheme", "http", ":path", method, ":authority", "far", "content-type", "application/grpc", "te", "trailers",
	}, more...)...)
}

func (p *peer) expect(id uint32) {
	p.windows[id] = p.initial
	for _, l := range p.lower { // of which the relay need not know
		p.windows[id] -= l
	}
}

// answer sends the header of an answer.
func (p *peer) answer(id uint32, more ...string) {
	p.t.Helper()
	p.headers(id, false, append([]string{":status", "200", "content-type", "application/grpc"}, more...)...)
}

func (p *peer) trailer(id uint32) { p.t.Helper(); p.headers(id, true, "grpc-status", "0") }

// next returns the next frame that is not about the connection. It is an error if there is none.
func (p *peer) next() (http2.Frame, error) {
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = p.WriteSettingsAck() // to one that may be closed
			} else if len(p.lower) > 0 {
				p.change(p.lower[0])
				p.lower = p.lower[1:]
			}
		case *http2.WindowUpdateFrame:
		case *http2.PingFrame:
			if f.IsAck() {
				return f, nil
			}
			_ = p.WritePing(true, f.Data) // the same
		case *http2.DataFrame:
			p.window -= int(f.Length)
			p.windows[f.StreamID] -= int(f.Length)
			if f.Length > 0 && (p.window < 0 || p.windows[f.StreamID] < 0) {
				p.t.Errorf("%v is beyond the window", f.Header())
			}
			return f, nil
		case *http2.MetaHeadersFrame:
			if p.windows[f.StreamID] == 0 && f.PseudoValue("path") != "" {
				p.expect(f.StreamID)
			}
			for _, field := range f.Fields {
				if field.Name == "grpc-status" {
					p.ended[f.StreamID] = field.Value
				}
			}
			return f, nil
		default:
			return f, nil
		}
	}
}

// want reads until there is a frame of this kind of a stream.
func want[F http2.Frame](p *peer, id uint32) F {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("%v instead of %T", err, *new(F))
		}
		if got, ok := f.(F); ok && f.Header().StreamID == id {
			return got
		}
		if h := f.Header(); h.StreamID == id && h.Type != http2.FrameData {
			p.t.Fatalf("%v instead of %T", f, *new(F))
		}
	}
}

// wants reads until a call has ended, which must be with this status.
func (p *peer) wants(id uint32, code codes.Code) {
	p.t.Helper()
	for p.ended[id] == "" {
		want[*http2.MetaHeadersFrame](p, id)
	}
	if got := p.ended[id]; got != fmt.Sprint(int(code)) {
		p.t.Fatalf("it ended with %s, want %v", got, code)
	}
}

// sync waits until the relay has done what it was told.
func (p *peer) sync() {
	p.t.Helper()
	p.must(p.WritePing(false, [8]byte{1}))
	want[*http2.PingFrame](p, 0)
}

// closed reads until the connection is, and returns the last GOAWAY, or nil.
func (p *peer) closed() (away *http2.GoAwayFrame) {
	p.t.Helper()
	for {
		f, err := p.next()
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			p.t.Fatal("the connection was not closed")
		}
		if err != nil {
			return away
		}
		if f, ok := f.(*http2.GoAwayFrame); ok {
			away = f
		}
	}
}

// framed is a message as it is sent.
func framed(b []byte) []byte {
	n := len(b)
	return append([]byte{0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, b...)
}
