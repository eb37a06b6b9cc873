package h2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	remote "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"routeguide/server/lab/loopback"
	"routeguide/server/relay"
)

// Calls beyond those that the server takes at a time wait for their turn.
func TestServerTakesFewCallsAtATime(t *testing.T) {
	const most, calls = 7, 300
	var now, peak atomic.Int32
	f := newFar()
	n := newNear(t, lasting, serve(t, func(srv any, s grpc.ServerStream) error {
		for n := now.Add(1); ; {
			if p := peak.Load(); n <= p || peak.CompareAndSwap(p, n) {
				break
			}
		}
		defer now.Add(-1)
		return f.serve(srv, s)
	}, grpc.MaxConcurrentStreams(most)))
	clients := []*grpc.ClientConn{n.client(), n.client()}
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			if err := ask(t, clients[i%2], echo, fmt.Append(nil, i)); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d calls at a time, want at most %d", peak.Load(), most)
	}
	n.reports(map[codes.Code]int{codes.OK: calls})
}

func limit(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n}
}

// begun waits for the next call, which must have this name.
func (p *peer) begun(id uint32, name string) {
	p.t.Helper()
	for _, f := range want[*http2.MetaHeadersFrame](p, id).Fields {
		if f.Name == "name" && f.Value == name {
			return
		}
	}
	p.t.Fatalf("call %d is not %q", id, name)
}

func TestCallsWaitForTheirTurn(t *testing.T) {
	l := listen(t)
	n := newNear(t, lasting, l.Addr().String())
	p := n.dial()
	names := strings.Split("a,b,c,d,e,f,g,h", ",")
	id := func(name string) uint32 { return uint32(strings.Index("abcdefgh", name))*2 + 1 }
	for _, name := range names {
		p.call(id(name), echo, true, "name", name)
	}
	p.sync()
	to := accept(t, l, limit(1))
	answer := func(call uint32, name string) {
		t.Helper()
		to.answer(call)
		to.trailer(call)
		p.wants(id(name), codes.OK)
	}
	to.begun(1, "a")
	p.must(p.WriteRSTStream(id("c"), http2.ErrCodeCancel))
	p.sync()
	to.sync() // nothing else has come
	answer(1, "a")
	to.begun(3, "b")
	to.settings(limit(2))
	to.begun(5, "d") // c has left
	to.settings(limit(0))
	to.sync()
	answer(3, "b")
	answer(5, "d")
	to.sync()
	to.settings(limit(1))
	to.begun(7, "e")
	to.must(to.WriteGoAway(7, http2.ErrCodeNo, nil)) // f and those after it need not wait for e
	next := accept(t, l, limit(2))
	next.begun(1, "f")
	next.begun(3, "g")
	answer(7, "e")
	to.closed()
	n.target.Close()
	for _, name := range []string{"f", "g", "h"} {
		p.wants(id(name), codes.Unavailable)
	}
	p.call(101, echo, true)
	p.wants(101, codes.Unavailable)
	n.reports(map[codes.Code]int{codes.OK: 4, codes.Canceled: 1, codes.Unavailable: 4})
}

// Calls that are given up while they wait take no memory.
func TestCallsGivenUpWhileTheyWait(t *testing.T) {
	l := listen(t)
	n := newNear(t, lasting, l.Addr().String())
	p := n.dial()
	p.call(1, echo, true, "name", "first")
	to := accept(t, l, limit(1))
	to.begun(1, "first")
	const many = 5000
	for id := uint32(3); id < 3+2*many; id += 2 {
		p.call(id, echo, true)
		p.must(p.WriteRSTStream(id, http2.ErrCodeCancel))
	}
	p.sync()
	n.target.mu.Lock()
	if k := len(n.target.waiting); k > 20 {
		t.Errorf("%d calls wait", k)
	}
	n.target.mu.Unlock()
	p.call(3+2*many, echo, true, "name", "last")
	to.answer(1)
	to.trailer(1)
	to.begun(3, "last")
	to.must(to.WriteRSTStream(3, http2.ErrCodeEnhanceYourCalm))
	if f := want[*http2.RSTStreamFrame](p, 3+2*many); f.ErrCode != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("it was reset with %v", f.ErrCode)
	}
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Canceled: many, codes.ResourceExhausted: 1})
}

