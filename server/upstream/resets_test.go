package upstream

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

// suspicious returns the address of a gRPC server that ends a connection on which calls are reset as fast as Node.js takes
// for an attack.
func suspicious(t *testing.T) string {
	t.Helper()
	addr := serve(t, func(srv any, s grpc.ServerStream) error {
		if m, _ := grpc.MethodFromServerStream(s); m != hold {
			return echoAll(srv, s)
		}
		err := s.SendHeader(nil)
		<-s.Context().Done()
		return err
	})
	l := listen(t)
	var running sync.WaitGroup
	t.Cleanup(func() { l.Close(); running.Wait() })
	running.Go(func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			to, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			running.Go(func() { _, _ = io.Copy(conn, to); conn.Close() })
			running.Go(func() { defer to.Close(); untilReset(io.TeeReader(conn, to)) })
		}
	})
	return l.Addr().String()
}

// untilReset reads what a client sends until it is too many resets.
func untilReset(from io.Reader) {
	const atOnce, perSecond = 1000, 33
	if _, err := io.ReadFull(from, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	frames, resets, began := http2.NewFramer(io.Discard, from), 0.0, time.Now()
	for {
		frame, err := frames.ReadFrame()
		if err != nil {
			return
		}
		if _, ok := frame.(*http2.RSTStreamFrame); ok {
			if resets++; resets > atOnce+perSecond*time.Since(began).Seconds() {
				return
			}
		}
	}
}

// Somebody who opens calls and cancels them, or lets their time run out, as fast as can be does not bring the upstream to end
// the connection that all share: the calls of others go on and are answered.
func TestQuickCancelling(t *testing.T) {
	for name, leave := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"cancelled": context.WithCancel,
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 5*time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			addr := relaying(t, suspicious(t))
			hasty, other := dial(t, addr, "127.0.0.1"), dial(t, addr, "127.0.0.2")
			base, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			long := open(t, base, other, echo)
			if err := long.echoes([]byte("begun")); err != nil {
				t.Fatal(err)
			}
			var over atomic.Bool
			var beside, attack sync.WaitGroup
			beside.Go(func() {
				for n := 0; !over.Load(); n++ {
					if err := once(t, base, other, fmt.Append(nil, n)); err != nil {
						t.Errorf("call %d of another one: %v", n, err)
						return
					}
				}
			})
			var refused atomic.Int64
			for range 8 {
				attack.Go(func() {
					for range 400 {
						ctx, cancel := leave(base)
						s, err := hasty.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, hold)
						if err == nil {
							var header metadata.MD
							if header, err = s.Header(); header == nil { // it was refused, or its time is over
								err = s.RecvMsg(new(relay.Message))
							}
						}
						if status.Code(err) == codes.ResourceExhausted {
							refused.Add(1)
						}
						if name == "deadline" {
							<-ctx.Done()
						}
						cancel()
					}
				})
			}
			attack.Wait()
			over.Store(true)
			beside.Wait()
			if refused.Load() == 0 {
				t.Error("none of the calls was refused")
			}
			if err := long.echoes([]byte("still here")); err != nil {
				t.Errorf("the call under way of another one: %v", err)
			}
			if err := long.end(); err != nil {
				t.Error(err)
			}
		})
	}
}
