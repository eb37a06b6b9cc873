package edge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
	"routeguide/server/lab/edgetest"
)

type door struct {
	name    string
	conn    grpc.ClientConnInterface
	trailer bool // trailer metadata comes through
	early   bool // the header metadata of a client stream comes before its answer
	duplex  bool // a message can be answered before the next one is sent
}

// native tells whether the door is used with gRPC's own client, which says itself what a call's deadline is.
func (d door) native() bool {
	_, ok := d.conn.(*grpc.ClientConn)
	return ok
}

func doors(p *place) []door {
	return []door{
		{"native", p.native, true, true, true},
		{"gRPC-Web", edgetest.Web{Base: p.base, Client: p.http1}, true, true, true},
		{"gRPC-Web text", edgetest.Web{Base: p.base, Client: p.http1, Text: true}, true, true, false},
		{"WebSocket", edgetest.WebSocket{Base: p.base}, true, true, true},
		{"REST", edgetest.REST{Base: p.base, Client: p.http1}, false, false, true},
		{"REST events", edgetest.REST{Base: p.base, Client: p.http1, Events: true}, false, false, true},
		{"gRPC at the HTTP port", p.grpc, true, true, true},
		{"gRPC-Web over HTTP/2", edgetest.Web{Base: p.base, Client: p.http2}, true, true, true},
		{"gRPC-Web text over HTTP/2", edgetest.Web{Base: p.base, Client: p.http2, Text: true}, true, true, false},
		{"REST over HTTP/2", edgetest.REST{Base: p.base, Client: p.http2}, false, false, true},
		{"REST events over HTTP/2", edgetest.REST{Base: p.base, Client: p.http2, Events: true}, false, false, true},
	}
}

// everyDoor runs a test through each of them.
func everyDoor(t *testing.T, test func(*testing.T, *place, door)) {
	t.Helper()
	everyDoorOf(t, open(t), test)
}

func everyDoorOf(t *testing.T, p *place, test func(*testing.T, *place, door)) {
	t.Helper()
	for _, d := range doors(p) {
		t.Run(d.name, func(t *testing.T) { test(t, p, d) })
	}
}

func wantDetail(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || s.Message() != text {
		t.Fatalf("error %v, want %v %q", err, code, text)
	}
	if len(s.Details()) != 1 {
		t.Fatalf("details %v, want one", s.Details())
	}
	if bad, ok := s.Details()[0].(*errdetails.BadRequest); !ok || bad.FieldViolations[0].Field != "location" {
		t.Errorf("detail %v", s.Details()[0])
	}
}

func TestUnary(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		ctx := metadata.AppendToOutgoingContext(call(t), "traveler", "Ada", "route-id", "r9", "resume-token", "t9", "seen-bin", "\x00\xff\n")
		var header, trailer metadata.MD
		want := &routeguidepb.Point{Latitude: 409146138, Longitude: -746188906}
		f, err := client.GetFeature(ctx, want, grpc.Header(&header), grpc.Trailer(&trailer))
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != "[Ada]" || !proto.Equal(f.Location, want) {
			t.Errorf("answer %v", f)
		}
		if got := header.Get("route-id"); len(got) != 1 || got[0] != "r9" {
			t.Errorf("header metadata %v", header)
		}
		if got := header.Get("resume-token"); len(got) != 1 || got[0] != "t9" {
			t.Errorf("header metadata %v", header)
		}
		if d.trailer {
			if got := header.Get("seen-bin"); len(got) != 1 || got[0] != "\x00\xff\n" {
				t.Errorf("binary metadata %q", got)
			}
			if got := trailer.Get("after"); len(got) != 1 || got[0] != "all" {
				t.Errorf("trailer metadata %v", trailer)
			}
		}
	})
}

func TestUnaryError(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		for _, code := range []codes.Code{codes.InvalidArgument, codes.NotFound, codes.Aborted, codes.ResourceExhausted, codes.Unauthenticated} {
			_, err := client.GetFeature(call(t), &routeguidepb.Point{Latitude: -int32(code)})
			wantDetail(t, err, code, "failed: 100% of \"naïve\" tries")
		}
	})
}

func TestUnknownMethod(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		if strings.HasPrefix(d.name, "REST") {
			return // has paths, not methods
		}
		err := d.conn.Invoke(call(t), "/routeguide.RouteGuide/Fly", &routeguidepb.Point{}, &routeguidepb.Point{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("error %v", err)
		}
	})
}

func TestServerStream(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		for _, n := range []int32{0, 1, 5000} {
			s, err := client.ListFeatures(call(t), &routeguidepb.Rectangle{Lo: &routeguidepb.Point{Latitude: n}, Hi: &routeguidepb.Point{}})
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				f, err := s.Recv()
				if err != nil {
					t.Fatalf("feature %d of %d: %v", i, n, err)
				}
				if f.Location.Latitude != 409146138+i {
					t.Fatalf("feature %d is %v", i, f)
				}
			}
			if f, err := s.Recv(); err != io.EOF {
				t.Fatalf("after the last of %d: %v, %v", n, f, err)
			}
		}
	})
}

func TestServerStreamError(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		for _, n := range []int32{0, 3} { // before and after the answer has begun
			s, err := client.ListFeatures(call(t), &routeguidepb.Rectangle{
				Lo: &routeguidepb.Point{Latitude: n}, Hi: &routeguidepb.Point{Latitude: int32(codes.OutOfRange)},
			})
			if err != nil {
				t.Fatal(err)
			}
			for range n {
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			_, err = s.Recv()
			wantDetail(t, err, codes.OutOfRange, "enough")
		}
	})
}