// A caller with much metadata cannot make a target that is slow to read lose calls of others.
func TestTargetThatIsSlowToRead(t *testing.T) {
	l := listen(t)
	n := newNear(t, lasting, l.Addr().String())
	other := n.dial()
	other.call(1, echo, true, "name", "other")
	to := accept(t, l)
	to.begun(1, "other")
	const many = 300
	p := n.dial()
	for i := range uint32(many) {
		p.call(1+2*i, echo, true, "name", fmt.Sprint(i), "much", strings.Repeat("\t", 60_000))
	}
	p.sync()
	n.target.mu.Lock()
	w := n.target.wire
	n.target.mu.Unlock()
	w.mu.Lock()
	if len(w.out) > 2*callsOut {
		t.Errorf("%d bytes wait", len(w.out))
	}
	w.mu.Unlock()
	for i := range uint32(many) {
		to.begun(3+2*i, fmt.Sprint(i))
	}
	to.answer(1)
	to.trailer(1)
	other.wants(1, codes.OK)
	p.conn.Close()
	for ended := 0; ended < many; {
		f, err := to.next()
		to.must(err)
		if _, ok := f.(*http2.RSTStreamFrame); ok {
			ended++
		}
	}
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Canceled: many})
}

// A server that closes its connections now and then, and says so, is called over the next; calls under way go on.
func TestServerThatGoesAway(t *testing.T) {
	var mu sync.Mutex
	conns := make(map[string]bool)
	f := newFar()
	n := newNear(t, lasting, serve(t, func(srv any, s grpc.ServerStream) error {
		p, _ := remote.FromContext(s.Context())
		mu.Lock()
		conns[p.Addr.String()] = true
		mu.Unlock()
		return f.serve(srv, s)
	}, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 20 * time.Millisecond})))
	seen := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(conns)
	}
	c := n.client()
	long := open(t, t.Context(), c, echo)
	calls := 1
	for ; seen() < 5; calls++ {
		if err := ask(t, c, echo, nil); err != nil {
			t.Fatalf("after %d connections: %v", seen(), err)
		}
		if err := long.echoes(fmt.Append(nil, calls)); err != nil {
			t.Fatalf("the call under way, after %d connections: %v", seen(), err)
		}
	}
	if err := long.end(); err != nil {
		t.Error(err)
	}
	n.reports(map[codes.Code]int{codes.OK: calls})
}

// What a server has refused to look at, a client makes once more.
func TestRefusedCall(t *testing.T) {
	for name, refuse := range map[string]func(*peer, uint32) error{
		"GOAWAY":         func(p *peer, _ uint32) error { return p.WriteGoAway(0, http2.ErrCodeNo, nil) },
		"REFUSED_STREAM": func(p *peer, id uint32) error { return p.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			n := newNear(t, lasting, l.Addr().String())
			asked := make(chan error, 1)
			go func() {
				s := open(t, t.Context(), n.client(), echo)
				asked <- errors.Join(s.SendMsg(message([]byte("x"))), s.end())
			}()
			p, id := accept(t, l), uint32(1)
			want[*http2.MetaHeadersFrame](p, id)
			p.must(refuse(p, id))
			if name == "GOAWAY" {
				p.closed()
				p = accept(t, l)
			} else {
				id = 3
			}
			want[*http2.MetaHeadersFrame](p, id)
			p.receives(id, 6)
			p.answer(id)
			p.trailer(id)
			if err := <-asked; err != nil {
				t.Error(err)
			}
			n.reports(map[codes.Code]int{codes.Unavailable: 1, codes.OK: 1})
		})
	}
}

// fails checks that a call ends so, and says who is to blame.
func fails(t *testing.T, err error, code codes.Code, say string) {
	t.Helper()
	if st := status.Convert(err); st.Code() != code || !strings.Contains(st.Message(), say) {
		t.Errorf("%v, want %v with %q", err, code, say)
	}
}

func TestTargetThatComesAndGoes(t *testing.T) {
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	n := newNear(t, lasting, addr)
	c := n.client()
	fails(t, ask(t, c, echo, nil), codes.Unavailable, "the far server is unavailable")
	ok := 0
	for range 2 {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer(grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(newFar().serve))
		var served sync.WaitGroup
		served.Go(func() { _ = s.Serve(l) })
		eventually(t, "it is called when it is back", func() bool { return ask(t, c, echo, nil) == nil })
		call := open(t, t.Context(), c, echo)
		if err := call.echoes(nil); err != nil {
			t.Error(err)
		}
		ok++
		s.Stop()
		served.Wait()
		fails(t, call.end(), codes.Unavailable, "the far server is unavailable")
		eventually(t, "it is away", func() bool { return ask(t, c, echo, nil) != nil })
	}
	if err := ask(t, c, healthy, nil); err != nil {
		t.Error(err)
	}
	eventually(t, "all calls are reported", func() bool { return n.calls() == 0 })
	n.mu.Lock()
	if n.ended[codes.OK] < ok+1 || len(n.ended) != 2 {
		t.Errorf("reported: %v", n.ended)
	}
	n.mu.Unlock()
}

