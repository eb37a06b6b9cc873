package rpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	gzipped "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/proto/tutorial/gcn"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

const mib = 1 << 20

var longName = strings.Repeat("x", 4e6)

// graphs is a service with a method that takes a graph, and one that answers with a feature of 4 MB.
var graphs = &grpc.ServiceDesc{
	ServiceName: "test.Graphs",
	Methods: []grpc.MethodDesc{
		{MethodName: "Take", Handler: func(_ any, _ context.Context, receive func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return new(gcnpb.GCNResult), receive(new(gcnpb.GraphData))
		}},
		{MethodName: "Answer", Handler: func(_ any, _ context.Context, receive func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return &routeguidepb.Feature{Name: longName}, receive(new(routeguidepb.Point))
		}},
	},
}

// from returns a connection to the server from an address of this machine.
func (s server) from(t *testing.T, ip string) *grpc.ClientConn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	conn, err := grpc.NewClient(s.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStaticStreamWindowSize(64<<10),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// attack runs while others call GetFeature from another address, each of which must be answered. It fails if the heap ever
// grows by more than so many bytes.
func (s server) attack(t *testing.T, most int64, attack func()) {
	t.Helper()
	others := routeguidepb.NewRouteGuideClient(s.from(t, "127.0.0.2"))
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var over atomic.Bool
	var peak int64
	var beside sync.WaitGroup
	beside.Go(func() {
		for answered := 0; !over.Load() || answered == 0; answered++ {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			_, err := others.GetFeature(ctx, &routeguidepb.Point{})
			cancel()
			if err != nil {
				t.Errorf("GetFeature of somebody else: %v", err)
				return
			}
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, int64(now.HeapAlloc)-int64(before.HeapAlloc))
		}
	})
	attack()
	over.Store(true)
	beside.Wait()
	if peak > most {
		t.Errorf("the heap grew by %d MiB, more than %d", peak/mib, most/mib)
	}
}

// raw opens a call whose messages are sent as they are.
func raw(t *testing.T, conn *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(t.Context(), desc, method, grpc.ForceCodecV2(relay.Codec{}), grpc.MaxCallRecvMsgSize(64*mib))
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func send(stream grpc.ClientStream, data []byte) {
	_ = stream.SendMsg(&relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(data)}}) // how the call ends, RecvMsg tells
	_ = stream.CloseSend()
}

// Eight million empty nodes, two bytes each, would take 1 GB when decoded.
func TestMessageThatBecomesTooMuch(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{Message: 16 * mib, Budget: NewBudget(32 * mib)}, graphs)
	nodes := bytes.Repeat([]byte("\x0a\x00"), 8*mib)
	s.attack(t, 300*mib, func() {
		var clients sync.WaitGroup
		for range 4 {
			stream := raw(t, s.conn, "/test.Graphs/Take")
			clients.Go(func() {
				send(stream, nodes)
				if err := stream.RecvMsg(new(relay.Message)); status.Code(err) != codes.ResourceExhausted {
					t.Errorf("ended with %v, want RESOURCE_EXHAUSTED", err)
				}
			})
		}
		clients.Wait()
	})
	stream := raw(t, s.conn, "/test.Graphs/Take") // what is not that much is taken, and the budget is whole again
	send(stream, nodes[:mib/4])
	if err := stream.RecvMsg(new(relay.Message)); err != nil {
		t.Error(err)
	}
	s.whole(t, 32*mib)
}

// whole checks that all of the budget has been given back, as soon as calls have ended.
func (s server) whole(t *testing.T, bytes int64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !s.Budget.free.TryAcquire(bytes); {
		if time.Now().After(deadline) {
			t.Fatal("the budget is not given back")
		}
		runtime.GC() // what a lost connection had to send
		runtime.Gosched()
	}
	s.Budget.Release(bytes)
}

// A few bytes that become 4 MiB and one more are refused before they do.
func TestMessageThatInflates(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{Budget: NewBudget(16 * mib)}, graphs)
	for name, test := range map[string]struct {
		bytes int
		want  codes.Code
	}{"too much": {4*mib + 1, codes.ResourceExhausted}, "far too much": {16 * mib, codes.ResourceExhausted}, "just enough": {4 * mib, codes.OK}} {
		t.Run(name, func(t *testing.T) {
			// One unknown field, whose length is all that is left.
			zeros := make([]byte, test.bytes)
			copy(zeros, []byte{0x7a, 0xfb, 0xff, 0xff, 0x01})
			stream, err := s.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/test.Graphs/Take",
				grpc.ForceCodecV2(relay.Codec{}), grpc.UseCompressor(gzipped.Name))
			if err != nil {
				t.Fatal(err)
			}
			s.attack(t, 150*mib, func() {
				send(stream, zeros)
				err = stream.RecvMsg(new(relay.Message))
			})
			if status.Code(err) != test.want {
				t.Errorf("ended with %v, want %v", err, test.want)
			}
		})
	}
	s.whole(t, 16*mib)
}

