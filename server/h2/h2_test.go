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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/leaktest"
	"routeguide/server/relay"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

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