func TestConnectionLostInACall(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*peer)
		bytes  int
	}{
		"before the header": {func(*peer) {}, 0},
		"after the header":  {func(to *peer) { to.answer(1) }, 0},
		"with a message":    {func(to *peer) { to.answer(1); to.must(to.WriteData(1, false, make([]byte, 1000))) }, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			n := newNear(t, lasting, l.Addr().String())
			p := n.dial(initial(0))
			p.call(1, echo, false)
			p.call(3, healthy, true)
			to := accept(t, l)
			want[*http2.MetaHeadersFrame](to, 1)
			test.before(to)
			if test.bytes > 0 {
				want[*http2.MetaHeadersFrame](p, 1)
			}
			to.sync()
			to.conn.Close()
			p.wants(3, codes.OK)
			if test.bytes > 0 { // comes before the error
				p.take(1, test.bytes)
				p.receives(1, test.bytes)
			}
			p.wants(1, codes.Unavailable)
			n.reports(map[codes.Code]int{codes.OK: 1, codes.Unavailable: 1})
		})
	}
}

func TestNotAgRPCServer(t *testing.T) {
	l := listen(t)
	web := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case hold:
			w.WriteHeader(http.StatusServiceUnavailable)
		case echo:
			_, _ = io.WriteString(w, "<html>") // to one that does not wait for it
		default:
			w.Header().Set("content-type", "application/grpc")
			_, _ = w.Write(framed(nil)) // the same
		}
	})}
	web.Protocols.SetUnencryptedHTTP2(true)
	go web.Serve(l)
	defer web.Close()
	n := newNear(t, lasting, l.Addr().String())
	c := n.client()
	for method, code := range map[string]codes.Code{hold: codes.Unavailable, echo: codes.Unknown, patient: codes.Internal} {
		s := open(t, t.Context(), c, method)
		_ = s.CloseSend() // the server's end is looked at
		var err error
		for err == nil {
			err = s.RecvMsg(new(relay.Message))
		}
		fails(t, err, code, "")
		n.reports(map[codes.Code]int{code: 1})
	}
	l1 := listen(t)
	web1 := &http.Server{}
	go web1.Serve(l1)
	defer web1.Close()
	n = newNear(t, lasting, l1.Addr().String())
	fails(t, ask(t, n.client(), echo, nil), codes.Unavailable, "the far server is unavailable: it does not")
	n.reports(map[codes.Code]int{codes.Unavailable: 1})
}

