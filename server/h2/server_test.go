package h2

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

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
