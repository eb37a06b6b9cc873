package doors

import (
	"bytes"
	"crypto/tls"
	"io"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Whatever one connection does with the frames of HTTP/2 at the port that has all doors, it is cut off or bounded: others are
// served, and memory is given back.
func TestHostileHTTP2(t *testing.T) {
	const many, kept = 20_000, 16 << 10 // steps of an attack, and KiB that may be left of all
	server, client := secured(t)
	addr := "127.0.0.1:" + freePort(t)
	p, _ := launch(t, append(server, "-grpc-addr", addr, "-http-addr", addr)...)
	p.secure = client
	answers(t, p)
	before := heapKiB(t, p)

	request := func(id int, end bool, more ...string) http2.HeadersFrameParam {
		block := fields(append([]string{":scheme", "https", ":authority", addr}, more...)...)
		return http2.HeadersFrameParam{StreamID: uint32(2*id + 1), BlockFragment: block, EndStream: end, EndHeaders: true}
	}
	watch := []string{":method", "GET", ":path", "/v1/notes:watch"}
	chat := []string{":method", "POST", ":path", routeChat, "content-type", "application/grpc", "te", "trailers"}
	for name, step := range map[string]func(f *http2.Framer, i int){
		"streams without number": func(f *http2.Framer, i int) { _ = f.WriteHeaders(request(i, true, watch...)) },
		"chats that are reset": func(f *http2.Framer, i int) {
			_ = f.WriteHeaders(request(i, false, chat...))
			_ = f.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
		},
		"empty data": func(f *http2.Framer, i int) {
			if i == 0 {
				_ = f.WriteHeaders(request(i, false, chat...))
			}
			_ = f.WriteData(1, false, nil)
		},
		"headers without end": func(f *http2.Framer, i int) {
			if i == 0 {
				open := request(i, true, watch...)
				open.EndHeaders = false
				_ = f.WriteHeaders(open)
			}
			_ = f.WriteContinuation(1, false, fields("x-more", "and more"))
		},
		"pings":          func(f *http2.Framer, _ int) { _ = f.WritePing(false, [8]byte{}) },
		"settings":       func(f *http2.Framer, _ int) { _ = f.WriteSettings() },
		"window updates": func(f *http2.Framer, _ int) { _ = f.WriteWindowUpdate(0, 1) },
		"priorities": func(f *http2.Framer, i int) {
			_ = f.WritePriority(uint32(2*i+1), http2.PriorityParam{Weight: uint8(i)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reads := range []bool{true, false} {
				t.Logf("of %d steps %d were sent, answers are read: %v", many, p.attack(many, reads, step), reads)
				answers(t, p)
			}
		})
	}
	var left int
	for end := time.Now().Add(patience); ; {
		if left = heapKiB(t, p) - before; left < kept || time.Now().After(end) {
			break
		}
	}
	t.Logf("of all %d KiB are left", left)
	if left >= kept {
		t.Errorf("%d KiB are left", left)
	}
}

// attack makes so many steps on a connection, unless it is cut off before, and returns how many.
func (p *program) attack(many int, reads bool, step func(f *http2.Framer, i int)) int {
	p.t.Helper()
	secure := p.secure.Clone()
	secure.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", p.http, secure)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	if reads {
		go io.Copy(io.Discard, conn)
	}
	var out bytes.Buffer
	f := http2.NewFramer(&out, nil)
	out.WriteString(http2.ClientPreface)
	_ = f.WriteSettings()
	for i := range many {
		step(f, i)
		if out.Len() > 8<<10 || i == many-1 {
			if _, err := out.WriteTo(conn); err != nil {
				return i
			}
		}
	}
	return many
}

// fields encodes names and values in turn, without a table.
func fields(all ...string) []byte {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	e.SetMaxDynamicTableSize(0)
	for i := 0; i < len(all); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: all[i], Value: all[i+1]})
	}
	return block.Bytes()
}
