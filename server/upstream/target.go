package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Any is the name of the target that gets what no other one, and not the server itself, has.
const Any = "*"

// A Target is where a service is.
type Target struct {
	Name string // the service's full name, or Any
	Addr string // host:port
	TLS  bool
}

var serviceName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`)

// ParseTarget reads NAME=host:port, or NAME=https://host:port for TLS.
func ParseTarget(s string) (Target, error) {
	name, addr, _ := strings.Cut(s, "=")
	var t Target
	t.Name = name
	t.Addr, t.TLS = strings.CutPrefix(addr, "https://")
	host, port, err := net.SplitHostPort(t.Addr)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" {
		return Target{}, fmt.Errorf("%q is not like NAME=host:port or NAME=https://host:port", s)
	}
	if name != Any && !serviceName.MatchString(name) {
		return Target{}, fmt.Errorf("%q is neither the full name of a service nor *", name)
	}
	return t, nil
}

// Options are the targets, of which no two have the same name, and the PEM files for those with TLS.
type Options struct {
	Targets   []Target
	CA        string // who may have signed the certificates of targets; "" means those whom the system trusts
	Cert, Key string // what the server shows to targets that ask for a certificate; both or none

	MessageBytes int // that an answer may have
}

const (
	streamWindow = 64 << 10         // bytes of answers that a call holds while its caller does not read them
	connectBound = 5 * time.Second  // for a target to take a connection, after which it counts as away
	ackBound     = 20 * time.Second // for a target to acknowledge what it was sent, after which its connection counts as lost
	connWindow   = 16 << 20         // bytes of answers on their way, of all calls together
	pingEvery    = 6 * time.Minute  // on a connection with calls; most servers close one that is pinged every five minutes
)

// retry is how often a target that is away is tried. Its calls fail at once meanwhile.
var retry = backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: 2 * time.Second}

// connect returns a connection that is made when it is first called, and again when it was lost. secure is nil for none.
func (t Target) connect(secure *tls.Config, messageBytes int) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if t.TLS {
		creds = credentials.NewTLS(secure)
	}
	return grpc.NewClient("passthrough:///"+t.Addr, // its name is looked up each time, by the dialer
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}),
		grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: connectBound}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: ackBound}),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytes)),
		grpc.WithStatsHandler(listener{}),
	)
}

// secure returns what connections with TLS are made with.
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
