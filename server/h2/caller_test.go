package h2

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

// What a caller sends that it must not ends that call, or its connection, and nothing of others.
func TestCallerThatMisbehaves(t *testing.T) {
	type does func(p *peer)
	header := func(fields ...string) does { return func(p *peer) { p.call(3, echo, true, fields...) } }
	raw := func(fields ...string) does { return func(p *peer) { p.headers(3, true, fields...) } }
	window := func(id, n uint32) does {
		return func(p *peer) { p.must(p.WriteRawFrame(http2.FrameWindowUpdate, 0, id, be32(n))) }
	}
	for name, test := range map[string]struct {
		does  does
		reset uint32 // this stream is
		code  http2.ErrCode
	}{
		"connection":        {header("connection", "close"), 3, http2.ErrCodeProtocol},
		"transfer-encoding": {header("transfer-encoding", "chunked"), 3, http2.ErrCodeProtocol},
		"te: gzip":          {header("te", "gzip"), 3, http2.ErrCodeProtocol},
		"upper case":        {header("Name", "x"), 3, http2.ErrCodeProtocol},
		"line feed":         {header("name", "x\ny"), 3, http2.ErrCodeProtocol},
		":status":           {header(":status", "200"), 3, http2.ErrCodeProtocol},
		"only :status":      {raw(":status", "200"), 3, http2.ErrCodeProtocol},
		":protocol":         {raw(":method", "CONNECT", ":path", echo, ":protocol", "x"), 3, http2.ErrCodeProtocol},
		"no path":           {raw(":method", "POST", ":scheme", "http", ":authority", "far"), 3, http2.ErrCodeProtocol},
		"no method":         {raw(":path", echo, ":scheme", "http", ":authority", "far"), 3, http2.ErrCodeProtocol},
		"trailer":           {func(p *peer) { p.headers(1, true, "name", "x") }, 1, http2.ErrCodeProtocol},
		"DATA after the end": {func(p *peer) {
			p.must(p.WriteData(1, true, nil))
			p.must(p.WriteData(1, false, nil))
		}, 1, http2.ErrCodeStreamClosed},
		"DATA beyond the window": {func(p *peer) {
			for range 10 { // more than is given back for what the server takes unread
				p.must(p.WriteData(1, false, make([]byte, 16<<10)))
			}
		}, 1, http2.ErrCodeFlowControl},
		"window beyond all": {window(1, 1<<31-1), 1, http2.ErrCodeFlowControl},
		"window of 0":       {window(1, 0), 1, http2.ErrCodeProtocol},

		"even stream":                {func(p *peer) { p.call(4, echo, true) }, 0, http2.ErrCodeProtocol},
		"DATA of no stream":          {func(p *peer) { p.must(p.WriteData(99, true, nil)) }, 0, http2.ErrCodeProtocol},
		"DATA of an even stream":     {func(p *peer) { p.must(p.WriteData(2, true, nil)) }, 0, http2.ErrCodeProtocol},
		"RST_STREAM of none":         {func(p *peer) { p.must(p.WriteRSTStream(99, 0)) }, 0, http2.ErrCodeProtocol},
		"window of none":             {window(99, 1), 0, http2.ErrCodeProtocol},
		"window of the connection":   {window(0, 1<<31-1), 0, http2.ErrCodeFlowControl},
		"0 as one of the connection": {window(0, 0), 0, http2.ErrCodeProtocol},
		"PUSH_PROMISE": {func(p *peer) {
			p.must(p.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true}))
		}, 0, http2.ErrCodeProtocol},
		"SETTINGS": {func(p *peer) {
			p.must(p.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1}))
		}, 0, http2.ErrCodeProtocol},
		"CONTINUATION of nothing": {func(p *peer) { p.must(p.WriteContinuation(3, true, nil)) }, 0, http2.ErrCodeProtocol},
		"HEADERS that are not encoded": {func(p *peer) {
			p.must(p.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 3, []byte{0xff}))
		}, 0, http2.ErrCodeCompression},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFar()
			n := newNear(t, lasting, serve(t, f.serve))
			other := open(t, t.Context(), n.client(), echo)
			if err := other.echoes([]byte("before")); err != nil {
				t.Fatal(err)
			}
			p := n.dial()
			p.call(1, hold, false)
			<-f.held
			test.does(p)
			if test.reset > 0 {
				if f := want[*http2.RSTStreamFrame](p, test.reset); f.ErrCode != test.code {
					t.Errorf("it was reset with %v, want %v", f.ErrCode, test.code)
				}
				p.call(5, echo, true)
				p.wants(5, codes.OK)
				p.conn.Close()
			} else if f := p.closed(); f == nil || f.ErrCode != test.code {
				t.Errorf("it was closed with %v, want %v", f, test.code)
			}
			if err := <-f.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("its call ended with %v", err)
			}
			if err := errors.Join(other.echoes([]byte("after")), other.end()); err != nil {
				t.Errorf("another caller: %v", err)
			}
			switch {
			case test.reset == 0:
				n.reports(map[codes.Code]int{codes.OK: 1, codes.Canceled: 1})
			case test.reset == 1:
				n.reports(map[codes.Code]int{codes.OK: 2, codes.Internal: 1})
			default: // some are known as no calls at all
				eventually(t, "the call has ended", func() bool { return n.calls() == 0 })
			}
		})
	}
}

