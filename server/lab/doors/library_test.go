package doors

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"routeguide/server/schema"
)

// A library is a server of testdata/library.proto: each method answers with what it is asked, a stream with each of it three times.
type library struct {
	addr   string
	server *grpc.Server
	done   chan error
}

// listenLibrary starts one at addr with a contract, and stops it when the test ends.
func listenLibrary(t *testing.T, addr, contract string, d describe) *library {
	t.Helper()
	files, err := schema.Open(t.Context(), contract)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &library{addr: l.Addr().String(), done: make(chan error, 1)}
	services := schema.New("library", files, schema.ServicesOf(files)...)
	s.server = grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return repeat(services, stream) }))
	d(s.server, reflection.ServerOptions{Services: shelf{files}, DescriptorResolver: files})
	go func() { s.done <- s.server.Serve(l) }()
	t.Cleanup(func() { s.stop(t) })
	return s
}

func (s *library) stop(t *testing.T) {
	s.server.Stop()
	if err, ok := <-s.done; ok && err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		t.Error(err)
	} else if ok {
		close(s.done)
	}
}

// shelf lists the services of files for reflection.
type shelf struct{ files *protoregistry.Files }

func (s shelf) GetServiceInfo() map[string]grpc.ServiceInfo {
	all := map[string]grpc.ServiceInfo{}
	for _, name := range schema.ServicesOf(s.files) {
		all[name] = grpc.ServiceInfo{}
	}
	return all
}

func repeat(services *schema.Schema, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	m := services.Method(path)
	if m == nil {
		return status.Error(codes.Unimplemented, path)
	}
	var last *dynamicpb.Message
	for {
		message := dynamicpb.NewMessage(m.Input())
		if err := stream.RecvMsg(message); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if strings.HasSuffix(path, "/Fail") {
			code := message.Get(m.Input().Fields().ByName("number")).Uint()
			return status.Error(codes.Code(code), "as you wish")
		}
		last = message
		for range 3 {
			if !m.IsStreamingServer() {
				break
			}
			if err := stream.SendMsg(message); err != nil {
				return err
			}
		}
	}
	if m.IsStreamingServer() {
		return nil
	}
	return stream.SendMsg(last)
}
