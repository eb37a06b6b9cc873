package h2

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
)

// frames are what the fuzzers begin with: no window, no calls, GOAWAY, RST_STREAM, WINDOW_UPDATE, an answer, a call, a trailer.
var frames = []string{
	"",
	"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00",
	"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00",
	"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07",
	"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x01\x00\x00",
	"\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88\x00\x00\x05\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00",
	"\x00\x00\x13\x01\x04\x00\x00\x00\x01\x83\x86\x04\x0f/some.Echo/Call" +
		"\x00\x00\x05\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00",
	"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88",
}

// Whatever a target says, its calls end when the connection does, and one of another target goes on.
func FuzzTarget(f *testing.F) {
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for _, s := range frames {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		var talking sync.WaitGroup
		defer talking.Wait()
		n := relayTo(t, lasting, TargetOptions{Dial: func(ctx context.Context) (net.Conn, error) {
			ours, theirs := net.Pipe()
			talking.Go(func() { _, _ = io.Copy(io.Discard, theirs) }) // until it is closed
			talking.Go(func() {
				_, _ = io.WriteString(theirs, settings) // the same
				_, _ = theirs.Write(said)
				theirs.Close()
			})
			return ours, nil
		}})
		p := n.dial()
		p.call(1, healthy, false)
		p.call(3, echo, false)
		p.must(p.WriteData(3, false, make([]byte, 16<<10)))
		p.call(5, echo, true)
		eventually(t, "the calls have ended", func() bool { return n.calls() == 1 })
		p.take(0, 1<<20)
		p.must(p.WriteData(1, true, framed([]byte("x"))))
		p.wants(1, codes.OK)
	})
}

// Whatever a caller says, its calls end when its connection does, and those of others go on.
func FuzzCaller(f *testing.F) {
	for _, s := range frames {
		f.Add([]byte(s))
	}
	addr := serve(f, newFar().serve)
	f.Fuzz(func(t *testing.T, said []byte) {
		n := newNear(t, lasting, addr)
		p, other := n.dial(), n.dial()
		other.call(1, echo, false)
		want[*http2.MetaHeadersFrame](other, 1)
		_, _ = p.conn.Write(said) // to one that may close
		_ = p.conn.(*net.TCPConn).CloseWrite()
		p.closed()
		eventually(t, "its calls have ended", func() bool { return n.calls() == 1 && len(n.all()) == 1 })
		other.must(other.WriteData(1, true, framed([]byte("x"))))
		other.receives(1, 6)
		other.wants(1, codes.OK)
	})
}