func be32(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

// A stream that is over may be spoken of.
func TestCallThatIsOver(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	p := n.dial()
	p.call(5, unknown, false)
	p.wants(5, codes.Unimplemented)
	for _, id := range []uint32{5, 3} { // 3 was passed over
		p.must(p.WriteData(id, false, make([]byte, 1000)))
		p.must(p.WriteWindowUpdate(id, 1))
		p.must(p.WriteRSTStream(id, http2.ErrCodeCancel))
		p.call(id, echo, true)
	}
	p.sync()
	p.call(7, echo, true)
	p.wants(7, codes.OK)
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Unimplemented: 1})
}

// A call too many is refused, and may be made again when another one has ended.
func TestCallerWithManyCalls(t *testing.T) {
	o := lasting
	o.Calls = 2
	f := newFar()
	n := newNear(t, o, serve(t, f.serve))
	p := n.dial()
	for _, id := range []uint32{1, 3} {
		p.call(id, hold, false)
		<-f.held
	}
	p.call(5, echo, false)
	if f := want[*http2.RSTStreamFrame](p, 5); f.ErrCode != http2.ErrCodeRefusedStream {
		t.Errorf("it was reset with %v", f.ErrCode)
	}
	p.must(p.WriteRSTStream(1, http2.ErrCodeCancel))
	p.call(7, echo, true)
	p.wants(7, codes.OK)
	p.must(p.WriteRSTStream(3, http2.ErrCodeCancel))
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Canceled: 2})
}

// Whoever does not begin as HTTP/2 does is closed, and nobody waits for it.
func TestGreeting(t *testing.T) {
	o := lasting
	o.Greet = 50 * time.Millisecond
	slow, quick := newNear(t, o, ""), newNear(t, lasting, "")
	for said, n := range map[string]*near{
		"": slow, http2.ClientPreface[:10]: slow, http2.ClientPreface: slow,
		"GET / HTTP/1.1\r\nhost: here\r\n\r\n":                                                       quick,
		http2.ClientPreface + "\x00\x00\x08\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": quick, // PING
		http2.ClientPreface + "\x00\x00\x00\x04\x01\x00\x00\x00\x00":                                 quick, // acknowledged SETTINGS
	} {
		p := n.connect()
		p.say(said)
		p.closed()
	}
	p := quick.connect()
	p.say(http2.ClientPreface)
	_, err := p.ReadFrame() // so it has been taken
	p.must(err)
	quick.Shutdown(t.Context())
	p.closed()
}

