package app

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"routeguide/server/certificate"
)

// acmeDir is where, in -data, certificates of -host are kept.
const acmeDir = "certificates"

// tlsConfig is what the flags say of TLS.
type tlsConfig struct {
	cert, key, clientCA string // files, or ""
	acme                string // the directory of an authority, or ""
	lan                 bool
}

func (t *tlsConfig) flags(fs *flag.FlagSet) {
	fs.StringVar(&t.cert, "tls-cert", "", "`file` of a certificate and its chain (PEM): both ports then speak TLS; files of TLS that change are read anew")
	fs.StringVar(&t.key, "tls-key", "", "`file` of its private key (PEM)")
	fs.StringVar(&t.clientCA, "tls-client-ca", "", "`file` of certificates (PEM): callers must show one that these have signed")
	fs.StringVar(&t.acme, "acme", "", "`address` of the ACME directory that gives the names of -host a certificate; Let's Encrypt, if -http-addr has port 443")
	fs.BoolVar(&t.lan, "lan", false, "listen on all addresses, with a certificate of an authority of our own that phones can be told to trust")
}

// byACME tells whether certificates come from an ACME authority.
func (c config) byACME() bool {
	_, port, _ := net.SplitHostPort(c.httpAddr)
	return len(c.hosts) > 0 && c.tls.cert == "" && !c.tls.lan && (c.tls.acme != "" || port == "443")
}

func (c config) checkTLS() error {
	t := c.tls
	switch {
	case (t.cert == "") != (t.key == ""):
		return errors.New("-tls-cert and -tls-key need one another")
	case t.clientCA != "" && t.cert == "":
		return errors.New("-tls-client-ca is of no use without -tls-cert and -tls-key")
	case t.acme != "" && (len(c.hosts) == 0 || t.cert != "" || t.lan):
		return errors.New("-acme is of use with -host, and without -tls-cert and -lan")
	case t.lan && t.cert != "":
		return errors.New("-lan has a certificate of its own: it goes without -tls-cert")
	case c.demo && c.byACME():
		return errors.New("-demo keeps nothing, and so not the certificate that it would get for -host")
	}
	return nil
}

// scheme is how addresses of the HTTP port begin.
func (c config) scheme() string {
	if c.tls.cert != "" || c.tls.lan || c.byACME() {
		return "https://"
	}
	return "http://"
}

// An identity is how the ports prove who they are.
type identity struct {
	config    func(protocols ...string) *tls.Config // nil: they do not, there is no TLS
	authority []byte                                // the certificate (PEM) that phones may have to be told to trust, or nil
	begin     func(context.Context, net.Addr) error // once the ports are open; that of HTTP is at the address
	close     func()
}

// identify opens what the flags say. It says to out what somebody with a phone has to know.
func identify(c config, log *slog.Logger, out io.Writer) (identity, error) {
	id := identity{begin: func(context.Context, net.Addr) error { return nil }, close: func() {}}
	switch {
	case c.tls.cert != "":
		files, err := certificate.Open(c.tls.cert, c.tls.key, c.tls.clientCA, log)
		if err != nil {
			return id, err
		}
		id.config = files.Config
	case c.tls.lan:
		authority, err := certificate.OpenAuthority(c.data)
		if err != nil {
			return id, err
		}
		id.config, id.authority = authority.Config, authority.PEM()
		id.begin = func(_ context.Context, at net.Addr) error { return invite(out, at.(*net.TCPAddr)) }
	case c.byACME():
		host, text, _ := net.SplitHostPort(c.httpAddr)
		port, err := strconv.Atoi(text)
		if err != nil {
			return id, fmt.Errorf("-http-addr: %w", err)
		}
		acme := certificate.NewACME(certificate.ACMEOptions{
			Hosts: c.hosts, Directory: c.tls.acme, Dir: filepath.Join(c.data, acmeDir), Host: host, Port: port, Log: log,
		})
		id.config, id.close = acme.Config, acme.Close
		id.begin = func(ctx context.Context, _ net.Addr) error { return acme.Obtain(ctx) }
	}
	return id, nil
}
