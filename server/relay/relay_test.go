package relay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
	"routeguide/server/lab/leaktest"
	"routeguide/server/relay"
)

// guide is the service behind the relay.
type guide struct {
	routeguidepb.UnimplementedRouteGuideServer
	waiting chan struct{} // a chat was told to wait
	ended   chan error    // how it ended
}

func newGuide() *guide { return &guide{waiting: make(chan struct{}, 1), ended: make(chan error, 1)} }

func (g *guide) GetFeature(ctx context.Context, p *routeguidepb.Point) (*routeguidepb.Feature, error) {
	if p.Latitude != 0 {
		st, err := status.New(codes.NotFound, "nothing there").WithDetails(&errdetails.ErrorInfo{Reason: "EMPTY"})
		if err != nil {
			return nil, err
		}
		return nil, st.Err()
	}
	md, _ := metadata.FromIncomingContext(ctx)
	err := errors.Join(
		grpc.SetHeader(ctx, metadata.MD{"seen": md["traveler"], "seen-bin": md["raw-bin"]}),
		grpc.SetTrailer(ctx, metadata.Pairs("after-bin", "\x00\xff")),
	)
	return &routeguidepb.Feature{Name: "here", Location: p}, err
}

func (g *guide) RecordRoute(s grpc.ClientStreamingServer[routeguidepb.Point, routeguidepb.RouteSummary]) error {
	n := int32(0)
	for {
		if _, err := s.Recv(); err == io.EOF {
			return s.SendAndClose(&routeguidepb.RouteSummary{PointCount: n})
		} else if err != nil {
			return err
		}
		n++
	}
}

func (g *guide) RouteChat(s grpc.BidiStreamingServer[routeguidepb.RouteNote, routeguidepb.RouteNote]) error {
	if err := s.SendHeader(metadata.Pairs("chat-id", "c1")); err != nil {
		return err
	}
	for {
		n, err := s.Recv()
		switch {
		case err == io.EOF:
			return nil
		case err == nil && n.Message == "stop":
			return status.Error(codes.Aborted, "stopped")
		case err == nil && n.Message == "wait":
			g.waiting <- struct{}{}
			<-s.Context().Done()
			g.ended <- context.Cause(s.Context())
			return nil
		case err == nil:
			err = s.Send(n)
		}
		if err != nil {
			return err
		}
	}
}

// relayed returns a client of what relays all calls to the guide.
func relayed(t *testing.T, g *guide) routeguidepb.RouteGuideClient {
	t.Cleanup(func() { leaktest.VerifyNone(t) })
	far := grpc.NewServer()
	routeguidepb.RegisterRouteGuideServer(far, g)
	conn := dial(t, serve(t, far))
	var requests sync.WaitGroup
	t.Cleanup(requests.Wait)
	near := grpc.NewServer(grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		md, _ := metadata.FromIncomingContext(ctx)
		method, _ := grpc.MethodFromServerStream(s)
		call, err := relay.Open(metadata.NewOutgoingContext(ctx, md), conn, method)
		if err != nil {
			return err
		}
		requests.Go(func() { _ = relay.Requests(call, s) }) // ends when this handler has
		return relay.Responses(s, call)
	}))
	return routeguidepb.NewRouteGuideClient(dial(t, serve(t, near)))
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// serve returns the address of s.
func serve(t *testing.T, s *grpc.Server) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		<-served
	})
	return l.Addr().String()
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestUnary(t *testing.T) {
	client := relayed(t, newGuide())
	ctx := metadata.AppendToOutgoingContext(within(t), "traveler", "Ada", "raw-bin", "\xff\x00")
	var header, trailer metadata.MD
	f, err := client.GetFeature(ctx, &routeguidepb.Point{Longitude: 7}, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil || f.Name != "here" || f.Location.Longitude != 7 {
		t.Fatalf("%v, %v", f, err)
	}
	if header.Get("seen")[0] != "Ada" || header.Get("seen-bin")[0] != "\xff\x00" || trailer.Get("after-bin")[0] != "\x00\xff" {
		t.Errorf("header %q, trailer %q", header, trailer)
	}
}

func TestErrorKeepsItsDetails(t *testing.T) {
	client := relayed(t, newGuide())
	_, err := client.GetFeature(within(t), &routeguidepb.Point{Latitude: 1})
	st := status.Convert(err)
	if st.Code() != codes.NotFound || st.Message() != "nothing there" || len(st.Details()) != 1 ||
		!proto.Equal(st.Details()[0].(proto.Message), &errdetails.ErrorInfo{Reason: "EMPTY"}) {
		t.Errorf("error %v with %v", err, st.Details())
	}
}

func TestUnknownMethod(t *testing.T) {
	client := relayed(t, newGuide())
	s, err := client.ListFeatures(within(t), &routeguidepb.Rectangle{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Unimplemented {
		t.Errorf("error %v", err)
	}
}

func TestClientStream(t *testing.T) {
	client := relayed(t, newGuide())
	s, err := client.RecordRoute(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if err := s.Send(&routeguidepb.Point{}); err != nil {
			t.Fatal(err)
		}
	}
	if sum, err := s.CloseAndRecv(); err != nil || sum.PointCount != 2000 {
		t.Errorf("%v, %v", sum, err)
	}
}

func TestBidi(t *testing.T) {
	client := relayed(t, newGuide())
	s, err := client.RouteChat(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if md, err := s.Header(); err != nil || md.Get("chat-id")[0] != "c1" {
		t.Fatalf("%v, %v", md, err)
	}
	for _, text := range []string{"one", "", strings.Repeat("long", 500_000)} {
		if err := s.Send(&routeguidepb.RouteNote{Message: text}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Recv(); err != nil || n.Message != text {
			t.Fatalf("%d bytes, %v", len(n.GetMessage()), err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != io.EOF {
		t.Error(err)
	}
}

// TestEarlyEnd is that of a call whose client would go on.
func TestEarlyEnd(t *testing.T) {
	client := relayed(t, newGuide())
	s, err := client.RouteChat(within(t))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(&routeguidepb.RouteNote{Message: "stop"})
	for err == nil {
		err = s.Send(&routeguidepb.RouteNote{Message: "more"})
	}
	if _, err := s.Recv(); status.Code(err) != codes.Aborted {
		t.Errorf("error %v", err)
	}
}

func TestCancel(t *testing.T) {
	g := newGuide()
	client := relayed(t, g)
	ctx, cancel := context.WithCancel(within(t))
	s, err := client.RouteChat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&routeguidepb.RouteNote{Message: "wait"}); err != nil {
		t.Fatal(err)
	}
	<-g.waiting
	cancel()
	if err := <-g.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the far handler saw %v", err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("error %v", err)
	}
}

func TestDeadline(t *testing.T) {
	g := newGuide()
	client := relayed(t, g)
	ctx, cancel := context.WithTimeout(within(t), 100*time.Millisecond)
	defer cancel()
	s, err := client.RouteChat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&routeguidepb.RouteNote{Message: "wait"}); err != nil {
		t.Fatal(err)
	}
	if err := <-g.ended; err == nil {
		t.Error("the far handler saw no end")
	}
	if _, err := s.Recv(); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("error %v", err)
	}
}

func TestCodecTakesNothingElse(t *testing.T) {
	if _, err := (relay.Codec{}).Marshal(&routeguidepb.Point{}); err == nil {
		t.Error("it marshals a message")
	}
	if err := (relay.Codec{}).Unmarshal(nil, &routeguidepb.Point{}); err == nil {
		t.Error("it unmarshals into a message")
	}
}
