package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
	"routeguide/server/relay"
)

// FuzzCallHeader checks that what is taken could be sent on.
func FuzzCallHeader(f *testing.F) {
	for _, s := range []string{
		"content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ntraveler: Ada\r\n",
		"Content-Type:application/grpc-web\ngrpc-timeout: 10S\n\n",
		"content-type: application/grpc-web; charset=x\r\nseen-bin: AP8, AAA=\r\n",
		"grpc-timeout: 99999999H\r\ncontent-type: application/grpc-web+proto",
		"\x00", ":", "a:b:c", "content-type: text/plain\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseCallHeader(text)
		if err != nil {
			return
		}
		if h.timeout < 0 {
			t.Errorf("timeout %v", h.timeout)
		}
		for name, values := range h.metadata {
			if !wire.IsName(name) || isTransportName(name) {
				t.Errorf("name %q", name)
			}
			for _, v := range values {
				if !strings.HasSuffix(name, "-bin") && !wire.Printable(v) {
					t.Errorf("%s: %q", name, v)
				}
			}
		}
		again, err := parseCallHeader("content-type: application/grpc-web\r\n" + string(wire.AppendLines(nil, h.metadata)))
		if err != nil {
			t.Fatalf("its own lines: %v", err)
		}
		for name, values := range h.metadata {
			if !slices.Equal(again.metadata[name], values) {
				t.Errorf("%s is %q, then %q", name, values, again.metadata[name])
			}
		}
	})
}

// FuzzFrames checks that the messages read are those in the bytes, and that reading ends.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 9, 1})
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add([]byte{0x80, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 10
		s := quietSocket(t, limit)
		s.frames = bufio.NewReaderSize(bytes.NewReader(data), 16)
		var taken []byte
		for {
			var m relay.Message
			err := s.RecvMsg(&m)
			if err != nil {
				var refused *violation
				if err != io.EOF && !errors.As(err, &refused) {
					t.Errorf("error %v", err)
				}
				if err == io.EOF && len(taken) != len(data) {
					t.Errorf("half-closed after %d of %d bytes", len(taken), len(data))
				}
				break
			}
			message := m.Data.Materialize()
			if len(message) > limit {
				t.Fatalf("a message of %d bytes", len(message))
			}
			taken = append(append(taken, wire.FrameStart(0, len(message))...), message...)
			m.Data.Free()
		}
		if !bytes.HasPrefix(data, taken) {
			t.Errorf("messages %x out of %x", taken, data)
		}
	})
}

// quietSocket is a socket whose peer says nothing.
func quietSocket(t *testing.T, limit int) *socket {
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	calls := exchange.NewCalls(context.Background(), exchange.Limits{Message: limit}, nil)
	return &socket{
		conn: &socketConn{Conn: near}, calls: calls, limits: calls.Limits, acquire: func(int) error { return nil },
		compressor: encoding.GetCompressor(gzip.Name),
	}
}

// FuzzDecompress checks that nothing becomes a message that is too long.
func FuzzDecompress(f *testing.F) {
	const limit = 1 << 10
	for _, size := range []int{0, limit, limit + 1, 1 << 20} {
		var packed bytes.Buffer
		w, err := encoding.GetCompressor(gzip.Name).Compress(&packed)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write(make([]byte, size)); err != nil {
			f.Fatal(err)
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(packed.Bytes())
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		plain, err := quietSocket(t, limit).decompress(mem.BufferSlice{mem.SliceBuffer(packed)})
		var broken *violation
		switch {
		case err != nil && !errors.As(err, &broken):
			t.Errorf("error %v", err)
		case err == nil && plain.Len() > limit:
			t.Errorf("a message of %d bytes", plain.Len())
		}
		plain.Free()
	})
}
