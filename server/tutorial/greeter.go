package tutorial

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"routeguide/proto/tutorial/greeter"
	"routeguide/proto/tutorial/greeterpb"
	"routeguide/proto/tutorial/helloworld"
)

func hello(name string) string      { return "Hello, " + name + "!" }
func helloAgain(name string) string { return "Hello again, " + name + "!" }

type greeter struct{ greeterpb.UnsafeGreeterServer }

func (greeter) SayHello(_ context.Context, r *greeterpb.HelloRequest) (*greeterpb.HelloReply, error) {
	return &greeterpb.HelloReply{Message: hello(r.GetName())}, nil
}

func (greeter) SayHelloAgain(_ context.Context, r *greeterpb.HelloRequest) (*greeterpb.HelloReply, error) {
	return &greeterpb.HelloReply{Message: helloAgain(r.GetName())}, nil
}

// greeterInPackage is greeterpb.Greeter, whose messages are those of Greeter.
type greeterInPackage struct {
	greeterpbpb.UnsafeGreeterServer
	greeter
}

type helloWorld struct {
	helloworldpb.UnsafeGreeterServer
}

func (helloWorld) SayHello(_ context.Context, r *helloworldpb.HelloRequest) (*helloworldpb.HelloReply, error) {
	return &helloworldpb.HelloReply{Message: hello(r.GetName())}, nil
}

func (helloWorld) SayHelloAgain(_ context.Context, r *helloworldpb.HelloRequest) (*helloworldpb.HelloReply, error) {
	return &helloworldpb.HelloReply{Message: helloAgain(r.GetName())}, nil
}

func (helloWorld) SayHelloStreamReply(r *helloworldpb.HelloRequest, stream grpc.ServerStreamingServer[helloworldpb.HelloReply]) error {
	for _, greet := range []func(string) string{hello, helloAgain} {
		if err := stream.Send(&helloworldpb.HelloReply{Message: greet(r.GetName())}); err != nil {
			return err
		}
	}
	return nil
}

func (helloWorld) SayHelloBidiStream(stream grpc.BidiStreamingServer[helloworldpb.HelloRequest, helloworldpb.HelloReply]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.Send(&helloworldpb.HelloReply{Message: hello(r.GetName())}); err != nil {
			return err
		}
	}
}
