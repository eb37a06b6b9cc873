package app

import (
	"crypto/tls"
	"errors"
	"flag"
	"log/slog"

	"routeguide/server/certificate"
)

// tlsFiles are the files of TLS, or "".
type tlsFiles struct{ cert, key, clientCA string }

func (f *tlsFiles) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.cert, "tls-cert", "", "`file` of a certificate and its chain (PEM): both ports then speak TLS; files of TLS that change are read anew")
	fs.StringVar(&f.key, "tls-key", "", "`file` of its private key (PEM)")
	fs.StringVar(&f.clientCA, "tls-client-ca", "", "`file` of certificates (PEM): callers must show one that these have signed")
}

func (f tlsFiles) check() error {
	if (f.cert == "") != (f.key == "") {
		return errors.New("-tls-cert and -tls-key need one another")
	}
	if f.clientCA != "" && f.cert == "" {
		return errors.New("-tls-client-ca is of no use without -tls-cert and -tls-key")
	}
	return nil
}

// secure returns what makes the configuration of a port for some protocols, or nil: there is no TLS.
func secure(c config, log *slog.Logger) (func(protocols ...string) *tls.Config, error) {
	if c.tls.cert == "" {
		return nil, nil
	}
	files, err := certificate.Open(c.tls.cert, c.tls.key, c.tls.clientCA, log)
	if err != nil {
		return nil, err
	}
	return files.Config, nil
}