func TestClientStream(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		s, err := client.RecordRoute(call(t))
		if err != nil {
			t.Fatal(err)
		}
		if d.early {
			if md, err := s.Header(); err != nil || md.Get("route-points")[0] != "7" {
				t.Fatalf("header metadata %v, %v before the first message", md, err)
			}
		}
		for i := range int32(3000) {
			if err := s.Send(&routeguidepb.Point{Latitude: i % 500}); err != nil {
				t.Fatal(err)
			}
		}
		sum, err := s.CloseAndRecv()
		if err != nil || sum.PointCount != 3000 {
			t.Fatalf("summary %v, %v", sum, err)
		}
		if md, _ := s.Header(); md.Get("route-id")[0] != "r1" {
			t.Errorf("header metadata %v", md)
		}
	})
}

// TestClientStreamError also proves that an error arrives while the client is still sending.
func TestClientStreamError(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		s, err := client.RecordRoute(call(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&routeguidepb.Point{Latitude: -1}); err != nil {
			t.Fatal(err)
		}
		for err == nil { // until the call is over
			err = s.Send(&routeguidepb.Point{Latitude: 1})
		}
		if err != io.EOF {
			t.Fatal(err)
		}
		_, err = s.CloseAndRecv()
		wantDetail(t, err, codes.InvalidArgument, "no such point")
	})
}

func TestBidi(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		if !d.duplex {
			return
		}
		client := routeguidepb.NewRouteGuideClient(d.conn)
		s, err := client.RouteChat(call(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "two", strings.Repeat("long ", 30_000)} {
			if err := s.Send(&routeguidepb.RouteNote{Message: text}); err != nil {
				t.Fatal(err)
			}
			n, err := s.Recv()
			if err != nil || n.Message != text {
				t.Fatalf("note of %d bytes, %v", len(n.GetMessage()), err)
			}
		}
		if md, _ := s.Header(); md.Get("chat-id")[0] != "c1" {
			t.Errorf("header metadata %v", md)
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); err != io.EOF {
			t.Errorf("after the half-close: %v", err)
		}
	})
}

func TestBidiError(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		if !d.duplex {
			return
		}
		client := routeguidepb.NewRouteGuideClient(d.conn)
		s, err := client.RouteChat(call(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "fail"} {
			if err := s.Send(&routeguidepb.RouteNote{Message: text}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := s.Recv(); err != nil || n.Message != "one" {
			t.Fatalf("note %v, %v", n, err)
		}
		_, err = s.Recv()
		wantDetail(t, err, codes.FailedPrecondition, "told to")
	})
}

func TestDeadline(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		untilReached(t, p, func(deadline time.Duration) {
			ctx, cancel := context.WithTimeout(call(t), deadline)
			defer cancel()
			_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(ctx, &routeguidepb.Point{Latitude: 999})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("error %v", err)
			}
		})
	})
}

// untilReached makes calls that wait, with ever longer deadlines until one of them does reach its handler before, and sees
// the handler end.
func untilReached(t *testing.T, p *place, make func(deadline time.Duration)) {
	t.Helper()
	for deadline := 50 * time.Millisecond; deadline < patience; deadline *= 2 {
		make(deadline)
		select {
		case <-p.guide.waiting:
			within(t, p.guide.ended, "the handler")
			return
		default:
		}
	}
	t.Error("no call reached the handler")
}

// TestDeadlineIsKeptByTheServer does without a client that would notice by itself.
func TestDeadlineIsKeptByTheServer(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		if d.native() {
			return
		}
		untilReached(t, p, func(deadline time.Duration) {
			ctx := metadata.AppendToOutgoingContext(call(t), "grpc-timeout", fmt.Sprintf("%dm", deadline.Milliseconds()))
			_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(noDeadline{ctx}, &routeguidepb.Point{Latitude: 999})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("error %v", err)
			}
			if ctx.Err() != nil {
				t.Error("it was the client's own deadline")
			}
		})
	})
}

type noDeadline struct{ context.Context }

func (noDeadline) Deadline() (time.Time, bool) { return time.Time{}, false }

func TestCancelReachesTheHandler(t *testing.T) {
	everyDoor(t, func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		t.Run("unary", func(t *testing.T) {
			ctx, cancel := context.WithCancel(call(t))
			go func() {
				<-p.guide.waiting
				cancel()
			}()
			_, err := client.GetFeature(ctx, &routeguidepb.Point{Latitude: 999})
			if status.Code(err) != codes.Canceled {
				t.Errorf("error %v", err)
			}
			within(t, p.guide.ended, "the handler")
		})
		t.Run("server stream", func(t *testing.T) {
			ctx, cancel := context.WithCancel(call(t))
			s, err := client.ListFeatures(ctx, &routeguidepb.Rectangle{Lo: &routeguidepb.Point{Latitude: 1}, Hi: &routeguidepb.Point{Longitude: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
			within(t, p.guide.waiting, "the handler")
			cancel()
			within(t, p.guide.ended, "the handler")
			if _, err := s.Recv(); status.Code(err) != codes.Canceled {
				t.Errorf("error %v", err)
			}
		})
		t.Run("bidi", func(t *testing.T) {
			if !d.duplex {
				return
			}
			ctx, cancel := context.WithCancel(call(t))
			s, err := client.RouteChat(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(&routeguidepb.RouteNote{Message: "one"}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := within(t, p.guide.ended, "the handler"); err == nil || errors.Is(err, io.EOF) {
				t.Errorf("the handler saw %v, want an error", err)
			}
		})
	})
}
