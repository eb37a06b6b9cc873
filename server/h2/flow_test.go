package h2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

func TestMessagesOfEverySize(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	c := n.client()
	var sizes []int
	for _, around := range []int{16 << 10, 64<<10 - 1, 64 << 10} {
		for _, off := range []int{-14, -9, -6, -5, -4, -1, 0, 1} {
			sizes = append(sizes, around+off)
		}
	}
	sizes = append(sizes, 0, 1, 0, 1<<20, 3, 8<<20)
	call := open(t, t.Context(), c, echo)
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
	if err := call.RecvMsg(new(relay.Message)); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for _, size := range sizes { // alone, with its end
		if err := ask(t, c, echo, make([]byte, size)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	n.reports(map[codes.Code]int{codes.OK: 1 + len(sizes)})
}

// What is compressed is passed on as it is, and so is what both sides say of that: neither takes it without.
func TestCompressedMessages(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	text := bytes.Repeat([]byte("a long road "), 10_000)
	call := open(t, t.Context(), n.client(), echo, grpc.UseCompressor(gzip.Name))
	if err := errors.Join(call.echoes(text), call.end()); err != nil {
		t.Error(err)
	}
	n.reports(map[codes.Code]int{codes.OK: 1})
}

func TestMuchMetadata(t *testing.T) {
	md := metadata.MD{"empty": {""}, "raw-bin": {"\x00\xff", ""}}
	for i := range 55 {
		md.Append(fmt.Sprintf("name-%d", i), strings.Repeat("v", 1000), fmt.Sprint(i))
	}
	n := newNear(t, lasting, serve(t, func(_ any, s grpc.ServerStream) error {
		back, _ := metadata.FromIncomingContext(s.Context())
		maps.DeleteFunc(back, func(name string, _ []string) bool { return md[name] == nil })
		s.SetTrailer(back)
		return s.SendHeader(back)
	}, grpc.MaxHeaderListSize(1<<20)))
	for range 3 {
		call := open(t, metadata.NewOutgoingContext(t.Context(), md), n.client(), echo)
		header, err := call.Header()
		if err = errors.Join(err, call.end()); err != nil {
			t.Error(err)
		}
		delete(header, "content-type")
		for where, got := range map[string]metadata.MD{"header": header, "trailer": call.Trailer()} {
			if !maps.EqualFunc(got, md, slices.Equal) {
				t.Errorf("%s: %d names, want %d, or other values", where, len(got), len(md))
			}
		}
	}
	n.reports(map[codes.Code]int{codes.OK: 3})
}

// TestTooMuchMetadata ends that call, and no other.
func TestTooMuchMetadata(t *testing.T) {
	l := listen(t)
	n := newNear(t, lasting, l.Addr().String())
	var much []string
	for i := range 65 {
		much = append(much, fmt.Sprintf("name-%d", i), strings.Repeat("v", 1000))
	}
	p := n.dial()
	p.call(1, healthy, false)
	p.call(3, echo, true, much...)
	p.wants(3, codes.ResourceExhausted)
	p.call(5, echo, false)
	to := accept(t, l)
	want[*http2.MetaHeadersFrame](to, 1)
	much = nil
	for i := range 1010 {
		much = append(much, fmt.Sprintf("name-%d", i), strings.Repeat("\t", 1000))
	}
	to.answer(1, much...)
	p.wants(5, codes.ResourceExhausted)
	p.must(p.WriteData(1, true, nil))
	p.wants(1, codes.OK)
	want[*http2.RSTStreamFrame](to, 1)

	// A bit less is not too much, and comes whole, as a trailer too, even for a caller with other calls.
	p.call(7, echo, false)
	p.call(9, echo, false)
	want[*http2.MetaHeadersFrame](to, 5)
	for _, id := range []uint32{3, 5} {
		to.answer(id, much[:1900]...)
		to.headers(id, true, append([]string{"grpc-status", "0"}, much[:1900]...)...)
	}
	for _, id := range []uint32{7, 9} {
		for _, end := range []bool{false, true} {
			if f := want[*http2.MetaHeadersFrame](p, id); len(f.RegularFields()) < 950 || f.StreamEnded() != end {
				t.Errorf("%v with %d fields", f, len(f.Fields))
			}
		}
	}
	n.reports(map[codes.Code]int{codes.OK: 3, codes.ResourceExhausted: 2})
}

// Calls whose answers nobody reads have few of them taken from the server, and others go on beside them.
func TestUnreadCallsHoldNobodyUp(t *testing.T) {
	const size, answers, unread = 4 << 10, 300, 20
	var sent atomic.Int64
	n := newNear(t, lasting, serve(t, func(_ any, s grpc.ServerStream) error {
		for range answers {
			if err := s.SendMsg(message(make([]byte, size-5))); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	}))
	p := n.dial(initial(0))
	p.take(0, 1<<30)
	for id := uint32(1); id < 2*unread; id += 2 {
		p.call(id, echo, true)
		want[*http2.MetaHeadersFrame](p, id)
	}
	p.call(1001, echo, true)
	p.take(1001, size*answers)
	want[*http2.MetaHeadersFrame](p, 1001)
	p.receives(1001, size*answers)
	p.wants(1001, codes.OK)
	// Of each, 64 KiB wait with us, and with the server what grpc-go lets wait, which is as much.
	if got, most := sent.Load()-answers, int64(unread*3*streamWindow/size); got > most {
		t.Errorf("%d answers were sent that nobody reads, want at most %d", got, most)
	}
	for id := uint32(1); id < 2*unread; id += 2 {
		p.take(id, size*answers)
		p.receives(id, size*answers)
		p.wants(id, codes.OK)
	}
	n.reports(map[codes.Code]int{codes.OK: unread + 1})
}

// A call whose requests the server does not take waits, until it is cancelled; others go on beside it.
func TestServerThatDoesNotRead(t *testing.T) {
	f := newFar()
	n := newNear(t, lasting, serve(t, f.serve))
	c := n.client()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	call := open(t, ctx, c, hold)
	var sent atomic.Int64
	blocked := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = call.SendMsg(message(make([]byte, 10<<10)))
			sent.Add(10 << 10)
		}
		blocked <- err
	}()
	<-f.held
	for range 100 {
		if err := ask(t, c, echo, make([]byte, 100<<10)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-blocked:
		t.Fatalf("it ended by itself: %v", err)
	default:
	}
	if n := sent.Load(); n > 512<<10 {
		t.Errorf("%d bytes were taken that the server does not read", n)
	}
	cancel()
	<-blocked
	if err := <-f.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the server saw %v", err)
	}
	n.reports(map[codes.Code]int{codes.OK: 100, codes.Canceled: 1})
}

// initial is the window of each new stream.
func initial(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingInitialWindowSize, Val: n}
}

