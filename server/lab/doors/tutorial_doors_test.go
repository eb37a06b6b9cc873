package doors

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"routeguide/proto/tutorial/cal"
	"routeguide/proto/tutorial/compute"
	"routeguide/proto/tutorial/gcn"
	"routeguide/proto/tutorial/greeter"
	"routeguide/proto/tutorial/greeterpb"
	"routeguide/proto/tutorial/helloworld"
	"routeguide/proto/tutorial/myservice"
)

// Each service of the tutorials answers, and refuses, through every door.
func TestTutorialsThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		v.cases(tutorialCases)
		if v.streams {
			v.cases(tutorialStreamCases)
		}
	})
}

// connection is to be called with generated clients.
func (v visitor) connection() grpc.ClientConnInterface { return v.conn(v.p) }

// answered checks a call of the kind that says hello.
func (v visitor) answered(got interface{ GetMessage() string }, err error, want string) {
	v.t.Helper()
	if err != nil || got.GetMessage() != want {
		v.t.Errorf("got %v, %v, want %q", got, err, want)
	}
}

// failed checks that a call ended with code and, somewhere in its message, says.
func (v visitor) failed(err error, code codes.Code, says string) {
	v.t.Helper()
	if st := status.Convert(err); st.Code() != code || !strings.Contains(st.Message(), says) {
		v.t.Errorf("ended with %v, want %v with %q", err, code, says)
	}
}

// strange checks that REST refuses a name which is not UTF-8, as no client makes one, and that other doors refuse one that
// is too long.
func (v visitor) strange(path string, tooLong func(text string) error) {
	v.t.Helper()
	if !v.rest() {
		v.failed(tooLong(strings.Repeat("x", 4<<20)), codes.ResourceExhausted, "at most 4194304")
		return
	}
	resp, err := http.Get(v.p.base() + path + "?name=%ff")
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "UTF-8") {
		v.t.Errorf("%s: %s, %v, want 400 that says why", resp.Status, text, err)
	}
}

