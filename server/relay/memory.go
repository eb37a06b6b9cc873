package relay

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

const memoryBytes = 64 << 10 // that wait in a connection, each way

// Listen returns a listener for connections inside the process.
func Listen() *bufconn.Listener { return bufconn.Listen(memoryBytes) }

// Connect returns a client connection to a listener of Listen. Of each call, up to callBytes of answers wait for their
// reader.
func Connect(l *bufconn.Listener, callBytes int32, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///memory", append([]grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStaticStreamWindowSize(callBytes),
		grpc.WithStaticConnWindowSize(16 << 20),
		grpc.WithDisableServiceConfig(),
		grpc.WithIdleTimeout(0),
	}, more...)...)
}