// What a target sends that it must not ends that call, or all of that target, and nothing else.
func TestTargetThatMisbehaves(t *testing.T) {
	data := func(to *peer) { to.must(to.WriteData(1, false, []byte("x"))) }
	for name, test := range map[string]struct {
		does  func(to *peer)
		code  codes.Code // of the call
		whole bool       // the connection is given up
	}{
		"DATA before HEADERS": {data, codes.Internal, false},
		"two HEADERS":         {func(to *peer) { to.answer(1); to.answer(1) }, codes.Internal, false},
		"no :status":          {func(to *peer) { to.headers(1, false, "content-type", "application/grpc") }, codes.Internal, false},
		"a request":           {func(to *peer) { to.headers(1, false, ":method", "GET") }, codes.Internal, false},
		"a trailer with :path": {func(to *peer) { to.answer(1); to.headers(1, true, ":path", "/", "grpc-status", "0") },
			codes.Internal, false},
		"1xx at the end": {func(to *peer) { to.headers(1, true, ":status", "100") }, codes.Internal, false},
		"bad names":      {func(to *peer) { to.answer(1, "Upper", "x") }, codes.Internal, false},
		"DATA beyond the window": {func(to *peer) {
			to.answer(1)
			for range 20 {
				to.must(to.WriteData(1, false, make([]byte, 16<<10)))
			}
		}, codes.Internal, false},
		"WINDOW_UPDATE beyond all": {func(to *peer) { to.must(to.WriteWindowUpdate(1, 1<<31-1)) }, codes.Internal, false},
		"a stream never opened":    {func(to *peer) { to.answer(99) }, codes.Unavailable, true},
		"DATA of a stream never opened": {func(to *peer) { to.must(to.WriteData(99, false, nil)) },
			codes.Unavailable, true},
		"an even stream": {func(to *peer) { to.answer(2) }, codes.Unavailable, true},
		"PUSH_PROMISE": {func(to *peer) {
			to.must(to.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true}))
		}, codes.Unavailable, true},
		"WINDOW_UPDATE of the connection beyond all": {func(to *peer) { to.must(to.WriteWindowUpdate(0, 1<<31-1)) },
			codes.Unavailable, true},
		"bad SETTINGS": {func(to *peer) { to.must(to.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1})) },
			codes.Unavailable, true},
		"HTTP/1": {func(to *peer) { _, _ = io.WriteString(to.conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, codes.Unavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			n := newNear(t, lasting, l.Addr().String())
			p := n.dial()
			p.call(1, echo, false)
			p.call(3, healthy, false)
			p.call(5, echo, false)
			to := accept(t, l)
			want[*http2.MetaHeadersFrame](to, 1)
			want[*http2.MetaHeadersFrame](to, 3)
			test.does(to)
			if test.whole {
				to.closed()
				p.wants(1, test.code)
				p.wants(5, codes.Unavailable)
			} else {
				want[*http2.RSTStreamFrame](to, 1)
				p.take(0, 1<<20)
				p.take(1, 1<<20)
				p.wants(1, test.code)
				to.must(to.WriteData(1, true, nil)) // of a call that is over
				to.answer(3)
				to.trailer(3)
				p.wants(5, codes.OK)
			}
			p.must(p.WriteData(3, true, nil))
			p.wants(3, codes.OK)
			reports := map[codes.Code]int{codes.OK: 1}
			reports[test.code]++
			if test.whole {
				reports[codes.Unavailable]++
			} else {
				reports[codes.OK]++
			}
			n.reports(reports)
		})
	}
}

// leaving are the ways in which a caller does.
var leaving = map[string]func(*peer){
	"RST_STREAM": func(p *peer) { p.must(p.WriteRSTStream(1, http2.ErrCodeCancel)) },
	"closed":     func(p *peer) { p.conn.Close() },
}

func TestCallerThatLeaves(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			f := newFar()
			n := newNear(t, lasting, serve(t, f.serve))
			p := n.dial()
			p.call(1, hold, false)
			<-f.held
			leave(p)
			if err := <-f.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the server saw %v", err)
			}
			n.reports(map[codes.Code]int{codes.Canceled: 1})
		})
	}
}

func TestCallerThatLeavesBeforeItsTargetIsThere(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			dialling, dial := make(chan bool), make(chan bool)
			n := relayTo(t, lasting, TargetOptions{Name: "the far server", Dial: func(ctx context.Context) (net.Conn, error) {
				dialling <- true
				<-dial
				return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
			}})
			p, other := n.dial(), n.dial()
			p.call(1, echo, false, "name", "gone")
			<-dialling
			p.must(p.WriteData(1, false, make([]byte, 1000)))
			leave(p)
			n.reports(map[codes.Code]int{codes.Canceled: 1})
			other.call(1, echo, false, "name", "there")
			other.must(other.WriteData(1, true, []byte("early")))
			other.sync()
			close(dial)
			to := accept(t, l)
			to.begun(1, "there")
			if d := want[*http2.DataFrame](to, 1); string(d.Data()) != "early" || !d.StreamEnded() {
				t.Errorf("%v: %q", d.Header(), d.Data())
			}
			to.answer(1)
			to.trailer(1)
			other.wants(1, codes.OK)
			to.sync() // nothing else has come
			n.reports(map[codes.Code]int{codes.OK: 1})
		})
	}
}

// TestOwnName is that a target is told its own address, or that which the caller knows where it has none.
func TestOwnName(t *testing.T) {
	names := make(chan []string, 1)
	handler := func(_ any, s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		names <- md[":authority"]
		return nil
	}
	addr := serve(t, handler)
	for _, n := range []*near{newNear(t, lasting, addr), relayTo(t, lasting, TargetOptions{
		Dial: func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", addr) },
	})} {
		p := n.dial()
		p.call(1, echo, true, "host", "elsewhere")
		p.wants(1, codes.OK)
		want := n.target.Addr
		if want == "" {
			want = "far"
		}
		if got := <-names; len(got) != 1 || got[0] != want {
			t.Errorf("it is called %q, want %q", got, want)
		}
	}
}