// receives reads of a stream exactly so many bytes more, and tells whether it ends with them.
func (p *peer) receives(id uint32, n int) (ended bool) {
	p.t.Helper()
	for n > 0 {
		f := want[*http2.DataFrame](p, id)
		if n -= len(f.Data()); n < 0 || f.StreamEnded() && n > 0 {
			p.t.Fatalf("%v, of which %d bytes are too many", f.Header(), -n)
		}
		ended = f.StreamEnded()
	}
	return ended
}

// openSlowly reads a stream of so many bytes, whose initial window was 0, through windows that open in all the ways there are.
// peer.next finds what comes too early.
func (p *peer) openSlowly(id uint32, size int) (ended bool) {
	p.t.Helper()
	p.sync()
	p.take(id, 1)
	p.receives(id, 1)
	p.take(id, 10)
	p.receives(id, 10)
	p.settings(initial(1000))
	p.receives(id, 1000)
	p.settings(initial(100)) // the window is -900
	p.sync()
	p.take(id, 900)
	p.sync()
	p.take(id, 1)
	p.receives(id, 1)
	p.settings(initial(1 << 20))
	p.receives(id, 65535-1012) // what the connection takes
	p.sync()
	p.take(0, 1)
	p.receives(id, 1)
	p.take(0, 20_000)
	p.receives(id, 20_000)
	p.take(0, 1<<20)
	return p.receives(id, size-85_536)
}

