package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // so that upstreams may compress their answers
	"google.golang.org/grpc/keepalive"
)

const (
	connectBound   = 5 * time.Second  // for a target to take a connection
	ackBound       = 20 * time.Second // for a target to acknowledge what it was sent; then its connection counts as lost
	pingEvery      = 6 * time.Minute  // while there are calls; gRPC servers close a connection that is pinged more than every five minutes
	streamWindow   = 64 << 10         // bytes of answers that are held for a caller who does not read
	connWindow     = 16 << 20         // bytes of answers on their way, of all calls together
	answerMetadata = 1 << 20          // bytes of metadata in an answer
)

// retry says when to try a target again that is away. Meanwhile its calls fail at once.
var retry = backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: 2 * time.Second}

// connect returns a connection that is made at the first call, and made anew when it was lost.
func (t Target) connect(secure *tls.Config, messageBytes int, made *connections) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if t.TLS {
		creds = credentials.NewTLS(secure)
	}
	return grpc.NewClient("passthrough:///"+t.Addr, // the dialer looks names up, each time anew
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}),
		grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: connectBound}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: ackBound}),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithMaxHeaderListSize(answerMetadata),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytes)),
		grpc.WithStatsHandler(listener{}),
		grpc.WithStatsHandler(made),
	)
}

// secure reads the files for connections with TLS.
func (o Options) secure() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in PEM form", o.CA)
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("a certificate needs its key, and a key its certificate")
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", o.Cert, o.Key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
