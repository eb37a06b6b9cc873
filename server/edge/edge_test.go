package edge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/edge"
	"routeguide/server/lab/leaktest"
)

var discard = slog.New(slog.DiscardHandler)

// patience is how long a test waits for what must come: a machine may be busy.
const patience = time.Minute

// guide is the service behind the doors: its answers say what reached it.
type guide struct {
	routeguidepb.UnimplementedRouteGuideServer
	routeguidev1.UnimplementedNoteServiceServer
	waiting chan struct{} // a call that was told to wait does, or one to make itself known
	ended   chan error    // how it ended
}

// detailed is an error with a detail.
func detailed(code codes.Code, text string) error {
	s, err := status.New(code, text).WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "location", Description: text}},
	})
	if err != nil {
		return err
	}
	return s.Err()
}

// wait blocks until the call ends.
func (g *guide) wait(ctx context.Context) error {
	g.waiting <- struct{}{}
	<-ctx.Done()
	g.ended <- context.Cause(ctx)
	return status.FromContextError(ctx.Err()).Err()
}

// GetFeature answers with the metadata it got. A negative latitude is the code to fail with, 999 waits, 777 is answered with gzip.
func (g *guide) GetFeature(ctx context.Context, p *routeguidepb.Point) (*routeguidepb.Feature, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	answer := metadata.MD{"route-id": md["route-id"], "resume-token": md["resume-token"], "seen-bin": md["seen-bin"]}
	if err := errors.Join(grpc.SetHeader(ctx, answer), grpc.SetTrailer(ctx, metadata.Pairs("after", "all"))); err != nil {
		return nil, err
	}
	switch {
	case p.Latitude < 0:
		return nil, detailed(codes.Code(-p.Latitude), "failed: 100% of \"naïve\" tries")
	case p.Latitude == 999:
		return nil, g.wait(ctx)
	case p.Latitude == 777:
		if err := grpc.SetSendCompressor(ctx, "gzip"); err != nil {
			return nil, err
		}
	}
	return &routeguidepb.Feature{Name: fmt.Sprint(md["traveler"]), Location: p}, nil
}

// ListFeatures sends as many features as lo.latitude says; then hi.latitude is the code to fail with, hi.longitude waits.
func (g *guide) ListFeatures(r *routeguidepb.Rectangle, s grpc.ServerStreamingServer[routeguidepb.Feature]) error {
	f := &routeguidepb.Feature{Name: "Berkshire Valley Management Area Trail, Jefferson, NJ, USA", Location: &routeguidepb.Point{}}
	for i := range r.GetLo().GetLatitude() {
		f.Location = &routeguidepb.Point{Latitude: 409146138 + i, Longitude: -746188906}
		if err := s.Send(f); err != nil {
			g.ended <- err
			return err
		}
	}
	if code := r.GetHi().GetLatitude(); code != 0 {
		return detailed(codes.Code(code), "enough")
	}
	if r.GetHi().GetLongitude() != 0 {
		return g.wait(s.Context())
	}
	return nil
}

// RecordRoute counts points. One at latitude -1 is refused, one at 998 makes itself known, one at 999 waits.
func (g *guide) RecordRoute(s grpc.ClientStreamingServer[routeguidepb.Point, routeguidepb.RouteSummary]) error {
	if err := s.SendHeader(metadata.Pairs("route-id", "r1", "route-points", "7")); err != nil {
		return err
	}
	n := int32(0)
	for {
		p, err := s.Recv()
		switch {
		case err == io.EOF:
			return s.SendAndClose(&routeguidepb.RouteSummary{PointCount: n})
		case err != nil:
			g.ended <- err
			return err
		case p.Latitude == -1:
			return detailed(codes.InvalidArgument, "no such point")
		case p.Latitude == 998:
			g.waiting <- struct{}{}
		case p.Latitude == 999:
			return g.wait(s.Context())
		}
		n++
	}
}

