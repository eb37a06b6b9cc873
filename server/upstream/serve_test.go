package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

const (
	echo = "/some.Service/Echo"
	hold = "/some.Service/Hold" // reads nothing, until it is cancelled
)

// echoAll sends back what comes.
func echoAll(_ any, s grpc.ServerStream) error {
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

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serve returns the address of a gRPC server.
func serve(t *testing.T, handler grpc.StreamHandler, o ...grpc.ServerOption) string {
	t.Helper()
	l := listen(t)
	s := grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(handler), grpc.MaxRecvMsgSize(math.MaxInt32),
	}, o...)...)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-served })
	return l.Addr().String()
}

const messageBytes = 1 << 20

// behind returns a client of a server that has the one at addr as its upstream, and passes streams through around, if any.
func behind(t *testing.T, addr string, around ...func(grpc.ServerStream) grpc.ServerStream) *grpc.ClientConn {
	t.Helper()
	return dial(t, relaying(t, addr, around...), "127.0.0.1")
}

// relaying returns the address of a server with an upstream.
func relaying(t *testing.T, addr string, around ...func(grpc.ServerStream) grpc.ServerStream) string {
	t.Helper()
	u, err := Open(Options{
		Targets: []Target{{Name: Any, Addr: addr}}, MessageBytes: messageBytes, Ending: t.Context(),
		Caller: func(ctx context.Context) netip.Addr {
			p, _ := peer.FromContext(ctx)
			return p.Addr.(*net.TCPAddr).AddrPort().Addr()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return serve(t, func(srv any, s grpc.ServerStream) error {
		for _, a := range around {
			s = a(s)
		}
		return u.Serve(srv, s)
	})
}

// dial connects to a server from an address of this machine.
func dial(t *testing.T, addr, from string) *grpc.ClientConn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) }),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(relay.Codec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func message(b []byte) *relay.Message {
	return &relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(b)}}
}

type stream struct{ grpc.ClientStream }

func open(t *testing.T, ctx context.Context, c *grpc.ClientConn, method string, o ...grpc.CallOption) stream {
	t.Helper()
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, o...)
	if err != nil {
		t.Fatal(err)
	}
	return stream{s}
}

// echoes tells whether a message comes back.
func (s stream) echoes(b []byte) error {
	if err := s.SendMsg(message(b)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var m relay.Message
	if err := s.RecvMsg(&m); err != nil {
		return err
	}
	if got := m.Data.Materialize(); !bytes.Equal(got, b) {
		return fmt.Errorf("of %d bytes, %d came back, or others", len(b), len(got))
	}
	return nil
}

// end half-closes, and returns how the call ends: nil for OK.
func (s stream) end() error {
	if err := s.CloseSend(); err != nil {
		return err
	}
	if err := s.RecvMsg(new(relay.Message)); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// once makes a call of one message.
func once(t *testing.T, ctx context.Context, c *grpc.ClientConn, b []byte, o ...grpc.CallOption) error {
	t.Helper()
	s := open(t, ctx, c, echo, o...)
	if err := s.echoes(b); err != nil {
		return err
	}
	return s.end()
}

func fails(t *testing.T, err error, code codes.Code, say string) {
	t.Helper()
	if st := status.Convert(err); st.Code() != code || !strings.Contains(st.Message(), say) {
		t.Errorf("ended with %v, want %v with %q", err, code, say)
	}
}

// Calls beyond those that the upstream takes at a time wait for their turn.
func TestUpstreamTakesFewCallsAtATime(t *testing.T) {
	const most, calls = 7, 300
	var now, peak atomic.Int32
	c := behind(t, serve(t, func(srv any, s grpc.ServerStream) error {
		for n := now.Add(1); ; {
			if p := peak.Load(); n <= p || peak.CompareAndSwap(p, n) {
				break
			}
		}
		defer now.Add(-1)
		return echoAll(srv, s)
	}, grpc.MaxConcurrentStreams(most)))
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			if err := once(t, t.Context(), c, fmt.Append(nil, i)); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d calls at a time, want at most %d", peak.Load(), most)
	}
}

// An upstream that closes its connections now and then, and says so, is called over the next; calls under way go on.
func TestUpstreamThatGoesAway(t *testing.T) {
	var mu sync.Mutex
	conns := make(map[string]bool)
	c := behind(t, serve(t, func(srv any, s grpc.ServerStream) error {
		p, _ := peer.FromContext(s.Context())
		mu.Lock()
		conns[p.Addr.String()] = true
		mu.Unlock()
		return echoAll(srv, s)
	}, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 20 * time.Millisecond})))
	seen := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(conns)
	}
	long := open(t, t.Context(), c, echo)
	for calls := 0; seen() < 5; calls++ {
		if err := once(t, t.Context(), c, nil); err != nil {
			t.Fatalf("after %d connections: %v", seen(), err)
		}
		if err := long.echoes(fmt.Append(nil, calls)); err != nil {
			t.Fatalf("the call under way, after %d connections: %v", seen(), err)
		}
	}
	if err := long.end(); err != nil {
		t.Error(err)
	}
}

func TestUpstreamThatIsNoGRPCServer(t *testing.T) {
	for name, test := range map[string]struct {
		http2 bool
		code  codes.Code
		say   string
	}{"HTTP/2": {true, codes.Unimplemented, "404"}, "HTTP/1": {false, codes.Unavailable, "the upstream * is unavailable: "}} {
		l := listen(t)
		web := &http.Server{Handler: http.NotFoundHandler(), Protocols: new(http.Protocols)}
		web.Protocols.SetHTTP1(!test.http2)
		web.Protocols.SetUnencryptedHTTP2(test.http2)
		go web.Serve(l)
		t.Run(name, func(t *testing.T) {
			fails(t, once(t, t.Context(), behind(t, l.Addr().String()), nil), test.code, test.say)
		})
		web.Close()
	}
}

