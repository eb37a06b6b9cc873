package rpc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

// serve starts the services on a free port and returns their Calls, and a connection to them.
func serve(t *testing.T, features *feature.Index, stall time.Duration, log io.Writer) (*Calls, *grpc.ClientConn) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	routes, err := route.Open(t.Context(), st, route.Options{Feature: func(geo.Point) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	notes, err := note.Open(t.Context(), st, note.Options{})
	if err != nil {
		t.Fatal(err)
	}
	calls := NewCalls(logger, stall, nil)
	t.Cleanup(calls.Close)
	s := calls.NewServer()
	t.Cleanup(s.Stop)
	Register(s, Domain{Features: features, Routes: routes, Notes: notes})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return calls, conn
}

func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	many, err := feature.NewIndex(func(yield func(feature.Feature, error) bool) {
		for i := range int32(50_000) {
			if !yield(feature.Feature{Name: "some feature of some length", Location: geo.Point{Lat: i}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	calls, conn := serve(t, many, 50*time.Millisecond, io.Discard)
	stream, err := routeguidepb.NewRouteGuideClient(conn).ListFeatures(t.Context(), &routeguidepb.Rectangle{
		Lo: &routeguidepb.Point{Latitude: -geo.MaxLat, Longitude: -geo.MaxLng}, Hi: &routeguidepb.Point{Latitude: geo.MaxLat, Longitude: geo.MaxLng},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	for open := 1; open > 0; { // and does not read on until it is cut off
		calls.mu.Lock()
		open = len(calls.streams)
		calls.mu.Unlock()
	}
	n := 1
	for err = nil; err == nil; n++ {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("after %d features: %v, want RESOURCE_EXHAUSTED", n, err)
	}
}

func TestEndStreamsEndsWhatWaits(t *testing.T) {
	calls, conn := serve(t, feature.Default(), time.Minute, io.Discard)
	guide := routeguidepb.NewRouteGuideClient(conn)
	record, err := guide.RecordRoute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	chat, err := guide.RouteChat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []grpc.ClientStream{record, chat} {
		if _, err := s.Header(); err != nil {
			t.Fatal(err)
		}
	}
	calls.EndStreams()
	if _, err := record.CloseAndRecv(); status.Code(err) != codes.Unavailable {
		t.Errorf("RecordRoute ended with %v, want UNAVAILABLE", err)
	}
	if _, err := chat.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("RouteChat ended with %v, want UNAVAILABLE", err)
	}
	if late, err := guide.RouteChat(t.Context()); err == nil {
		if _, err := late.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("a call after the end: %v, want UNAVAILABLE", err)
		}
	}
}

func TestPanicIsToldAsInternalAndLogged(t *testing.T) {
	var log syncBuffer
	_, conn := serve(t, nil, time.Minute, &log) // no index: its methods panic
	_, err := routeguidepb.NewRouteGuideClient(conn).GetFeature(t.Context(), &routeguidepb.Point{})
	if st := status.Convert(err); st.Code() != codes.Internal || strings.Contains(st.Message(), "nil") {
		t.Errorf("the client is told %v, want INTERNAL without the cause", st)
	}
	if s := log.String(); !strings.Contains(s, "nil pointer") || strings.Count(s, "call failed") != 1 {
		t.Errorf("the log says\n%s\nwant the cause, once", s)
	}
}

func TestEveryErrorHasOneCode(t *testing.T) {
	for _, row := range table {
		st, known := statusOf(fmt.Errorf("somewhere: %w", row.err))
		if !known || st.Code() != row.code {
			t.Errorf("%v is told as %v, want %v", row.err, st.Code(), row.code)
		}
	}
	if st, known := statusOf(errors.New("secret")); known || st.Code() != codes.Internal || strings.Contains(st.Message(), "secret") {
		t.Errorf("an unknown error is told as %v", st)
	}
	if st, _ := statusOf(errors.Join(invalid("lo", "is required"), errors.New("other"))); st.Code() != codes.InvalidArgument {
		t.Errorf("bad input that also failed to flush is told as %v", st)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
