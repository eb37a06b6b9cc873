package doors

import (
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/relay"
)

// What a client may do to the native port; the HTTP port's doors have such tests of their own.
func TestHostileMessages(t *testing.T) {
	p := start(t)
	for name, test := range map[string]struct {
		method string
		data   []byte
		want   codes.Code
		says   string
	}{
		"bad UTF-8":            {routeChat, []byte("\x0a\x00\x12\x02\xff\xfe"), codes.InvalidArgument, "message: is not UTF-8"},
		"no message at all":    {routeChat, []byte("\xff\xff\xff"), codes.InvalidArgument, "cannot be decoded"},
		"a cut-off point":      {recordRoute, []byte("\x08"), codes.InvalidArgument, "cannot be decoded"},
		"a note of five MiB":   {routeChat, append([]byte("\x12\x80\x80\xc0\x02"), make([]byte, 5<<20)...), codes.ResourceExhausted, "at most 4194304"},
		"a note of five KiB":   {routeChat, append([]byte("\x0a\x00\x12\x80\x28"), make([]byte, 5<<10)...), codes.InvalidArgument, "message: has 5120 bytes"},
		"a longitude of 2^31":  {recordRoute, []byte("\x10\x80\x80\x80\x80\x08"), codes.InvalidArgument, "longitude"},
		"an unknown field":     {recordRoute, []byte("\x78\x01"), codes.OK, ""},
		"bad UTF-8 in a name":  {"/Greeter/SayHello", []byte("\x0a\x02\xff\xfe"), codes.InvalidArgument, "name: is not UTF-8"},
		"no point at all":      {getFeature, []byte("\xff\xff\xff"), codes.InvalidArgument, "cannot be decoded"},
		"a point of five MiB":  {getFeature, append([]byte("\x7a\x80\x80\xc0\x02"), make([]byte, 5<<20)...), codes.ResourceExhausted, "at most 4194304"},
		"a note without place": {routeChat, []byte("\x12\x01x"), codes.InvalidArgument, "location: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
			stream, err := p.conn().NewStream(t.Context(), desc, test.method, grpc.ForceCodecV2(relay.Codec{}))
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.SendMsg(&relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(test.data)}}); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			stream.CloseSend()
			var m relay.Message
			err = stream.RecvMsg(&m)
			if st := status.Convert(err); st.Code() != test.want || !strings.Contains(st.Message(), test.says) {
				t.Errorf("ended with %v, want %v with %q", err, test.want, test.says)
			}
		})
	}
}

// Bytes that are no HTTP/2 are answered by a closed connection.
func TestGarbageOnTheNativePort(t *testing.T) {
	p := start(t)
	for _, garbage := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00", strings.Repeat("\x00", 100), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff"} {
		conn, err := net.Dial("tcp", p.grpc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, garbage); err != nil {
			t.Fatal(err)
		}
		conn.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %v, want a closed connection", garbage, err)
		}
		conn.Close()
	}
	answers(t, p)
}

// Ten thousand connections that say nothing are let be, and leave the others alone.
func TestIdleConnections(t *testing.T) {
	const each = 5000
	p, _ := launch(t, "-data", t.TempDir())
	before := heldKiB(t, p)
	for _, addr := range []string{p.grpc, p.http} {
		for range each {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
	}
	answers(t, p)
	grown := heldKiB(t, p) - before
	if grown > 2*each*64 {
		t.Errorf("%d idle connections take %d KiB, more than 64 each", 2*each, grown)
	}
	t.Logf("%d idle connections take %d KiB", 2*each, grown)
}

// answers checks that both ports still serve.
func answers(t *testing.T, p *program) {
	t.Helper()
	for _, d := range doorsBy(clients(p.secure)["HTTP/1.1"])[:2] {
		v := visitor{t, p, d}
		if err := v.unary(getFeature, pb(409146138, -746188906), new(routeguidepb.Feature)); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

// heldKiB is how much memory the program has of the system, without what the race detector takes for each goroutine.
func heldKiB(t *testing.T, p *program) int {
	t.Helper()
	_, metrics := get(t, "http://"+p.admin+"/metrics")
	return kib(t, metrics, "go_memstats_sys_bytes") - kib(t, metrics, "go_memstats_heap_released_bytes")
}

// heapKiB is how much memory the program uses when it has looked for what it does not.
func heapKiB(t *testing.T, p *program) int {
	t.Helper()
	get(t, "http://"+p.admin+"/debug/pprof/heap?gc=1")
	_, metrics := get(t, "http://"+p.admin+"/metrics")
	return kib(t, metrics, "go_memstats_heap_inuse_bytes")
}

func kib(t *testing.T, metrics, name string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		t.Fatalf("/metrics has no %s", name)
	}
	bytes, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(bytes) / 1024
}
