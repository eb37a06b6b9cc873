package h2

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const method = "/some.Service/Call"

// serve starts a server whose one handler gets every call, and returns a client of it.
func serve(t *testing.T, handler grpc.StreamHandler, o ...grpc.ServerOption) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(handler), grpc.MaxRecvMsgSize(8 << 20),
	}, o...)...)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() { s.Stop(); <-served })
	return client(t, l.Addr().String())
}

func client(t *testing.T, addr string) *Client {
	c := NewClient(addr, nil)
	t.Cleanup(c.Close)
	return c
}

func echo(_ any, stream grpc.ServerStream) error {
	for {
		var m relay.Message
		if err := stream.RecvMsg(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&m); err != nil {
			return err
		}
	}
}

func message(b []byte) *relay.Message {
	return &relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(b)}}
}

// ask makes a call of one message and returns the first of its answers; it must be the only one.
func ask(ctx context.Context, c *Client, request []byte) ([]byte, error) {
	call, err := c.Open(ctx, method, nil)
	if err != nil {
		return nil, err
	}
	if err := call.SendMsg(message(request)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := call.CloseSend(); err != nil {
		return nil, err
	}
	var answer, more relay.Message
	if err := call.RecvMsg(&answer); err != nil {
		return nil, err
	}
	if err := call.RecvMsg(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("after the answer came %v", err)
	}
	return answer.Data.Materialize(), nil
}

func TestMessagesOfEverySize(t *testing.T) {
	call, err := serve(t, echo).Open(t.Context(), method, nil)
	if err != nil {
		t.Fatal(err)
	}
	sizes := []int{0, 1, 16<<10 - 6, 16<<10 - 5, 16 << 10, 0, 64<<10 - 5, 64 << 10, 1 << 20, 3, mostMessage}
	var sent sync.WaitGroup
	sent.Go(func() {
		for i, size := range sizes {
			if err := call.SendMsg(message(bytes.Repeat([]byte{byte(i)}, size))); err != nil {
				t.Error(err)
			}
		}
		_ = call.CloseSend() // it does not fail
	})
	for i, size := range sizes {
		var m relay.Message
		if err := call.RecvMsg(&m); err != nil || !bytes.Equal(m.Data.Materialize(), bytes.Repeat([]byte{byte(i)}, size)) {
			t.Fatalf("message %d: %d bytes, %v, want %d times %d", i, m.Data.Len(), err, size, i)
		}
	}
	sent.Wait()
	if err := call.RecvMsg(new(relay.Message)); !errors.Is(err, io.EOF) || !call.Judged() {
		t.Errorf("at the end: %v", err)
	}
}

func TestTooLongAnswer(t *testing.T) {
	_, err := ask(t.Context(), serve(t, echo), make([]byte, mostMessage+1))
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("error %v, want RESOURCE_EXHAUSTED", err)
	}
}

// Calls beyond those that the server takes at a time wait for their turn.
func TestServerTakesFewCallsAtATime(t *testing.T) {
	const most, calls = 7, 300
	var now, peak atomic.Int32
	c := serve(t, func(_ any, stream grpc.ServerStream) error {
		for n := now.Add(1); ; {
			if p := peak.Load(); n <= p || peak.CompareAndSwap(p, n) {
				break
			}
		}
		defer now.Add(-1)
		return echo(nil, stream)
	}, grpc.MaxConcurrentStreams(most))
	var all sync.WaitGroup
	for i := range uint64(calls) {
		all.Go(func() {
			request := binary.BigEndian.AppendUint64(nil, i)
			if answer, err := ask(t.Context(), c, request); err != nil || !bytes.Equal(answer, request) {
				t.Errorf("call %d: %x, %v", i, answer, err)
			}
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d calls at a time, want at most %d", peak.Load(), most)
	}
	// One that has given up waiting does not hold up those behind it.
	waiting, stop := context.WithCancel(t.Context())
	var open []*Call
	for range most {
		call, err := c.Open(waiting, method, nil)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, call)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Open(short, method, nil); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("one too many: %v, want DEADLINE_EXCEEDED", err)
	}
	all.Go(func() {
		if _, err := ask(t.Context(), c, nil); err != nil {
			t.Errorf("one that waits: %v", err)
		}
	})
	stop()
	all.Wait()
	for _, call := range open {
		if err := call.RecvMsg(new(relay.Message)); status.Code(err) != codes.Canceled {
			t.Errorf("a cancelled call: %v", err)
		}
	}
}

// A server that closes its connections now and then, and says so, is called over the next; calls under way go on.
func TestServerThatGoesAway(t *testing.T) {
	var mu sync.Mutex
	conns := make(map[string]bool)
	c := serve(t, func(_ any, stream grpc.ServerStream) error {
		p, _ := peer.FromContext(stream.Context())
		mu.Lock()
		conns[p.Addr.String()] = true
		mu.Unlock()
		return echo(nil, stream)
	}, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 20 * time.Millisecond}))
	seen := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(conns)
	}
	long, err := c.Open(t.Context(), method, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := byte(0); seen() < 5; n++ {
		if _, err := ask(t.Context(), c, nil); err != nil {
			t.Fatalf("after %d connections: %v", seen(), err)
		}
		var m relay.Message
		if err := errors.Join(long.SendMsg(message([]byte{n})), long.RecvMsg(&m)); err != nil || m.Data.Materialize()[0] != n {
			t.Fatalf("the call under way, after %d connections: %v", seen(), err)
		}
	}
	long.Abort(status.Error(codes.Aborted, "enough"))
	if err := long.RecvMsg(new(relay.Message)); status.Code(err) != codes.Aborted || long.Judged() {
		t.Errorf("the call that was aborted: %v", err)
	}
}