// What is compressed is answered so, and what cannot be decompressed is refused.
func TestCompressedMessages(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{})
	guide := routeguidepb.NewRouteGuideClient(s.conn)
	var header metadata.MD
	f, err := guide.GetFeature(t.Context(), &routeguidepb.Point{Latitude: 409146138, Longitude: -746188906}, grpc.UseCompressor(gzipped.Name), grpc.Header(&header))
	if err != nil || f.Name == "" || strings.Join(header.Get("grpc-accept-encoding"), "") != "gzip" {
		t.Errorf("%v, %v with headers %v", f, err, header)
	}
	encoding.RegisterCompressor(noCompressor{encoding.GetCompressor(gzipped.Name)})
	if _, err := guide.GetFeature(t.Context(), &routeguidepb.Point{Latitude: 1}, grpc.UseCompressor("not-gzip")); status.Code(err) != codes.InvalidArgument {
		t.Errorf("garbage for gzip ended with %v, want INVALID_ARGUMENT", err)
	}
}

// noCompressor writes what its Decompress does not read.
type noCompressor struct{ encoding.Compressor }

func (noCompressor) Name() string { return "not-gzip" }
func (noCompressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return gzip.NewWriterLevel(io.MultiWriter(io.Discard, garbler{w}), gzip.NoCompression)
}

type garbler struct{ w io.Writer }

func (g garbler) Write(b []byte) (int, error) {
	if _, err := g.w.Write(bytes.Repeat([]byte{'x'}, len(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Long answers that nobody reads are kept only as far as the budget goes.
func TestAnswersThatAreNotRead(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{Budget: NewBudget(32 * mib)}, graphs)
	s.attack(t, 150*mib, func() {
		conn := s.from(t, "127.0.0.3")
		var open []grpc.ClientStream
		for range 100 {
			stream := raw(t, conn, "/test.Graphs/Answer")
			send(stream, nil)
			open = append(open, stream)
		}
		refused := 0
		for _, stream := range open {
			if err := stream.RecvMsg(new(relay.Message)); status.Code(err) == codes.ResourceExhausted {
				refused++
			} else if err != nil {
				t.Errorf("ended with %v", err)
			}
		}
		if refused == len(open) {
			t.Error("no answer came")
		}
		conn.Close()
	})
	s.whole(t, 32*mib)
}

// Lists of one client that nobody reads take no turns of others.
func TestListsThatAreNotRead(t *testing.T) {
	many, err := feature.NewIndex(func(yield func(feature.Described, error) bool) {
		for i := range int32(20_000) {
			if !yield(feature.Described{Feature: feature.Feature{Name: "some feature of some length", Location: geo.Point{Lat: i}}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	world := &routeguidepb.Rectangle{
		Lo: &routeguidepb.Point{Latitude: -geo.MaxLat, Longitude: -geo.MaxLng}, Hi: &routeguidepb.Point{Latitude: geo.MaxLat, Longitude: geo.MaxLng},
	}
	s := serve(t, many, io.Discard, Options{})
	s.attack(t, 300*mib, func() {
		slow := routeguidepb.NewRouteGuideClient(s.from(t, "127.0.0.3"))
		var open []grpc.ServerStreamingClient[routeguidepb.Feature]
		for range 2 * listsOfClient {
			stream, err := slow.ListFeatures(t.Context(), world)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, stream)
		}
		other, err := routeguidepb.NewRouteGuideClient(s.from(t, "127.0.0.4")).ListFeatures(t.Context(), world)
		n := 0
		for err == nil {
			_, err = other.Recv()
			n++
		}
		if err != io.EOF || n <= 20_000 {
			t.Errorf("another's list ended after %d features with %v", n, err)
		}
		lists := func() (n int) {
			s.each(func(c *call) {
				if isList(c.method) {
					n++
				}
			})
			return n
		}
		for lists() < len(open) { // until all have begun
		}
		for lists() > listsOfClient { // until those that got no turn are refused
		}
		refused := 0
		for _, stream := range open {
			if _, err := stream.Recv(); status.Code(err) == codes.ResourceExhausted {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if refused != listsOfClient {
			t.Errorf("%d of %d lists were refused, want %d", refused, len(open), listsOfClient)
		}
	})
}