// The answer to a ping goes along with what is written next, in front of it. It waits for that, but not long, and not when
// there is another one.
func TestPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := relay.Listen(), NewRelay(lasting)
		var served sync.WaitGroup
		t.Cleanup(func() { r.Shutdown(context.Background()); served.Wait() })
		served.Go(func() {
			if err := r.Serve(l, func(string) (Route, error) { return Route{}, status.Error(codes.Unimplemented, "") }); err != nil {
				t.Error(err)
			}
		})
		conn, err := l.Dial()
		if err != nil {
			t.Fatal(err)
		}
		p := newPeer(t, conn)
		p.begin()
		p.sync()
		asked := time.Now()
		ping := func(n byte) { t.Helper(); p.must(p.WritePing(false, [8]byte{n})) }
		answered := func(n byte, after time.Duration) {
			t.Helper()
			f, err := p.next()
			p.must(err)
			if f, ok := f.(*http2.PingFrame); !ok || f.Data != [8]byte{n} || time.Since(asked) != after {
				t.Errorf("%v after %v, want the answer to ping %d after %v", f, time.Since(asked), n, after)
			}
			asked = time.Now()
		}

		ping(1)
		answered(1, pongDelay)
		ping(2)
		ping(3)
		answered(2, 0)
		answered(3, 0)
		ping(4)
		synctest.Wait()
		p.call(1, unknown, true)
		answered(4, 0)
		p.wants(1, codes.Unimplemented)
		ping(5)
		answered(5, pongDelay)
	})
}

// A caller that does not read what it asks for is given up, and costs no memory until then.
func TestFloods(t *testing.T) {
	for name, flood := range map[string]func(*peer, uint32) error{
		"PING":     func(p *peer, _ uint32) error { return p.WritePing(false, [8]byte{}) },
		"SETTINGS": func(p *peer, _ uint32) error { return p.WriteSettings() },
		"calls": func(p *peer, i uint32) error {
			p.packed.Reset()
			for _, f := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", unknown}} {
				_ = p.packer.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}) // to memory
			}
			return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 3, BlockFragment: p.packed.Bytes(), EndHeaders: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNear(t, lasting, serve(t, newFar().serve))
			other := open(t, t.Context(), n.client(), echo)
			p := n.dial()
			p.call(1, echo, false)
			want[*http2.MetaHeadersFrame](p, 1)
			c := n.caller(p)
			p.must(c.net.(*net.TCPConn).SetWriteBuffer(4 << 10))
			out := bufio.NewWriterSize(p.conn, 32<<10)
			p.Framer = http2.NewFramer(out, nil)
			var many atomic.Uint32
			flooding := make(chan bool)
			go func() {
				defer close(flooding)
				for ; flood(p, many.Load()) == nil; many.Add(1) {
				}
			}()
			for flooded := false; !flooded; {
				select {
				case <-flooding:
					flooded = true
				case <-time.After(time.Millisecond):
				}
				c.mu.Lock()
				if len(c.out) > mostOut+streamWindow {
					t.Errorf("%d bytes wait", len(c.out))
				}
				c.mu.Unlock()
			}
			c.mu.Lock()
			if many.Load() < 100 || c.err == nil || c.err.Error() != "it does not read" {
				t.Errorf("it was given up after %d: %v", many.Load(), c.err)
			}
			c.mu.Unlock()
			if err := errors.Join(other.echoes([]byte("x")), other.end()); err != nil {
				t.Errorf("another caller: %v", err)
			}
			eventually(t, "its calls have ended", func() bool { return n.calls() == 0 })
		})
	}
}

// What asks for nothing may come as often as it likes.
func TestFloodsOfNothing(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	p := n.dial()
	p.call(1, echo, false)
	const many = 3000
	for id := uint32(3); id < 3+2*many; id += 2 {
		p.must(p.WriteData(1, false, nil))
		p.must(p.WriteDataPadded(1, false, nil, make([]byte, 100)))
		p.must(p.WriteWindowUpdate(1, 1))
		p.call(id, echo, false)
		p.must(p.WriteRSTStream(id, http2.ErrCodeCancel))
	}
	p.must(p.WriteData(1, true, framed([]byte("x"))))
	want[*http2.MetaHeadersFrame](p, 1)
	p.receives(1, 6)
	p.wants(1, codes.OK)
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Canceled: many})
}