const slowSize = 200_000

func TestCallerWhoseWindowsOpenSlowly(t *testing.T) {
	n := newNear(t, lasting, serve(t, func(_ any, s grpc.ServerStream) error {
		if m, _ := grpc.MethodFromServerStream(s); m == hold {
			return status.Error(codes.NotFound, "not here")
		}
		return s.SendMsg(message(make([]byte, slowSize-5)))
	}))
	p := n.dial(initial(0))
	p.call(1, echo, true)
	if f := want[*http2.MetaHeadersFrame](p, 1); f.StreamEnded() {
		t.Error("the header ends the stream")
	}
	if p.openSlowly(1, slowSize) {
		t.Error("a message ends the stream")
	}
	p.wants(1, codes.OK)
	p.call(3, hold, true) // has no message, and no window
	p.wants(3, codes.NotFound)
	n.reports(map[codes.Code]int{codes.OK: 1, codes.NotFound: 1})
}

// With the connection's window exhausted, whatever is no message gets through.
func TestExhaustedConnection(t *testing.T) {
	n := newNear(t, lasting, serve(t, newFar().serve))
	p := n.dial(initial(1 << 20))
	p.call(1, echo, false)
	want[*http2.MetaHeadersFrame](p, 1)
	for range 2 {
		p.must(p.WriteData(1, false, framed(make([]byte, 16<<10-5))))
	}
	p.receives(1, 32<<10)
	for range 2 {
		p.must(p.WriteData(1, false, framed(make([]byte, 16<<10-5))))
	}
	p.receives(1, 32<<10-1)
	p.call(3, echo, true)
	p.wants(3, codes.OK)
	p.call(5, unknown, true)
	p.wants(5, codes.Unimplemented)
	for id := uint32(7); id < 1007; id += 2 { // what is given up does not wait for the window any more
		p.call(id, echo, false)
		p.must(p.WriteData(id, false, framed([]byte("x"))))
		want[*http2.MetaHeadersFrame](p, id)
		p.must(p.WriteRSTStream(id, http2.ErrCodeCancel))
	}
	p.sync()
	for _, c := range n.all() {
		c.mu.Lock()
		if k := len(c.waiting); k > 20 {
			t.Errorf("%d calls wait for the window", k)
		}
		c.mu.Unlock()
	}
	p.must(p.WriteData(1, true, nil))
	p.take(0, 1)
	p.receives(1, 1)
	p.wants(1, codes.OK)
	n.reports(map[codes.Code]int{codes.OK: 2, codes.Unimplemented: 1, codes.Canceled: 500})
}

func TestTargetWhoseWindowsOpenSlowly(t *testing.T) {
	l := listen(t)
	n := newNear(t, lasting, l.Addr().String())
	for _, together := range []bool{true, false} { // whether the end comes with the message
		call := make(chan error, 1)
		go func() {
			s := open(t, t.Context(), n.client(), echo)
			err := s.SendMsg(message(make([]byte, slowSize-5)))
			if !together {
				_, late := s.Header()
				err = errors.Join(err, late)
			}
			call <- errors.Join(err, s.CloseSend(), s.RecvMsg(new(relay.Message)))
		}()
		p := accept(t, l, initial(0))
		if f := want[*http2.MetaHeadersFrame](p, 1); f.StreamEnded() {
			t.Error("the header ends the stream")
		}
		ended := p.openSlowly(1, slowSize)
		p.answer(1)
		for !ended {
			f, err := p.next()
			d, ok := f.(*http2.DataFrame)
			if err != nil || !ok || len(d.Data()) > 0 {
				t.Fatalf("%v, %v at the end", f, err)
			}
			ended = d.StreamEnded()
		}
		p.trailer(1)
		if err := <-call; !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		p.conn.Close()
	}
	n.reports(map[codes.Code]int{codes.OK: 2})
}
