package doors

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Of many streams at a time, each gets its own messages back, in order.
func TestUpstreamKeepsOrder(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", inV1)
	p := start(t, "-upstream", numbers+"="+e.addr)
	for _, d := range relayDoors {
		streams, messages := int64(20), int64(100)
		if d.name == "native" {
			streams, messages = 100, 200
		}
		t.Run(d.name, func(t *testing.T) {
			var all sync.WaitGroup
			for i := range streams {
				c := visitor{t, p, d}.reach(t.Context(), echo)
				all.Go(func() {
					for n := range messages {
						if err := c.SendMsg(number(i<<32 + n)); err != nil {
							t.Error(err)
						}
					}
					if err := c.CloseSend(); err != nil {
						t.Error(err)
					}
				})
				all.Go(func() {
					got, err := values(c)
					if err != nil || int64(len(got)) != messages {
						t.Errorf("stream %d: %d messages, %v, want %d", i, len(got), err, messages)
					}
					for n, v := range got {
						if v != i<<32+int64(n) {
							t.Errorf("stream %d: message %d is %#x", i, n, v)
							return
						}
					}
				})
			}
			all.Wait()
		})
	}
}

const pieceKiB = 16

// flood answers a call with as many numbered pieces as it asks for, and counts those that it could send.
func flood(sent *atomic.Int64) grpc.ServerOption {
	return grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		n, err := take(stream)
		if err != nil {
			return err
		}
		for i := int64(0); i < n; i++ {
			b := binary.BigEndian.AppendUint64(nil, uint64(i))
			b = append(b, make([]byte, pieceKiB<<10-len(b))...)
			if err := stream.SendMsg(wrapperspb.Bytes(b)); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
}

// A thousand clients that do not read make their upstream wait, and take a bounded amount of memory. Then they read
// everything.
func TestUpstreamOfSlowReaders(t *testing.T) {
	const streams, pieces, most = 1000, 24, 20 // most: pieces of a stream that fit in all buffers on its way
	var sent atomic.Int64
	e := listenElsewhere(t, "127.0.0.1:0", notAtAll, flood(&sent))
	p, _ := launch(t, "-data", t.TempDir(), "-upstream", "*="+e.addr)
	conn, err := grpc.NewClient(p.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStaticStreamWindowSize(64<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	slow := visitor{t, p, door{"native", true, func(*program) grpc.ClientConnInterface { return conn }}}
	before := heldKiB(t, p)
	var open []call
	for range streams {
		c := slow.reach(t.Context(), "/elsewhere.Flood/Take")
		slow.ask(c, number(pieces))
		open = append(open, c)
	}
	settled(t, &sent)
	grown := heldKiB(t, p) - before
	t.Logf("%d streams: the upstream could send %d KiB, the program has grown by %d KiB", streams, sent.Load()*pieceKiB, grown)
	if sent.Load() > streams*most {
		t.Errorf("%d KiB were taken that nobody reads", sent.Load()*pieceKiB)
	}
	if grown > streams*1024 { // without the race detector it is a fifth of that
		t.Errorf("the program has grown by %d KiB for %d streams", grown, streams)
	}
	var readers sync.WaitGroup
	for i, c := range open {
		readers.Go(func() {
			var m wrapperspb.BytesValue
			for n := range uint64(pieces) {
				if err := c.RecvMsg(&m); err != nil || binary.BigEndian.Uint64(m.Value) != n {
					t.Errorf("stream %d: message %d begins with %.8x, %v", i, n, m.Value, err)
					return
				}
			}
			if err := c.RecvMsg(&m); !errors.Is(err, io.EOF) {
				t.Errorf("stream %d ended with %v", i, err)
			}
		})
	}
	readers.Wait()
}

// settled waits until n has grown, and then not grown for a second.
func settled(t *testing.T, n *atomic.Int64) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for last, same := int64(0), 0; same < 10; {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the test ended")
		}
		if now := n.Load(); now == last && now > 0 {
			same++
		} else {
			last, same = now, 0
		}
	}
}
