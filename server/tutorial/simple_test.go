package tutorial

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	"routeguide/proto/tutorial/cal"
	"routeguide/proto/tutorial/compute"
	"routeguide/proto/tutorial/greeter"
	"routeguide/proto/tutorial/greeterpb"
	"routeguide/proto/tutorial/helloworld"
	"routeguide/proto/tutorial/myservice"
	"routeguide/server/lab/leaktest"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

func TestGreeters(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	for _, greeter := range []interface {
		SayHello(context.Context, *greeterpb.HelloRequest, ...grpc.CallOption) (*greeterpb.HelloReply, error)
		SayHelloAgain(context.Context, *greeterpb.HelloRequest, ...grpc.CallOption) (*greeterpb.HelloReply, error)
	}{greeterpb.NewGreeterClient(s), greeterpbpb.NewGreeterClient(s)} {
		if r, err := greeter.SayHello(t.Context(), &greeterpb.HelloRequest{Name: "Zoë"}); r.GetMessage() != "Hello, Zoë!" {
			t.Errorf("%T: SayHello: %v, %v", greeter, r, err)
		}
		if r, err := greeter.SayHelloAgain(t.Context(), &greeterpb.HelloRequest{Name: "Zoë"}); r.GetMessage() != "Hello again, Zoë!" {
			t.Errorf("%T: SayHelloAgain: %v, %v", greeter, r, err)
		}
	}
}

func TestHelloWorld(t *testing.T) {
	c := helloworldpb.NewGreeterClient(start(t, t.TempDir(), Options{}))
	ada := &helloworldpb.HelloRequest{Name: "Ada"}
	if r, err := c.SayHello(t.Context(), ada); r.GetMessage() != "Hello, Ada!" {
		t.Errorf("SayHello: %v, %v", r, err)
	}
	if r, err := c.SayHelloAgain(t.Context(), ada); r.GetMessage() != "Hello again, Ada!" {
		t.Errorf("SayHelloAgain: %v, %v", r, err)
	}
	stream, err := c.SayHelloStreamReply(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.GetMessage())
	}
	if want := []string{"Hello, Ada!", "Hello again, Ada!"}; !slices.Equal(got, want) {
		t.Errorf("SayHelloStreamReply: got %q, want %q", got, want)
	}
	bidi, err := c.SayHelloBidiStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ada", ""} {
		if err := bidi.Send(&helloworldpb.HelloRequest{Name: name}); err != nil {
			t.Fatal(err)
		}
		if r, err := bidi.Recv(); r.GetMessage() != "Hello, "+name+"!" {
			t.Errorf("SayHelloBidiStream: %v, %v", r, err)
		}
	}
	if err := bidi.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if r, err := bidi.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after half-close got %v, %v", r, err)
	}
}

func TestComputeCountsCodePoints(t *testing.T) {
	c := computepb.NewComputeClient(start(t, t.TempDir(), Options{}))
	for text, want := range map[string]string{
		"": "0", "hello": "5", "é": "1", "e\u0301": "2", "世界": "2", "👩‍🚀": "3", "a\x00b": "3", strings.Repeat("x", 1e6): "1000000",
	} {
		if r, err := c.SayHello(t.Context(), &computepb.HelloRequest{Helloworld: text}); r.GetResult() != want {
			t.Errorf("%.20q: got %v, %v, want %s", text, r, err, want)
		}
	}
}

func TestCal(t *testing.T) {
	c := calpb.NewCalClient(start(t, t.TempDir(), Options{}))
	const low, high = math.MinInt32, math.MaxInt32
	for _, n := range []struct {
		a, b         int32
		sum, product int64
	}{
		{2, 3, 5, 6}, {0, 0, 0, 0}, {-2, 3, 1, -6}, {high, 1, high + 1, high}, {high, 0, high, 0}, {low, -1, low - 1, -low},
		{low, high, -1, low * high}, {low, low, 2 * low, low * low}, {low, 1, low + 1, low}, {65536, 32767, 98303, 65536 * 32767},
		{65536, 32768, 98304, 65536 * 32768}, {-65536, 32768, -32768, low},
	} {
		sum, err := c.Add(t.Context(), &calpb.AddRequest{Number1: n.a, Number2: n.b})
		checkResult(t, sum, err, n.sum)
		product, err := c.Multiply(t.Context(), &calpb.MultiplyRequest{Number1: n.a, Number2: n.b})
		checkResult(t, product, err, n.product)
	}
}