// RouteChat sends each note back. The message "here" makes itself known, "fail" fails, "wait" waits, "flood" sends until it
// cannot.
func (g *guide) RouteChat(s grpc.BidiStreamingServer[routeguidepb.RouteNote, routeguidepb.RouteNote]) error {
	if err := s.SendHeader(metadata.Pairs("chat-id", "c1")); err != nil {
		return err
	}
	for {
		n, err := s.Recv()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			g.ended <- err
			return err
		case n.Message == "fail":
			return detailed(codes.FailedPrecondition, "told to")
		case n.Message == "here":
			g.waiting <- struct{}{}
		case n.Message == "wait":
			return g.wait(s.Context())
		case strings.HasPrefix(n.Message, "flood"):
			for err == nil {
				err = s.Send(n)
			}
			g.ended <- err
			return err
		}
		if err := s.Send(n); err != nil {
			g.ended <- err
			return err
		}
	}
}

// WatchNotes sends one note with a cursor, then waits.
func (g *guide) WatchNotes(r *routeguidev1.WatchNotesRequest, s grpc.ServerStreamingServer[routeguidev1.WatchNotesResponse]) error {
	n, _ := strconv.Atoi(r.GetCursor())
	if err := s.Send(&routeguidev1.WatchNotesResponse{Cursor: strconv.Itoa(n + 1)}); err != nil {
		return err
	}
	return g.wait(s.Context())
}

// place is an Edge with all its doors open.
type place struct {
	guide  *guide
	edge   *edge.Edge
	server *http.Server
	base   string // http://host:port
	native *grpc.ClientConn
	tcp    sync.Map // the HTTP port's connections, as keys
	http1  *http.Client
	http2  *http.Client
	grpc   *grpc.ClientConn // to the HTTP port
}

func open(t testing.TB, change ...func(*edge.Options)) *place {
	t.Helper()
	before := goleak.IgnoreCurrent() // such as what a package that the gRPC-Web wrapper imports has started
	t.Cleanup(func() { leaktest.VerifyNone(t, before) })
	p := &place{guide: &guide{waiting: make(chan struct{}, 100), ended: make(chan error, 1000)}}
	s := grpc.NewServer(edge.ServerOptions()...)
	routeguidepb.RegisterRouteGuideServer(s, p.guide)
	routeguidev1.RegisterNoteServiceServer(s, p.guide)
	o := edge.Options{GRPC: s, Logger: discard}
	for _, f := range change {
		f(&o)
	}
	var err error
	if p.edge, err = edge.New(o); err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	web, native := listen(), listen()
	p.base = "http://" + web.Addr().String()
	p.server = &http.Server{Handler: p.edge, ReadHeaderTimeout: patience, MaxHeaderBytes: 2 << 20}
	p.server.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.tcp.Store(c, nil)
		}
	}
	if err := edge.HTTP2(p.server); err != nil {
		t.Fatal(err)
	}
	go p.server.Serve(edge.Listener(web))
	go s.Serve(native)
	if p.native, err = grpc.NewClient(native.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	if p.grpc, err = grpc.NewClient(web.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	var known http.Protocols
	known.SetUnencryptedHTTP2(true)
	p.http2 = &http.Client{Transport: &http.Transport{Protocols: &known}}
	p.http1 = &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.edge.Close(ctx); err != nil {
			t.Errorf("close the edge: %v", err)
		}
		p.http1.CloseIdleConnections()
		p.http2.CloseIdleConnections()
		p.grpc.Close()
		if err := p.server.Shutdown(ctx); err != nil {
			t.Errorf("shut the HTTP server down: %v", err)
			p.server.Close()
		}
		p.native.Close()
		s.Stop()
	})
	return p
}

// conns lists the connections that the HTTP port ever had.
func (p *place) conns() []any {
	var all []any
	p.tcp.Range(func(c, _ any) bool {
		all = append(all, c)
		return true
	})
	return all
}

// call is a context for one call.
func call(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// within receives from c, or fails after a while.
func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("still waiting for %s", what)
		panic("unreachable")
	}
}
