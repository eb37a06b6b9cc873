package doors

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

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

// The alias is listed to nobody, but grpcurl can call it: it asks for the file of the service by name, then for the files
// that this one needs, and makes the call of what they say.
func TestAliasInReflection(t *testing.T) {
	conn := start(t).conn()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var files descriptorpb.FileDescriptorSet
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "RouteGuide"}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(data, file); err != nil {
			t.Fatal(err)
		}
		files.File = append(files.File, file)
	}
	known, err := protodesc.NewFiles(&files)
	if err != nil {
		t.Fatalf("the files do not stand by themselves: %v", err)
	}
	for name, streams := range map[protoreflect.FullName]bool{"RouteGuide.GetFeature": false, "RouteGuide.ListFeature": true, "RouteGuide.ListFeatures": true} {
		found, err := known.FindDescriptorByName(name)
		if err != nil {
			t.Fatal(err)
		}
		method := found.(protoreflect.MethodDescriptor)
		request, reply := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
		if method.IsStreamingServer() != streams {
			t.Errorf("%s streams: %v", name, method.IsStreamingServer())
		} else if streams {
			continue
		}
		if err := protojson.Unmarshal([]byte(`{"latitude":409146138,"longitude":-746188906}`), request); err != nil {
			t.Fatal(err)
		}
		path := "/" + string(name.Parent()) + "/" + string(name.Name())
		if err := conn.Invoke(t.Context(), path, request, reply); err != nil || !strings.Contains(reply.String(), "Berkshire") {
			t.Errorf("%s: %v, %v", path, reply, err)
		}
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

	status, body := get(t, p.base()+"/metrics")
	if status != http.StatusOK || strings.Contains(body, "made.Up") {
		t.Errorf("%d, a made-up name among %s", status, body)
	}
	for door, n := range map[string]int{"grpc": 1, "websocket": 1, "grpc-web": 2, "rest": 2} {
		for _, code := range []string{"OK", "InvalidArgument"} {
			if got := counted(t, body, "grpc_server_handled_total", `door="`+door+`"`, `grpc_code="`+code+`"`, `grpc_method="GetFeature"`); got != float64(n) {
				t.Errorf("%s: %v calls ended with %s, want %d", door, got, code, n)
			}
		}
	}
	const list = `{door="grpc",grpc_method="ListFeatures",grpc_service="routeguide.RouteGuide",grpc_type="server_stream"} `
	for _, want := range []string{
		"grpc_server_msg_sent_total" + list + "100", "grpc_server_handling_seconds_count" + list + "1", "routeguide_open_calls" + list + "0",
		"grpc_server_msg_sent_bytes_total" + list, "grpc_server_msg_received_bytes_total" + list,
		"routeguide_ready 1", "routeguide_store_bytes ", "routeguide_store_waiting_changes 0", "routeguide_store_commit_seconds_count ",
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
}

// counted is the sum of a metric over all series that have these labels.
func counted(t *testing.T, body, name string, labels ...string) (sum float64) {
	t.Helper()
	for line := range strings.Lines(body) {
		of, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		all, found := strings.CutPrefix(of, name+"{")
		for _, label := range labels {
			found = found && strings.Contains(","+all+",", ","+label+",")
		}
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
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