func checkResult(t *testing.T, r *calpb.ResultReply, err error, want int64) {
	t.Helper()
	if want < math.MinInt32 || want > math.MaxInt32 {
		wantCode(t, err, codes.OutOfRange)
	} else if err != nil || int64(r.GetNumber()) != want {
		t.Errorf("got %v, %v, want %d", r, err, want)
	}
}

func TestUserKeepsOrderAndNamesUnknownIDs(t *testing.T) {
	c := myservicepb.NewMyServiceClient(start(t, t.TempDir(), Options{}))
	for _, q := range []struct {
		ids     []int32
		names   []string
		message string
	}{
		{nil, nil, "0 users"},
		{[]int32{3}, []string{"Grace Hopper"}, "1 user"},
		{[]int32{2, 1, 2}, []string{"Alan Turing", "Ada Lovelace", "Alan Turing"}, "3 users"},
		{[]int32{99, 4, -7, 0}, []string{"Katherine Johnson"}, "1 user; unknown ids: 99, -7, 0"},
	} {
		r, err := c.User(t.Context(), &myservicepb.UserReq{UserIDs: q.ids})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, u := range r.GetData() {
			names = append(names, u.GetName())
		}
		if !slices.Equal(names, q.names) || r.GetMessage() != q.message {
			t.Errorf("%v: got %q and %q, want %q and %q", q.ids, names, r.GetMessage(), q.names, q.message)
		}
	}
	_, err := c.User(t.Context(), &myservicepb.UserReq{UserIDs: make([]int32, 1001)})
	wantCode(t, err, codes.InvalidArgument, "userIDs")
}

func TestUserAnswersFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte("id,name,age,email\n1,Zoë,30,zoe@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := myservicepb.NewMyServiceClient(start(t, t.TempDir(), Options{Users: path}))
	r, err := c.User(t.Context(), &myservicepb.UserReq{UserIDs: []int32{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	if u := r.GetData()[0]; u.GetName() != "Zoë" || u.GetAge() != 30 || u.GetEmail() != "zoe@example.org" {
		t.Errorf("got %v", u)
	}
	if want := "1 user; unknown ids: 2"; r.GetMessage() != want {
		t.Errorf("got %q, want %q", r.GetMessage(), want)
	}
}

func TestHealthAgreesWithTheHealthService(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	c, standard := myservicepb.NewMyServiceClient(s), healthpb.NewHealthClient(s)
	for _, state := range []healthpb.HealthCheckResponse_ServingStatus{
		healthpb.HealthCheckResponse_SERVING, healthpb.HealthCheckResponse_NOT_SERVING, healthpb.HealthCheckResponse_SERVING,
	} {
		s.health.SetServingStatus("MyService", state)
		r, err := standard.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "MyService"})
		if r.GetStatus() != state {
			t.Errorf("the health service says %v, %v, want %v", r, err, state)
		}
		want := codes.OK
		if state != healthpb.HealthCheckResponse_SERVING {
			want = codes.Unavailable
		}
		_, err = c.Health(t.Context(), &emptypb.Empty{})
		wantCode(t, err, want)
	}
}

func TestEveryServiceIsServing(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	for _, name := range []string{
		"Greeter", "greeterpb.Greeter", "helloworld.Greeter", "compute.Compute", "Cal", "Contact",
		"tutorial.contact.v1.DispatchService", "MyService", "GCNService",
	} {
		r, err := healthpb.NewHealthClient(s).Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		if r.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}