// An upstream is called by its own address, whatever ours is.
func TestUpstreamIsToldItsOwnName(t *testing.T) {
	names := make(chan []string, 1)
	addr := serve(t, func(_ any, s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		names <- md[":authority"]
		return nil
	})
	if err := open(t, t.Context(), behind(t, addr), echo).end(); err != nil {
		t.Fatal(err)
	}
	if got := <-names; !slices.Equal(got, []string{addr}) {
		t.Errorf("it is called %q, want %q", got, addr)
	}
}

func TestMessagesOfEverySize(t *testing.T) {
	c := behind(t, serve(t, echoAll))
	for _, how := range map[string][]grpc.CallOption{"plain": nil, "compressed": {grpc.UseCompressor(gzip.Name)}} {
		s := open(t, t.Context(), c, echo, how...)
		for _, size := range []int{0, 1, 1000, 16 << 10, 64<<10 - 5, 64 << 10, 300_000, messageBytes} {
			if err := s.echoes(bytes.Repeat([]byte("a long road "), size)[:size]); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
		if err := s.end(); err != nil {
			t.Error(err)
		}
		fails(t, once(t, t.Context(), c, make([]byte, messageBytes+1), how...), codes.ResourceExhausted, "larger than max")
	}
}

// Metadata goes both ways whole, up to what upstreams are sent. More ends that call and no other, also where the upstream
// takes less than most do.
func TestMuchMetadata(t *testing.T) {
	addr := func(takes uint32) string {
		return serve(t, func(srv any, s grpc.ServerStream) error {
			md, _ := metadata.FromIncomingContext(s.Context())
			back := metadata.MD{"much-bin": md["much-bin"]}
			s.SetTrailer(back)
			if err := s.SendHeader(back); err != nil {
				return err
			}
			return echoAll(srv, s)
		}, grpc.MaxHeaderListSize(takes))
	}
	most := func(addr string) int {
		return (mostMetadata - grpcMetadata - len(echo) - len(addr) - len("much-bin") - fieldOverhead) * 3 / 4
	}
	usual, generous, poor := addr(8<<10), addr(16<<20), addr(2<<10)
	for _, test := range []struct {
		addr  string
		bytes int
		code  codes.Code
	}{
		{usual, most(usual), codes.OK},
		{usual, most(usual) + 1, codes.ResourceExhausted},
		{usual, 40_000, codes.ResourceExhausted},
		{generous, most(generous), codes.OK},
		{generous, most(generous) + 1, codes.ResourceExhausted},
		{poor, 1000, codes.OK},
		{poor, 2000, codes.Internal}, // gRPC knows what the upstream takes
	} {
		c := behind(t, test.addr)
		other := open(t, t.Context(), c, echo)
		much := strings.Repeat("\xff", test.bytes)
		s := open(t, metadata.AppendToOutgoingContext(t.Context(), "much-bin", much), c, echo)
		header, err := s.Header()
		if err = errors.Join(err, s.end()); status.Code(err) != test.code {
			t.Errorf("%d bytes: ended with %v, want %v", test.bytes, err, test.code)
		}
		for where, md := range map[string]metadata.MD{"header": header, "trailer": s.Trailer()} {
			if got := md["much-bin"]; test.code == codes.OK && !slices.Equal(got, []string{much}) {
				t.Errorf("%d bytes did not come back in the %s", test.bytes, where)
			}
		}
		if err := errors.Join(other.echoes([]byte("still here")), other.end()); err != nil {
			t.Errorf("another call, beside %d bytes: %v", test.bytes, err)
		}
	}
}

// A caller whose requests the upstream does not take waits, until it is cancelled; others go on beside it.
func TestUpstreamThatDoesNotRead(t *testing.T) {
	held, ended := make(chan bool, 1), make(chan error, 1)
	c := behind(t, serve(t, func(srv any, s grpc.ServerStream) error {
		if m, _ := grpc.MethodFromServerStream(s); m != hold {
			return echoAll(srv, s)
		}
		held <- true
		<-s.Context().Done()
		ended <- s.Context().Err()
		return nil
	}, grpc.StaticStreamWindowSize(64<<10)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := open(t, ctx, c, hold)
	var sent atomic.Int64
	blocked := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			err = s.SendMsg(message(make([]byte, 10<<10)))
			sent.Add(10 << 10)
		}
		blocked <- err
	}()
	<-held
	for range 100 {
		if err := once(t, t.Context(), c, make([]byte, 100<<10)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-blocked:
		t.Fatalf("it ended by itself: %v", err)
	default:
	}
	if n := sent.Load(); n > 1<<20 {
		t.Errorf("%d bytes were taken that the upstream does not read", n)
	}
	cancel()
	<-blocked
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the upstream saw %v", err)
	}
}

// broken panics at the first message that begins so.
type broken struct{ grpc.ServerStream }

func (b broken) RecvMsg(m any) error {
	err := b.ServerStream.RecvMsg(m)
	if err == nil && bytes.HasPrefix(m.(*relay.Message).Data.Materialize(), []byte("panic")) {
		panic("at the disco")
	}
	return err
}

// A panic where requests are copied ends that call, and no other.
func TestPanicEndsItsCall(t *testing.T) {
	c := behind(t, serve(t, echoAll), func(s grpc.ServerStream) grpc.ServerStream { return broken{s} })
	other := open(t, t.Context(), c, echo)
	for range 3 {
		fails(t, once(t, t.Context(), c, []byte("panic")), codes.Unknown, "at the disco")
		if err := other.echoes([]byte("still here")); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.end(); err != nil {
		t.Error(err)
	}
}
