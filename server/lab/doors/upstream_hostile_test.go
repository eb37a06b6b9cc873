package doors

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// All callers share one connection to an upstream. Whatever one of them does, the calls of the others succeed.
func TestUpstreamOfHostileCallers(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", notAtAll)
	few := listenElsewhere(t, "127.0.0.1:0", notAtAll, grpc.MaxConcurrentStreams(100), grpc.MaxHeaderListSize(8<<10))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: e.server, Protocols: new(http.Protocols)}
	web.Protocols.SetUnencryptedHTTP2(true)
	go web.Serve(l)
	defer web.Close()
	for name, upstream := range map[string]struct{ service, addr, method string }{
		"Go":                       {numbers, e.addr, double},
		"Go with bounds":           {numbers, few.addr, double},
		"Go's net/http":            {numbers, l.Addr().String(), double},
		"Python, by gRPC's C core": {"MyService", startPython(t), "/MyService/User"}, // 1 is a user there
	} {
		p := start(t, "-upstream", upstream.service+"="+upstream.addr)
		for what, attack := range map[string]func(*testing.T, *grpc.ClientConn, string){"much metadata": sendMuch, "quick cancelling": cancelMany} {
			t.Run(name+"/"+what, func(t *testing.T) {
				var over atomic.Bool
				var hostile sync.WaitGroup
				hostile.Go(func() {
					defer over.Store(true)
					attack(t, p.dialFrom("127.0.0.2"), upstream.method)
				})
				other, calls := visitor{t, p, doors[0]}, 0
				for ; calls < 20 || !over.Load(); calls++ {
					if err := other.unary(upstream.method, number(1), number(0)); err != nil {
						t.Errorf("call %d of another one: %v", calls, err)
						break
					}
				}
				hostile.Wait()
				t.Logf("%d calls of another one", calls)
			})
		}
	}
}

// sendMuch makes calls with more metadata than most servers take, and some with more than any takes.
func sendMuch(t *testing.T, c *grpc.ClientConn, method string) {
	for i := range 300 {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "much", strings.Repeat("x", 7_000+i*150))
		err := c.Invoke(ctx, method, number(1), number(0))
		if code := status.Code(err); code != codes.OK && code != codes.ResourceExhausted {
			t.Errorf("%d bytes ended with %v", 7_000+i*150, err)
			return
		}
	}
}

// cancelMany opens calls and cancels them at once, many at a time.
func cancelMany(t *testing.T, c *grpc.ClientConn, method string) {
	var all sync.WaitGroup
	defer all.Wait()
	for range 8 {
		all.Go(func() {
			for range 2000 {
				ctx, cancel := context.WithCancel(t.Context())
				if _, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
}
