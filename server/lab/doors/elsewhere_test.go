package doors

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// elsewhere is a server whose contract the program does not know. Each of its messages is a google.protobuf.Int64Value.
type elsewhere struct {
	addr   string
	server *grpc.Server
	ended  chan error // why each Wait ended
}

const (
	numbers   = "elsewhere.Numbers"
	double    = "/elsewhere.Numbers/Double" // unary; metadata that begins with x- comes back, as header and as trailer
	count     = "/elsewhere.Numbers/Count"  // server stream: so many numbers, from 0
	sum       = "/elsewhere.Numbers/Sum"    // client stream
	echo      = "/elsewhere.Numbers/Echo"   // bidi
	waitThere = "/elsewhere.Numbers/Wait"   // server stream: 0, then nothing until the call ends
	fail      = "/elsewhere.Numbers/Fail"   // unary: fails with the code it is sent, details and a trailer
)

// describe registers one of the versions of reflection, or none.
type describe func(*grpc.Server, reflection.ServerOptions)

func inV1(s *grpc.Server, o reflection.ServerOptions) {
	reflectionv1.RegisterServerReflectionServer(s, reflection.NewServerV1(o))
}

func inV1Alpha(s *grpc.Server, o reflection.ServerOptions) {
	reflectionv1alpha.RegisterServerReflectionServer(s, reflection.NewServer(o))
}

func notAtAll(*grpc.Server, reflection.ServerOptions) {}

// listenElsewhere starts one at addr, and stops it when the test ends.
func listenElsewhere(t *testing.T, addr string, d describe, o ...grpc.ServerOption) *elsewhere {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	e := &elsewhere{addr: l.Addr().String(), server: grpc.NewServer(o...), ended: make(chan error, 100)}
	service := &grpc.ServiceDesc{ServiceName: numbers, HandlerType: (*any)(nil)}
	for path, handler := range map[string]func(grpc.ServerStream) error{
		double: e.double, count: e.count, sum: e.sum, echo: e.echo, waitThere: e.wait, fail: e.fail,
	} {
		service.Streams = append(service.Streams, grpc.StreamDesc{
			StreamName: path[strings.LastIndexByte(path, '/')+1:], ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return handler(stream) },
		})
	}
	e.server.RegisterService(service, e)
	d(e.server, reflection.ServerOptions{Services: e.server, DescriptorResolver: contractElsewhere(t)})
	done := make(chan error, 1)
	go func() { done <- e.server.Serve(l) }()
	t.Cleanup(func() {
		e.server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return e
}

// contractElsewhere is the part of elsewhere.proto that tests ask reflection for.
func contractElsewhere(t *testing.T) *protoregistry.Files {
	number := proto.String(".google.protobuf.Int64Value")
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("elsewhere.proto"), Package: proto.String("elsewhere"), Syntax: proto.String("proto3"),
		Dependency: []string{wrapperspb.File_google_protobuf_wrappers_proto.Path()},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Numbers"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Double"), InputType: number, OutputType: number},
			{Name: proto.String("Echo"), InputType: number, OutputType: number, ClientStreaming: proto.Bool(true), ServerStreaming: proto.Bool(true)},
		}}},
	}, protoregistry.GlobalFiles)
	files := new(protoregistry.Files)
	if err := errors.Join(err, files.RegisterFile(file), files.RegisterFile(wrapperspb.File_google_protobuf_wrappers_proto)); err != nil {
		t.Fatal(err)
	}
	return files
}

func number(n int64) *wrapperspb.Int64Value { return wrapperspb.Int64(n) }

func take(stream grpc.ServerStream) (int64, error) {
	var n wrapperspb.Int64Value
	err := stream.RecvMsg(&n)
	return n.Value, err
}

func (*elsewhere) double(stream grpc.ServerStream) error {
	n, err := take(stream)
	if err != nil {
		return err
	}
	back := metadata.MD{}
	md, _ := metadata.FromIncomingContext(stream.Context())
	for name, values := range md {
		if strings.HasPrefix(name, "x-") {
			back[name] = values
		}
	}
	if err := stream.SendHeader(back); err != nil {
		return err
	}
	stream.SetTrailer(back)
	return stream.SendMsg(number(2 * n))
}

func (*elsewhere) count(stream grpc.ServerStream) error {
	n, err := take(stream)
	for i := int64(0); i < n && err == nil; i++ {
		err = stream.SendMsg(number(i))
	}
	return err
}

func (*elsewhere) sum(stream grpc.ServerStream) error {
	var total int64
	for {
		n, err := take(stream)
		if errors.Is(err, io.EOF) {
			return stream.SendMsg(number(total))
		} else if err != nil {
			return err
		}
		total += n
	}
}

func (*elsewhere) echo(stream grpc.ServerStream) error {
	for {
		n, err := take(stream)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(number(n)); err != nil {
			return err
		}
	}
}

func (e *elsewhere) wait(stream grpc.ServerStream) error {
	if err := stream.SendMsg(number(0)); err != nil {
		return err
	}
	<-stream.Context().Done()
	e.ended <- stream.Context().Err()
	return context.Cause(stream.Context())
}

func (*elsewhere) fail(stream grpc.ServerStream) error {
	n, err := take(stream)
	if err != nil {
		return err
	}
	stream.SetTrailer(metadata.Pairs("x-why", "because"))
	st, err := status.New(codes.Code(n), "it is 100 % so: é").WithDetails(&errdetails.ErrorInfo{Reason: "NO_REASON", Domain: "elsewhere"})
	if err != nil {
		return err
	}
	return st.Err()
}
