package rpc

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

// A server is the services on a free port, and a connection to them.
type server struct {
	*Calls
	end  func() // all calls
	addr string
	conn *grpc.ClientConn
}

// serve starts a server. The zero options are what the program has by default.
func serve(t *testing.T, features *feature.Index, log io.Writer, o Options, more ...*grpc.ServiceDesc) server {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	st := store.New(store.Options{Dir: t.TempDir(), Logger: logger})
	book := feature.New(st, features)
	routes := route.New(st, route.Options{Feature: func(geo.Point) bool { return false }})
	notes := note.New(st, note.Options{})
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	ending, end := context.WithCancelCause(context.Background())
	o.Log, o.Ending = logger, ending
	o.Stall, o.Message = cmp.Or(o.Stall, time.Minute), cmp.Or(o.Message, 4<<20)
	if o.Budget == nil {
		o.Budget = NewBudget(256 << 20)
	}
	calls := NewCalls(o)
	t.Cleanup(calls.Close)
	s := calls.NewServer()
	t.Cleanup(s.Stop)
	Register(s, ending, Domain{Features: book, Routes: routes, Notes: notes})
	for _, d := range more {
		s.RegisterService(d, nil)
	}
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
	return server{calls, func() { end(ErrEnding) }, l.Addr().String(), conn}
}

func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	many, err := feature.NewIndex(func(yield func(feature.Described, error) bool) {
		for i := range int32(50_000) {
			if !yield(feature.Described{Feature: feature.Feature{Name: "some feature of some length", Location: geo.Point{Lat: i}}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, many, io.Discard, Options{Stall: 50 * time.Millisecond})
	stream, err := routeguidepb.NewRouteGuideClient(s.conn).ListFeatures(t.Context(), &routeguidepb.Rectangle{
		Lo: &routeguidepb.Point{Latitude: -geo.MaxLat, Longitude: -geo.MaxLng}, Hi: &routeguidepb.Point{Latitude: geo.MaxLat, Longitude: geo.MaxLng},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	for open := 1; open > 0; { // and does not read on until it is cut off
		open = 0
		s.each(func(*call) { open++ })
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
	server := serve(t, feature.Default(), io.Discard, Options{})
	guide := routeguidepb.NewRouteGuideClient(server.conn)
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
	server.end()
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

// panics is a service whose methods panic: in the handler of a unary call, of a stream, and in a goroutine of a stream that
// goes on.
var panics = &grpc.ServiceDesc{
	ServiceName: "test.Panics",
	Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
		panic("the cause")
	}}},
	Streams: []grpc.StreamDesc{
		{StreamName: "Stream", ClientStreams: true, ServerStreams: true, Handler: func(any, grpc.ServerStream) error { panic("the cause") }},
		{StreamName: "Goroutine", ClientStreams: true, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			Go(s.Context(), func() { panic("the cause") })
			return s.RecvMsg(new(routeguidepb.Point)) // which never comes
		}},
	},
}

// A panic ends the call that it is in, and no other. The client gets an id, which the log has with the cause, once.
func TestPanicEndsOneCall(t *testing.T) {
	for _, method := range []string{"Unary", "Stream", "Goroutine"} {
		t.Run(method, func(t *testing.T) {
			var log syncBuffer
			s := serve(t, feature.Default(), &log, Options{}, panics)
			beside, err := routeguidepb.NewRouteGuideClient(s.conn).RouteChat(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
			stream, err := s.conn.NewStream(t.Context(), desc, "/test.Panics/"+method)
			if err != nil {
				t.Fatal(err)
			}
			st := status.Convert(stream.RecvMsg(new(routeguidepb.Point)))
			if st.Code() != codes.Internal || strings.Contains(st.Message(), "cause") || len(st.Details()) != 1 {
				t.Fatalf("the client is told %v, want INTERNAL and an id", st.Proto())
			}
			id := st.Details()[0].(*errdetails.RequestInfo).RequestId
			said := ""
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && said == ""; { // the client may hear of it first
				said = log.String()
			}
			for _, want := range []string{`"call failed"`, "id=" + id, "the cause", "code=Internal", "peer=127.0.0.1:", "took="} {
				if strings.Count(said, want) != 1 && want != "the cause" || !strings.Contains(said, want) {
					t.Errorf("the log does not say %s once:\n%s", want, said)
				}
			}
			at := &routeguidepb.RouteNote{Location: &routeguidepb.Point{}, Message: "still here"}
			for range 2 {
				if err := beside.Send(at); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := beside.Recv(); err != nil || n.Message != at.Message {
				t.Errorf("the chat beside it: %v, %v", n, err)
			}
		})
	}
}

// What a client sends does not fill the log, and a client that leaves is no error.
func TestLogStaysShort(t *testing.T) {
	var log syncBuffer
	s := serve(t, feature.Default(), &log, Options{})
	slashes := strings.Repeat(`\`, 60_000)
	ctx := metadata.AppendToOutgoingContext(t.Context(), mdTraveler, slashes[:10_000], mdRoute, slashes[:10_000])
	record, err := routeguidepb.NewRouteGuideClient(s.conn).RecordRoute(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = record.CloseAndRecv()
	if st := status.Convert(err); st.Code() != codes.InvalidArgument || len(st.Message()) > 300 {
		t.Errorf("the client is told %v in %d bytes", st.Code(), len(st.Message()))
	}
	_, err = routeguidev1.NewNoteServiceClient(s.conn).ListNotes(t.Context(), &routeguidev1.ListNotesRequest{PageToken: slashes})
	if st := status.Convert(err); st.Code() != codes.InvalidArgument || len(st.Message()) > 300 {
		t.Errorf("the client is told %v in %d bytes", st.Code(), len(st.Message()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := routeguidepb.NewRouteGuideClient(s.conn).RouteChat(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	for open := 1; open > 0; {
		open = 0
		s.each(func(*call) { open++ })
	}
	if said := log.String(); len(said) > 2000 || strings.Contains(said, "ERROR") || strings.Count(said, "InvalidArgument") != 2 {
		t.Errorf("the log has %d bytes: %.3000s", len(said), said)
	}
}

func TestEveryErrorHasOneCode(t *testing.T) {
	for _, row := range table {
		if f := failureOf(fmt.Errorf("somewhere: %w", row.err)); f.id != "" || f.st.Code() != row.code {
			t.Errorf("%v is told as %v, want %v", row.err, f.st.Code(), row.code)
		}
	}
	if f := failureOf(errors.New("secret")); f.id == "" || f.st.Code() != codes.Internal || strings.Contains(f.st.String(), "secret") {
		t.Errorf("an unknown error is told as %v", f.st)
	}
	if f := failureOf(errors.Join(invalid("lo", "is required"), errors.New("other"))); f.st.Code() != codes.InvalidArgument || f.st.Message() != "lo: is required" {
		t.Errorf("bad input that also failed to flush is told as %v", f.st)
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
