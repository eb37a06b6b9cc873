package doors

import (
	"math"
	"regexp"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"routeguide/proto/tutorial/gcn"
	"routeguide/proto/tutorial/myservice"
)

// startPython starts the services of testdata/upstream.py and returns their address.
func startPython(t *testing.T) string {
	t.Helper()
	py := newPython(t, "../../../proto", "tutorial/myservice/myservice.proto", "tutorial/gcn/gcn.proto")
	cmd := py.command("testdata/upstream.py")
	out := newOutput()
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("%v (`make setup` installs what the interop tests need)", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // at the latest it is killed when the test's context ends
	})
	m := out.wait(regexp.MustCompile(`port (\d+)`))
	if m == nil {
		t.Fatalf("it does not listen:\n%s", out)
	}
	return "127.0.0.1:" + m[1]
}

// Upstreams in Python take the place of the tutorials' services in the server.
func TestUpstreamInPython(t *testing.T) {
	addr := startPython(t)
	p := start(t, "-upstream", "MyService="+addr, "-upstream", "GCNService="+addr)
	for _, d := range relayDoors {
		t.Run(d.name, func(t *testing.T) {
			conn := d.conn(p)
			users := myservicepb.NewMyServiceClient(conn)
			reply, err := users.User(t.Context(), &myservicepb.UserReq{UserIDs: []int32{7, 1}})
			want := &myservicepb.UserReply{Message: "from Python", Data: []*myservicepb.User{
				{Name: "Zoë", Age: 7, Email: "zoe@example.org"}, {Name: "Guido", Age: 67, Email: "guido@example.org"},
			}}
			if err != nil || !proto.Equal(reply, want) {
				t.Errorf("users %v, %v, want %v", reply, err, want)
			}
			_, err = users.User(t.Context(), &myservicepb.UserReq{UserIDs: []int32{99}})
			if st := status.Convert(err); st.Code() != codes.NotFound || st.Message() != "no user 99 in Python" {
				t.Errorf("error %v, want NOT_FOUND", err)
			}
			var trailer metadata.MD
			if _, err := users.Health(t.Context(), &emptypb.Empty{}, grpc.Trailer(&trailer)); err != nil {
				t.Error(err)
			}
			if got := trailer.Get("raw-bin"); len(got) != 1 || got[0] != "\x00\xff" {
				t.Errorf("trailer %q", trailer)
			}
			graph := &gcnpb.GraphData{
				Nodes: []*gcnpb.Node{{Id: "A", Features: []float32{1}}, {Id: "B", Features: []float32{3}}, {Id: "C", Features: []float32{5}}},
				Edges: []*gcnpb.Edge{{SourceId: "A", TargetId: "B"}},
			}
			result, err := gcnpb.NewGCNServiceClient(conn).ProcessGraph(t.Context(), graph)
			for id, want := range map[string]float64{"A": 2, "B": 2, "C": 5} {
				if err != nil || math.Abs(float64(result.NodeScores[id])-want) > 1e-6 {
					t.Errorf("scores %v, %v, want %v for %s", result, err, want, id)
				}
			}
		})
	}
}
