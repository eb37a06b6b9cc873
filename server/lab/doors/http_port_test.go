package doors

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/lab/edgetest"
)

// One connection that changes the size of the header table while answers are written has ended whole processes: net/http's
// HTTP/2 of Go 1.26 did so within a third of a second. Each port stands it, with and without TLS.
func TestHeaderTableAttack(t *testing.T) {
	const rounds, requests, settings = 5, 4000, 20
	server, client := secured(t)
	for name, args := range map[string][]string{"plain": nil, "TLS": server} {
		t.Run(name, func(t *testing.T) {
			p, cmd := launch(t, args...)
			if args != nil {
				p.secure = client
			}
			for _, addr := range []string{p.http, p.grpc} {
				for range rounds {
					p.attackHeaderTable(addr, requests, settings)
				}
			}
			answers(t, p)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v:\n%s", err, p.out)
			}
		})
	}
}

// attackHeaderTable goes on until it has sent all or is cut off.
func (p *program) attackHeaderTable(addr string, requests, settings int) {
	t := p.t
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if p.secure != nil {
		secure := p.secure.Clone()
		secure.NextProtos, secure.ServerName = []string{"h2"}, "127.0.0.1"
		conn = tls.Client(conn, secure)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, conn)
	}()
	defer func() { conn.(interface{ CloseWrite() error }).CloseWrite(); <-read }()

	var out bytes.Buffer
	frames := http2.NewFramer(&out, nil)
	out.WriteString(http2.ClientPreface)
	if err := frames.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	fields := hpack.NewEncoder(&block)
	for i := range requests {
		block.Reset()
		for _, f := range []hpack.HeaderField{
			{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: addr},
			{Name: ":path", Value: "/"},
		} {
			if err := fields.WriteField(f); err != nil {
				t.Fatal(err)
			}
		}
		err := frames.WriteHeaders(http2.HeadersFrameParam{
			StreamID: uint32(2*i + 1), BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true,
		})
		for n := range settings {
			size := http2.Setting{ID: http2.SettingHeaderTableSize, Val: uint32(n % 2 * 4096)}
			err = errors.Join(err, frames.WriteSettings(size))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.WriteTo(conn); err != nil {
			return
		}
	}
}

// A WebSocket on which nothing is said stays open, for longer than any one write may take.
func TestQuietSocket(t *testing.T) {
	t.Parallel() // it waits for three pings, one every 20 seconds
	p := start(t)
	c, err := edgetest.DialRaw(p.base(), routeChat)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	header := edgetest.HeaderLines(http.Header{"Content-Type": {"application/grpc-web+proto"}})
	if _, err := c.Write(edgetest.SocketFrame(edgetest.OpBinary, header)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := c.ReadFrame(); err != nil || !bytes.Contains(data, []byte("chat-id")) {
		t.Fatalf("the first frame is %q, %v", data, err)
	}
	if err := c.Pings(3); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(edgetest.SocketFrame(edgetest.OpBinary, []byte{1})); err != nil {
		t.Fatal(err)
	}
	if _, data, err := c.ReadFrame(); err != nil || !bytes.Contains(data, []byte("grpc-status: 0")) {
		t.Errorf("after the half-close came %q, %v", data, err)
	}
}

// The program ends in time while clients call through every HTTP door as fast as they can, and others are in the middle of
// requests that they do not finish. A machine that is too slow for so many tries fewer.
func TestHTTPPortEndsUnderLoad(t *testing.T) {
	for each := 16; ; each /= 2 {
		took := stopUnderLoad(t, each)
		t.Logf("with %d callers at each door the program ended in %v", each, took)
		if took <= shutdownBound {
			return
		}
		if each == 1 {
			t.Fatal("it took too long")
		}
	}
}

func stopUnderLoad(t *testing.T, each int) time.Duration {
	t.Helper()
	p := start(t)
	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	defer callers.Wait()
	defer stop()
	var calls atomic.Int64
	for _, d := range doors[1:] {
		guide := routeguidepb.NewRouteGuideClient(d.conn(p))
		for range each {
			callers.Go(func() {
				for ctx.Err() == nil {
					if _, err := guide.GetFeature(ctx, pb(1, 2)); err == nil {
						calls.Add(1)
					}
				}
			})
		}
	}
	for _, request := range []string{
		"POST /v1/routes:record HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{",
		"POST " + getFeature + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 100005\r\n\r\n\x00\x00\x01\x86\xa0x",
		"GET /v1/notes:watch HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /v1/notes:watch HTTP/1.1\r\nHost",
		"",
	} {
		for range each {
			conn, err := net.Dial("tcp", p.http)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
		}
	}
	for end := time.Now().Add(patience); calls.Load() < int64(10*each); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no call is answered")
		}
	}
	began := time.Now()
	if err := p.stop(); err != nil && time.Since(began) <= shutdownBound {
		t.Error(err)
	}
	return time.Since(began)
}