// A caller that does not read is given time from one look at it to the next.
func TestCallerThatDoesNotRead(t *testing.T) {
	f := newFar()
	n := newNear(t, lasting, serve(t, f.serve))
	p := n.dial(initial(100))
	p.call(1, hold, false) // has no answer to be read
	<-f.held
	c := n.caller(p)
	for id := uint32(3); id <= 5; id += 2 {
		p.call(id, echo, false)
		want[*http2.MetaHeadersFrame](p, id)
		p.must(p.WriteData(id, false, framed(make([]byte, 200))))
		p.receives(id, 100)
		eventually(t, "the rest is there", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.ends[id].queue) == 105
		})
		if id == 5 {
			c.sweep(time.Now())
			p.take(id, 5)
			p.receives(id, 5)
		}
		c.sweep(time.Now())
		p.sync() // it is not reset
		c.sweep(time.Now())
		if f := want[*http2.RSTStreamFrame](p, id); f.ErrCode != http2.ErrCodeEnhanceYourCalm {
			t.Errorf("it was reset with %v", f.ErrCode)
		}
	}
	n.reports(map[codes.Code]int{codes.ResourceExhausted: 2})
	p.must(p.WriteRSTStream(1, http2.ErrCodeCancel))
	<-f.ended
	n.reports(map[codes.Code]int{codes.Canceled: 1})
}

func TestSilentCaller(t *testing.T) {
	f := newFar()
	n := newNear(t, lasting, serve(t, f.serve))
	p := n.dial()
	p.call(1, hold, false)
	<-f.held
	c := n.caller(p)
	for range 3 {
		c.sweep(time.Now())
		c.sweep(time.Now()) // asks
		for asked := false; !asked; {
			f, err := p.ReadFrame()
			p.must(err)
			_, asked = f.(*http2.PingFrame)
		}
		p.must(p.WritePing(true, [8]byte{}))
		p.sync()
	}
	for range 3 {
		c.sweep(time.Now())
	}
	p.closed()
	<-f.ended
	n.reports(map[codes.Code]int{codes.Canceled: 1})
}

// A connection is closed when there were no calls for long enough, and nobody who asks for that time and again keeps it.
func TestIdleCaller(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	p := n.dial()
	p.call(1, echo, false)
	want[*http2.MetaHeadersFrame](p, 1)
	c, now := n.caller(p), time.Now()
	c.sweep(now.Add(time.Hour))
	p.must(p.WriteData(1, true, nil))
	p.wants(1, codes.OK)
	c.sweep(now.Add(time.Hour + lasting.Idle/2))
	p.call(3, echo, true) // goes by between two looks
	p.wants(3, codes.OK)
	c.sweep(now.Add(time.Hour + lasting.Idle))
	p.sync()
	c.sweep(now.Add(time.Hour + 2*lasting.Idle))
	if f := p.closed(); f == nil || f.ErrCode != http2.ErrCodeNo || f.LastStreamID != 3 {
		t.Errorf("it was closed with %v", f)
	}
	n.reports(map[codes.Code]int{codes.OK: 2})

	o := lasting
	o.Patience, o.Idle = 10*time.Millisecond, 10*time.Millisecond
	if f := newNear(t, o, "").dial().closed(); f == nil || f.ErrCode != http2.ErrCodeNo {
		t.Errorf("one that called nobody was closed with %v", f)
	}
}

// shutdown begins it, and waits until callers know.
func (n *near) shutdown(ctx context.Context) (done chan bool) {
	done = make(chan bool)
	go func() { n.Shutdown(ctx); close(done) }()
	eventually(n.t, "no connection is taken", func() bool {
		conn, err := net.Dial("tcp", n.addr)
		if err != nil {
			return true
		}
		conn.Close()
		return false
	})
	return done
}

func TestShutdown(t *testing.T) {
	f := newFar()
	n := newNear(t, lasting, serve(t, f.serve))
	p, idle, ctx := n.dial(), n.dial(), t.Context()
	idle.sync()
	p.call(1, hold, false)
	<-f.held
	p.call(3, patient, false)
	want[*http2.MetaHeadersFrame](p, 3)
	done := n.shutdown(ctx)
	p.wants(1, codes.Unavailable)
	if err := <-f.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the server saw %v", err)
	}
	if f := idle.closed(); f == nil || f.ErrCode != http2.ErrCodeNo {
		t.Errorf("an idle connection was closed with %v", f)
	}
	p.call(5, echo, false)
	p.must(p.WriteData(5, true, framed([]byte("x"))))
	if f := want[*http2.RSTStreamFrame](p, 5); f.ErrCode != http2.ErrCodeRefusedStream {
		t.Errorf("a new call was reset with %v", f.ErrCode)
	}
	p.must(p.WriteData(3, false, framed([]byte("y"))))
	p.receives(3, 6)
	select {
	case <-done:
		t.Error("it did not wait")
	default:
	}
	p.must(p.WriteData(3, true, nil))
	p.wants(3, codes.OK)
	p.closed()
	<-done
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Unavailable: 1})
	if err := n.Serve(listen(t), nil); err != nil {
		t.Errorf("after the end: %v", err)
	}
}

