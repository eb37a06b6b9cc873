package upstream

import (
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
}

const (
	windowBytes  = 64 << 10 // of one call's answers that may wait for its client
	replayBytes  = 16 << 10 // of one call's requests that can be sent again to a target that never looked at them
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 2 * time.Second
	connectBound = 5 * time.Second
	pingEvery    = 6 * time.Minute // servers cut off who pings more often than every 5 minutes, unless told otherwise
	ackBound     = 20 * time.Second
)

// dial returns a connection that is made when it is first used, and again, soon, whenever it is lost. What is sent to a
// target that is cut off from the network counts as lost when it has not been acknowledged in ackBound.
func (t Target) dial(secure credentials.TransportCredentials) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if t.TLS {
		creds = secure
	}
	retry := backoff.DefaultConfig
	retry.BaseDelay, retry.MaxDelay = firstRetry, lastRetry
	return grpc.NewClient("dns:///"+t.Addr,
		grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: retry, MinConnectTimeout: connectBound}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: ackBound}),
		grpc.WithStaticStreamWindowSize(windowBytes),
		grpc.WithStaticConnWindowSize(16*windowBytes),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(replayBytes)),
		grpc.WithDisableServiceConfig(),
		grpc.WithStatsHandler(verdicts{}),
	)
}

// secure returns what connections with TLS are made with.
func (o Options) secure() (credentials.TransportCredentials, error) {
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
	return credentials.NewTLS(config), nil
}
