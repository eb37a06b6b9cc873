package doors

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"routeguide/server/lab/edgetest"
)

// One connection that changes the size of the header table while answers are written has ended whole processes: net/http's
// HTTP/2 did so within a third of a second. The HTTP port speaks HTTP/1.1 alone.
func TestHeaderTableAttack(t *testing.T) {
	const rounds, requests, settings = 5, 4000, 20
	p, cmd := launch(t, "-data", t.TempDir())
	for _, addr := range []string{p.http, p.grpc} {
		for range rounds {
			attackHeaderTable(t, addr, requests, settings)
		}
	}
	answers(t, p)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v:\n%s", err, p.out)
	}
}

// attackHeaderTable goes on until it has sent all or is cut off.
func attackHeaderTable(t *testing.T, addr string, requests, settings int) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
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
	defer func() { conn.(*net.TCPConn).CloseWrite(); <-read }()

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