func TestShutdownThatDoesNotWait(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	p := n.dial()
	p.call(1, patient, false)
	want[*http2.MetaHeadersFrame](p, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := n.shutdown(ctx)
	cancel()
	<-done
	n.reports(map[codes.Code]int{codes.Canceled: 1})
}

func TestClosedTarget(t *testing.T) {
	f := newFar()
	n := newNear(t, lasting, serve(t, f.serve))
	c := n.client()
	s := open(t, t.Context(), c, hold)
	<-f.held
	const many = 2000
	p := n.dial()
	for id := uint32(1); id < 2*many; id += 2 {
		p.call(id, echo, false)
		want[*http2.MetaHeadersFrame](p, id)
	}
	n.target.Close()
	if k := n.calls(); k != 0 {
		t.Errorf("%d of its calls have not ended", k)
	}
	fails(t, s.end(), codes.Unavailable, "the far server is unavailable: the connection is lost: it is closed")
	fails(t, ask(t, c, echo, nil), codes.Unavailable, "the far server is unavailable: it is closed")
	if err := ask(t, c, healthy, []byte(strings.Repeat("x", 1000))); err != nil {
		t.Error(err)
	}
	n.reports(map[codes.Code]int{codes.OK: 1, codes.Unavailable: 2 + many})
}

// TestCallerGivenUpWhenItsCallBegins is that its target goes on.
func TestCallerGivenUpWhenItsCallBegins(t *testing.T) {
	addr, dial := serve(t, newFar().serve), make(chan bool)
	n := relayTo(t, lasting, TargetOptions{Dial: func(ctx context.Context) (net.Conn, error) {
		<-dial
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}})
	p, other := n.dial(), n.dial()
	p.call(1, echo, false)
	p.must(p.WriteData(1, false, make([]byte, 16<<10))) // of which it is told when the call begins
	p.sync()
	c := n.caller(p)
	c.mu.Lock()
	c.announced = true // but the writer does not come
	c.out = append(c.out, make([]byte, mostOut+1)...)
	c.mu.Unlock()
	close(dial)
	n.reports(map[codes.Code]int{codes.Canceled: 1})
	other.call(1, echo, true)
	other.wants(1, codes.OK)
	n.reports(map[codes.Code]int{codes.OK: 1})
}

// TestReportedOnce is that of calls whose last frame is too much for a caller that does not read.
func TestReportedOnce(t *testing.T) {
	much := strings.Repeat("\t", 500_000)
	for name, end := range map[string]func(*peer, uint32) error{
		"trailer":      func(to *peer, id uint32) error { to.headers(id, true, ":status", "200"); return nil },
		"long trailer": func(to *peer, id uint32) error { to.headers(id, true, ":status", "200", "much", much); return nil },
		"RST_STREAM":   func(to *peer, id uint32) error { return to.WriteRSTStream(id, http2.ErrCodeCancel) },
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			n := newNear(t, lasting, l.Addr().String())
			p := n.dial()
			const many = 60
			for id := uint32(1); id < 2*many; id += 2 {
				p.call(id, echo, name == "trailer")
			}
			to := accept(t, l)
			for id := uint32(1); id < 2*many; id += 2 {
				want[*http2.MetaHeadersFrame](to, id)
			}
			for id := uint32(1); id < 2*many; id += 4 {
				to.answer(id, "much", much)
				to.must(end(to, id+2))
			}
			eventually(t, "the caller is given up", func() bool { return n.calls() == 0 })
			p.closed()
		})
	}
}