// afterFirst is a listener of which the first connection is taken by somebody else.
type afterFirst struct {
	net.Listener
	first func(net.Conn)
	once  sync.Once
}

func (l *afterFirst) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	l.once.Do(func() {
		if err == nil {
			l.first(conn)
			conn, err = l.Listener.Accept()
		}
	})
	return conn, err
}

// What a server has refused to look at is sent again, if all of it is there and short.
func TestRefusedCallIsMadeOnceMore(t *testing.T) {
	for name, refuse := range map[string]func(*http2.Framer, uint32) error{
		"GOAWAY":         func(f *http2.Framer, _ uint32) error { return f.WriteGoAway(0, http2.ErrCodeNo, nil) },
		"REFUSED_STREAM": func(f *http2.Framer, id uint32) error { return f.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
	} {
		for _, length := range []int{0, 1000, mostReplay} {
			t.Run(fmt.Sprint(name, length), func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s := grpc.NewServer(grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(echo))
				served := make(chan error, 1)
				first := func(conn net.Conn) {
					_, err := io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface)))
					f := http2.NewFramer(conn, conn)
					err = errors.Join(err, f.WriteSettings())
					for err == nil {
						var frame http2.Frame
						if frame, err = f.ReadFrame(); err != nil {
							break
						}
						if d, ok := frame.(*http2.DataFrame); ok && d.StreamEnded() {
							err = refuse(f, d.StreamID)
							if name == "REFUSED_STREAM" {
								err = f.WriteGoAway(d.StreamID, http2.ErrCodeNo, nil)
							}
						}
					}
					conn.Close()
				}
				go func() { served <- s.Serve(&afterFirst{Listener: l, first: first}) }()
				t.Cleanup(func() { s.Stop(); <-served })
				c := client(t, l.Addr().String())
				request := bytes.Repeat([]byte{7}, length)
				answer, err := ask(t.Context(), c, request)
				if length == mostReplay {
					if status.Code(err) != codes.Unavailable {
						t.Errorf("a long one ended with %v, want UNAVAILABLE", err)
					}
					answer, err = ask(t.Context(), c, request)
				}
				if err != nil || !bytes.Equal(answer, request) {
					t.Errorf("%d bytes, %v, want %d", len(answer), err, length)
				}
			})
		}
	}
}

func TestMuchMetadata(t *testing.T) {
	md := metadata.MD{"empty": {""}, "raw-bin": {"\x00\xff", ""}}
	for i := range 60 {
		name := fmt.Sprintf("name-%d", i)
		md.Append(name, strings.Repeat("v", 1000), fmt.Sprint(i))
	}
	c := serve(t, func(_ any, stream grpc.ServerStream) error {
		back, _ := metadata.FromIncomingContext(stream.Context())
		maps.DeleteFunc(back, func(name string, _ []string) bool { return md[name] == nil })
		stream.SetTrailer(back)
		return stream.SendHeader(back)
	})
	call, err := c.Open(t.Context(), method, md)
	if err != nil {
		t.Fatal(err)
	}
	header, err := call.Header()
	if err != nil || call.CloseSend() != nil || !errors.Is(call.RecvMsg(new(relay.Message)), io.EOF) {
		t.Errorf("it ended with %v", err)
	}
	for where, got := range map[string]metadata.MD{"header": header, "trailer": call.Trailer()} {
		if !maps.EqualFunc(got, md, slices.Equal) {
			t.Errorf("%s: %d names, want %d, or other values", where, len(got), len(md))
		}
	}
}

