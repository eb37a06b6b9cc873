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

	"routeguide/server/h2"
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

// open returns one that is connected to when it is first called.
func (t Target) open(secure *tls.Config) *h2.Target {
	if !t.TLS {
		secure = nil
	}
	return h2.NewTarget(h2.TargetOptions{Name: "the upstream " + t.Name, Addr: t.Addr, Secure: secure})
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
