package tutorial

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"routeguide/server/store"
)

// A running server has all services, on a real store and real gRPC.
type running struct {
	*grpc.ClientConn
	store  *store.Store
	health *health.Server
	ended  chan error // what the handlers of streams returned
	stop   func()     // also called when the test ends
}

// start runs the services with their store in dir.
func start(t *testing.T, dir string, o Options) *running {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	services := New(st)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &running{store: st, health: health.NewServer(), ended: make(chan error, 100)}
	s := grpc.NewServer(grpc.WaitForHandlers(true), grpc.MaxRecvMsgSize(64<<20), grpc.StreamInterceptor(
		func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			err := handle(srv, ss)
			r.ended <- err
			return err
		}))
	o.Health = r.health
	if err := services.Register(s, o); err != nil {
		t.Fatal(err)
	}
	healthpb.RegisterHealthServer(s, r.health)
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	var err error
	r.ClientConn, err = grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(64<<10), grpc.WithInitialConnWindowSize(1<<20),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		s.GracefulStop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(r.stop)
	return r
}

// wantCode fails unless err is a status of this code and, where there are fields, has violations of exactly those.
func wantCode(t *testing.T, err error, code codes.Code, fields ...string) {
	t.Helper()
	st := status.Convert(err)
	var named []string
	for _, d := range st.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				named = append(named, v.GetField())
			}
		}
	}
	if st.Code() != code || !slices.Equal(named, fields) {
		t.Errorf("got %v naming %q, want %v naming %q", err, named, code, fields)
	}
}

func TestRegisterRefusesBadFiles(t *testing.T) {
	for _, o := range []Options{{Users: t.TempDir()}, {Weights: t.TempDir()}, {Users: "no such file"}, {Weights: "no such file"}} {
		o.Health = health.NewServer()
		if err := New(store.New(store.Options{Dir: t.TempDir()})).Register(grpc.NewServer(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
