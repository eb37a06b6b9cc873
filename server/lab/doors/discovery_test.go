package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"

	routeguidepb "routeguide/proto/routeguide"
)

func TestHealth(t *testing.T) {
	p := start(t)
	for _, d := range relayDoors {
		client := healthpb.NewHealthClient(d.conn(p))
		for _, service := range []string{"", "routeguide.RouteGuide", "routeguide.v1.NoteService", "routeguide.v1.RouteService", "RouteGuide"} {
			resp, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil || resp.Status != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("%s: health of %q is %v, %v", d.name, service, resp, err)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := get(t, p.base()+path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// Reflection names every service that has a descriptor, and gives a file for each.
func TestReflection(t *testing.T) {
	p := start(t)
	want := []string{"routeguide.RouteGuide", "routeguide.v1.NoteService", "routeguide.v1.RouteService", "grpc.health.v1.Health", "helloworld.Greeter", "Cal"}
	for _, d := range doors[:2] {
		conn := d.conn(p)
		names := reflectedNames(t, conn)
		for _, name := range want {
			if !slices.Contains(names, name) {
				t.Errorf("%s: reflection names %q, not %s", d.name, names, name)
			}
		}
		if slices.Contains(names, "RouteGuide") {
			t.Errorf("%s: reflection names the alias RouteGuide", d.name)
		}
		stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}}); err != nil {
				t.Fatal(err)
			}
			if resp, err := stream.Recv(); err != nil || len(resp.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
				t.Errorf("%s: reflection has no file of %s: %v, %v", d.name, name, resp, err)
			}
		}
		stream.CloseSend()
	}
}

// reflectedNames asks both versions of reflection, which must agree but for nothing.
func reflectedNames(t *testing.T, conn grpc.ClientConnInterface) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v1, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	alpha, err := reflectionv1alpha.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	v1.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	alpha.Send(&reflectionv1alpha.ServerReflectionRequest{MessageRequest: &reflectionv1alpha.ServerReflectionRequest_ListServices{}})
	a, err := v1.Recv()
	if err != nil {
		t.Fatal(err)
	}
	b, err := alpha.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names, older []string
	for _, s := range a.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	for _, s := range b.GetListServicesResponse().GetService() {
		older = append(older, s.Name)
	}
	if !slices.Equal(names, older) {
		t.Errorf("v1 names %q, v1alpha %q", names, older)
	}
	return names
}

// The documents say of every path what it does, and of the streams that they are streams.
func TestDocuments(t *testing.T) {
	p := start(t)
	for _, path := range []string{"/openapi/openapi.json", "/openapi/swagger.json"} {
		status, body := get(t, p.base()+path)
		var doc struct {
			Paths map[string]map[string]struct{ Summary string }
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, status, err)
		}
		for _, want := range []string{"/v1/features/{latitude}/{longitude}", "/v1/features", "/v1/routes:record", "/v1/notes:chat", "/v1/notes", "/v1/notes:watch"} {
			if len(doc.Paths[want]) == 0 {
				t.Errorf("%s does not have %s", path, want)
			}
		}
		for name, methods := range doc.Paths {
			for verb, m := range methods {
				if m.Summary == "" {
					t.Errorf("%s: %s %s says nothing of itself", path, verb, name)
				}
			}
		}
		if !strings.Contains(body, "application/x-ndjson") || !strings.Contains(body, "text/event-stream") {
			t.Errorf("%s does not say what streams look like", path)
		}
	}
	if status, body := get(t, p.base()+"/openapi/"); status != http.StatusOK || !strings.Contains(body, "RouteGuide") {
		t.Errorf("the docs page: %d %s", status, body)
	}
}

// Calls through every door are counted, and names that somebody made up are not.
func TestMetrics(t *testing.T) {
	p := start(t)
	for _, d := range doors {
		var feature routeguidepb.Feature
		if err := d.conn(p).Invoke(t.Context(), getFeature, &routeguidepb.Point{Latitude: 407838351}, &feature); err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		if err := d.conn(p).Invoke(t.Context(), getFeature, &routeguidepb.Point{Latitude: 91e7}, &feature); err == nil {
			t.Fatalf("%s: no error for a point that is none", d.name)
		}
	}
	all, err := routeguidepb.NewRouteGuideClient(p.conn()).ListFeatures(t.Context(), &routeguidepb.Rectangle{
		Lo: &routeguidepb.Point{Latitude: -90e7, Longitude: -180e7}, Hi: &routeguidepb.Point{Latitude: 90e7, Longitude: 180e7},
	})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = all.Recv()
	}
	p.conn().Invoke(t.Context(), "/made.Up/Name", &routeguidepb.Point{}, &routeguidepb.Feature{})

	status, body := get(t, "http://"+p.admin+"/metrics")
	if status != http.StatusOK || strings.Contains(body, "made") {
		t.Errorf("%d, a made-up name among %s", status, body)
	}
	for _, want := range []string{
		fmt.Sprintf(`grpc_server_handled_total{grpc_code="OK",grpc_method="GetFeature",grpc_service="routeguide.RouteGuide",grpc_type="unary"} %d`, len(doors)),
		fmt.Sprintf(`grpc_server_handled_total{grpc_code="InvalidArgument",grpc_method="GetFeature",grpc_service="routeguide.RouteGuide",grpc_type="unary"} %d`, len(doors)),
		`grpc_server_msg_sent_total{grpc_method="ListFeatures",grpc_service="routeguide.RouteGuide",grpc_type="server_stream"} 100`,
		`grpc_server_handling_seconds_count{grpc_method="ListFeatures",grpc_service="routeguide.RouteGuide",grpc_type="server_stream"} 1`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