var tutorialCases = map[string]func(visitor){
	"Greeter": func(v visitor) {
		c := greeterpb.NewGreeterClient(v.connection())
		r, err := c.SayHello(v.t.Context(), &greeterpb.HelloRequest{Name: "Zoë & Co"})
		v.answered(r, err, "Hello, Zoë & Co!")
		r, err = c.SayHelloAgain(v.t.Context(), &greeterpb.HelloRequest{})
		v.answered(r, err, "Hello again, !")
		v.strange("/v1/tutorial/greeter:sayHello", func(text string) error {
			_, err := c.SayHello(v.t.Context(), &greeterpb.HelloRequest{Name: text})
			return err
		})
	},
	"greeterpb.Greeter": func(v visitor) {
		c := greeterpbpb.NewGreeterClient(v.connection())
		r, err := c.SayHello(v.t.Context(), &greeterpb.HelloRequest{Name: "Ada"})
		v.answered(r, err, "Hello, Ada!")
		r, err = c.SayHelloAgain(v.t.Context(), &greeterpb.HelloRequest{Name: "Ada"})
		v.answered(r, err, "Hello again, Ada!")
		v.strange("/v1/tutorial/greeterpb:sayHelloAgain", func(text string) error {
			_, err := c.SayHelloAgain(v.t.Context(), &greeterpb.HelloRequest{Name: text})
			return err
		})
	},
	"helloworld.Greeter": func(v visitor) {
		c := helloworldpb.NewGreeterClient(v.connection())
		r, err := c.SayHello(v.t.Context(), &helloworldpb.HelloRequest{Name: "world"})
		v.answered(r, err, "Hello, world!")
		r, err = c.SayHelloAgain(v.t.Context(), &helloworldpb.HelloRequest{Name: "world"})
		v.answered(r, err, "Hello again, world!")
		v.strange("/v1/tutorial/helloworld:sayHello", func(text string) error {
			_, err := c.SayHello(v.t.Context(), &helloworldpb.HelloRequest{Name: text})
			return err
		})

		both, err := c.SayHelloStreamReply(v.t.Context(), &helloworldpb.HelloRequest{Name: "world"})
		if err != nil {
			v.t.Fatal(err)
		}
		for _, want := range []string{"Hello, world!", "Hello again, world!"} {
			r, err := both.Recv()
			v.answered(r, err, want)
		}
		if _, err := both.Recv(); !errors.Is(err, io.EOF) {
			v.t.Errorf("the stream ended with %v", err)
		}
	},
	"compute.Compute": func(v visitor) {
		c := computepb.NewComputeClient(v.connection())
		r, err := c.SayHello(v.t.Context(), &computepb.HelloRequest{Helloworld: "héllo 🌍"})
		if err != nil || r.GetResult() != "7" {
			v.t.Errorf("got %v, %v, want 7 characters", r, err)
		}
		_, err = c.SayHello(v.t.Context(), &computepb.HelloRequest{Helloworld: strings.Repeat("x", 4<<20)})
		v.failed(err, codes.ResourceExhausted, "4194304")
	},
	"Cal": func(v visitor) {
		c := calpb.NewCalClient(v.connection())
		sum, err := c.Add(v.t.Context(), &calpb.AddRequest{Number1: -2, Number2: 44})
		if err != nil || sum.GetNumber() != 42 {
			v.t.Errorf("-2 + 44 = %v, %v", sum, err)
		}
		product, err := c.Multiply(v.t.Context(), &calpb.MultiplyRequest{Number1: -6, Number2: 7})
		if err != nil || product.GetNumber() != -42 {
			v.t.Errorf("-6 · 7 = %v, %v", product, err)
		}
		_, err = c.Add(v.t.Context(), &calpb.AddRequest{Number1: math.MaxInt32, Number2: 1})
		v.failed(err, codes.OutOfRange, "2147483648")
		_, err = c.Multiply(v.t.Context(), &calpb.MultiplyRequest{Number1: math.MinInt32, Number2: -1})
		v.failed(err, codes.OutOfRange, "2147483648")
	},
	"MyService": func(v visitor) {
		c := myservicepb.NewMyServiceClient(v.connection())
		if _, err := c.Health(v.t.Context(), &emptypb.Empty{}); err != nil {
			v.t.Error(err)
		}
		r, err := c.User(v.t.Context(), &myservicepb.UserReq{UserIDs: []int32{3, 99, 1}})
		if err != nil || len(r.GetData()) != 2 || r.Data[0].GetName() != "Grace Hopper" || r.Data[1].GetName() != "Ada Lovelace" ||
			r.GetMessage() != "2 users; unknown ids: 99" {
			v.t.Errorf("users %v, %v, want 3 and 1, and that there is no 99", r, err)
		}
		_, err = c.User(v.t.Context(), &myservicepb.UserReq{UserIDs: make([]int32, 1001)})
		v.refused(err, "userIDs")
	},
	"GCNService": func(v visitor) {
		c := gcnpb.NewGCNServiceClient(v.connection())
		path := &gcnpb.GraphData{
			Nodes: []*gcnpb.Node{{Id: "A", Features: []float32{1}}, {Id: "B", Features: []float32{0}}, {Id: "C", Features: []float32{0}}},
			Edges: []*gcnpb.Edge{{SourceId: "A", TargetId: "B"}, {SourceId: "B", TargetId: "C"}},
		}
		r, err := c.ProcessGraph(v.t.Context(), path)
		for id, want := range map[string]float64{"A": 5. / 12, "B": 5 / (6 * math.Sqrt(6)), "C": 1. / 6} {
			if math.Abs(float64(r.GetNodeScores()[id])-want) > 1e-6 {
				v.t.Errorf("scores %v, %v, want %v for %s", r, err, want, id)
			}
		}
		_, err = c.ProcessGraph(v.t.Context(), &gcnpb.GraphData{Edges: path.Edges})
		v.refused(err, "nodes")
	},
}

// Between the messages of a stream lie those that answer them.
var tutorialStreamCases = map[string]func(visitor){
	"helloworld.Greeter, message after message": func(v visitor) {
		ctx, cancel := context.WithCancel(v.t.Context())
		defer cancel()
		c, err := helloworldpb.NewGreeterClient(v.connection()).SayHelloBidiStream(ctx)
		if err != nil {
			v.t.Fatal(err)
		}
		for _, name := range []string{"one", "two"} {
			if err := c.Send(&helloworldpb.HelloRequest{Name: name}); err != nil {
				v.t.Fatal(err)
			}
			r, err := c.Recv()
			v.answered(r, err, "Hello, "+name+"!")
		}
		if err := c.CloseSend(); err != nil {
			v.t.Fatal(err)
		}
		if _, err := c.Recv(); !errors.Is(err, io.EOF) {
			v.t.Errorf("the stream ended with %v", err)
		}
	},
}
