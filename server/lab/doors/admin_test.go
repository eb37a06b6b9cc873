package doors

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	channelzpb "google.golang.org/grpc/channelz/grpc_channelz_v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
)

// What those who run the program are to see is at the admin address: profiles and channelz nowhere else.
func TestAdmin(t *testing.T) {
	p := start(t)
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
		if code, _ := get(t, "http://"+p.admin+path); code != http.StatusOK {
			t.Errorf("%s: %d at the admin address", path, code)
		}
		if code, _ := get(t, p.base()+path); code != http.StatusNotFound && path != "/metrics" {
			t.Errorf("%s: %d for everybody", path, code)
		}
	}
	conn, err := grpc.NewClient(p.admin, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if servers, err := channelzpb.NewChannelzClient(conn).GetServers(t.Context(), &channelzpb.GetServersRequest{}); err != nil || len(servers.Server) == 0 {
		t.Errorf("channelz has %v, %v", servers, err)
	}
	for _, d := range relayDoors {
		_, err := channelzpb.NewChannelzClient(d.conn(p)).GetServers(t.Context(), &channelzpb.GetServersRequest{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: channelz answers %v", d.name, err)
		}
	}
}

// While it drains, the program says that it is not ready, and serves all the same.
func TestDrain(t *testing.T) {
	t.Parallel() // it waits
	p := start(t, "-drain", "5s")
	if code, body := get(t, p.base()+"/readyz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("at first: %d %q", code, body)
	}
	health := healthpb.NewHealthClient(p.conn())
	watch, err := health.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: "routeguide.RouteGuide"})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.Status != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("health is %v, %v", first, err)
	}
	began := time.Now()
	p.cancel()
	if next, err := watch.Recv(); err != nil || next.Status != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health is then %v, %v", next, err)
	}
	if code, body := get(t, p.base()+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("then: %d %q", code, body)
	}
	if code, body := get(t, "http://"+p.admin+"/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "shutting down") {
		t.Errorf("then for those who run it: %d %q", code, body)
	}
	if _, err := routeguidepb.NewRouteGuideClient(p.conn()).GetFeature(t.Context(), pb(1, 2)); err != nil {
		t.Errorf("a call while it drains: %v", err)
	}
	if err := p.stop(); err != nil || time.Since(began) < 5*time.Second {
		t.Errorf("it ended with %v after %v", err, time.Since(began))
	}
}