// A call whose answers nobody reads has few of them waiting, and others go on beside it.
func TestUnreadCallHoldsNobodyUp(t *testing.T) {
	var sent atomic.Int64
	c := serve(t, func(_ any, stream grpc.ServerStream) error {
		var m relay.Message
		if err := stream.RecvMsg(&m); err != nil {
			return err
		}
		for range binary.BigEndian.Uint32(m.Data.Materialize()) {
			if err := stream.SendMsg(message(make([]byte, 4<<10))); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
	open := func(answers uint32) *Call {
		call, err := c.Open(t.Context(), method, nil)
		if err != nil || call.SendMsg(message(binary.BigEndian.AppendUint32(nil, answers))) != nil || call.CloseSend() != nil {
			t.Fatal(err)
		}
		return call
	}
	var unread []*Call
	for range 50 { // together more than the connection's window
		call := open(1000)
		if _, err := call.Header(); err != nil {
			t.Fatal(err)
		}
		unread = append(unread, call)
	}
	read := func(call *Call, want int) {
		n := 0
		err := error(nil)
		for ; err == nil; n++ {
			err = call.RecvMsg(new(relay.Message))
		}
		if !errors.Is(err, io.EOF) || n-1 != want {
			t.Errorf("%d answers, %v, want %d", n-1, err, want)
		}
	}
	before := sent.Load()
	read(open(1000), 1000)
	if others := sent.Load() - before - 1000; others > 50*64 { // of what fits between the ends of those
		t.Errorf("%d answers that nobody reads were sent meanwhile", others)
	}
	for _, call := range unread {
		read(call, 1000)
	}
}

// A call that the server does not take requests of waits, until it is cancelled; others go on beside it.
func TestServerThatDoesNotRead(t *testing.T) {
	c := serve(t, func(_ any, stream grpc.ServerStream) error {
		if md, _ := metadata.FromIncomingContext(stream.Context()); md["wait"] != nil {
			<-stream.Context().Done()
			return nil
		}
		return echo(nil, stream)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	call, err := c.Open(ctx, method, metadata.Pairs("wait", ""))
	if err != nil {
		t.Fatal(err)
	}
	blocked := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = call.SendMsg(message(make([]byte, 10<<10)))
		}
		blocked <- err
	}()
	for range 100 {
		if _, err := ask(t.Context(), c, make([]byte, 10<<10)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-blocked:
		t.Fatalf("it ended by itself: %v", err)
	default:
	}
	cancel()
	if err := <-blocked; !errors.Is(err, io.EOF) {
		t.Errorf("sending ended with %v", err)
	}
	if err := call.RecvMsg(new(relay.Message)); status.Code(err) != codes.Canceled || call.Judged() {
		t.Errorf("the call ended with %v", err)
	}
}

func TestNotAgRPCServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == method {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "<html>") // to one that does not wait for it
	})}
	web.Protocols.SetUnencryptedHTTP2(true)
	go web.Serve(l)
	defer web.Close()
	c := client(t, l.Addr().String())
	for path, want := range map[string]codes.Code{method: codes.Unavailable, "/other.Service/Call": codes.Unknown} {
		call, err := c.Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := call.RecvMsg(new(relay.Message)); status.Code(err) != want || call.Judged() {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	web1 := &http.Server{}
	l1, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go web1.Serve(l1)
	defer web1.Close()
	if _, err := client(t, l1.Addr().String()).Open(t.Context(), method, nil); status.Code(err) != codes.Unavailable {
		t.Errorf("HTTP/1: %v, want UNAVAILABLE", err)
	}
}

func TestTimeout(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0n", 0: "0n", 1: "1n", 99999999: "99999999n", 1e8: "100000u", 1e8 + 1: "100001u", time.Hour: "3600000m",
		1000 * time.Hour: "3600000S", 1 << 62: "76861434M",
	} {
		if got := timeout(d); got != want {
			t.Errorf("%d ns are written %s, want %s", d, got, want)
		}
	}
}

func TestReset(t *testing.T) {
	for _, test := range []struct {
		code     http2.ErrCode
		deadline time.Time
		want     codes.Code
	}{
		{http2.ErrCodeCancel, time.Time{}, codes.Canceled},
		{http2.ErrCodeCancel, time.Now().Add(time.Hour), codes.Canceled},
		{http2.ErrCodeCancel, time.Now(), codes.DeadlineExceeded},
		{http2.ErrCodeRefusedStream, time.Time{}, codes.Unavailable},
		{http2.ErrCodeEnhanceYourCalm, time.Time{}, codes.ResourceExhausted},
		{http2.ErrCodeInadequateSecurity, time.Time{}, codes.PermissionDenied},
		{http2.ErrCodeProtocol, time.Now(), codes.Internal},
	} {
		if got := resetStatus(test.code, test.deadline).Code(); got != test.want {
			t.Errorf("%v: %v, want %v", test.code, got, test.want)
		}
	}
}

// Whatever a server says, its calls end when the connection does, and nothing else happens.
func FuzzServer(f *testing.F) {
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	f.Add([]byte(""))
	f.Add([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00"))                                     // no window
	f.Add([]byte("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))                             // GOAWAY
	f.Add([]byte("\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07"))                                             // RST_STREAM
	f.Add([]byte("\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88\x00\x00\x05\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00")) // HEADERS, DATA
	f.Fuzz(func(t *testing.T, said []byte) {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs)
		go func() {
			_, _ = io.WriteString(theirs, settings) // until the client closes
			_, _ = theirs.Write(said)
			theirs.Close()
		}()
		c := newConn(ours, "test")
		if err := c.greet(); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(c.read)
		running.Go(c.write)
		for range 2 {
			call, err := c.open(t.Context(), method, nil)
			if errors.Is(err, errGone) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			running.Go(func() { _ = call.SendMsg(message(make([]byte, 100<<10))) }) // until the call is over
			running.Go(func() {
				for call.RecvMsg(new(relay.Message)) == nil {
				}
			})
		}
		running.Wait()
	})
}
