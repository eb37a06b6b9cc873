// Package certificate is what the ports prove with who they are, and how they tell who calls.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often it is looked whether files have changed, at the most: only when somebody connects.
const lookEvery = time.Second

// Files are a certificate, its key and the authorities of callers, in files that may change at any time. They are safe for
// concurrent use.
type Files struct {
	paths [3]string // of the certificate with its chain, its key, and the authorities; the last may be ""
	log   *slog.Logger

	mu      sync.Mutex
	looked  time.Time
	seen    [3]version // of the files, when they were last read
	pair    tls.Certificate
	callers *x509.CertPool // who must have signed the certificates of callers, or nil: they need none
}

// A version tells a file from the one that was there before.
type version struct {
	changed time.Time
	bytes   int64
}

// Open reads PEM files: a certificate with its chain, its key, and, unless the path is "", the authorities that callers must
// have a certificate of. When the files change they are read anew; what cannot be read is logged, and the last good ones
// stay. Errors name the flag and the file.
func Open(cert, key, clientCA string, log *slog.Logger) (*Files, error) {
	f := &Files{paths: [3]string{cert, key, clientCA}, log: log, looked: time.Now()}
	f.seen = f.versions()
	return f, f.read()
}

// Config is for a listener whose connections speak one of the protocols.
func (f *Files) Config(protocols ...string) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols,
		SessionTicketsDisabled: f.paths[2] != "", // a ticket would outlive its authority
	}
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := config.Clone()
		var pair tls.Certificate
		if pair, now.ClientCAs = f.current(); now.ClientCAs != nil {
			now.ClientAuth = tls.RequireAndVerifyClientCert
		}
		now.Certificates = []tls.Certificate{pair}
		return now, nil
	}
	return config
}

func (f *Files) current() (tls.Certificate, *x509.CertPool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) >= lookEvery {
		f.looked = time.Now()
		if v := f.versions(); v != f.seen {
			f.seen = v
			if err := f.read(); err != nil {
				f.log.Error("the files of TLS have changed and cannot be read; those read before stay", "err", err)
			} else {
				f.log.Info("the files of TLS have changed and were read", "expires", f.pair.Leaf.NotAfter)
			}
		}
	}
	return f.pair, f.callers
}

func (f *Files) versions() (all [3]version) {
	for i, path := range f.paths {
		if info, err := os.Stat(path); err == nil {
			all[i] = version{info.ModTime(), info.Size()}
		}
	}
	return all
}

// read takes all files, or none.
func (f *Files) read() error {
	var data [3][]byte
	for i, flag := range []string{"-tls-cert", "-tls-key", "-tls-client-ca"} {
		if f.paths[i] == "" {
			continue
		}
		var err error
		if data[i], err = os.ReadFile(f.paths[i]); err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	pair, err := tls.X509KeyPair(data[0], data[1])
	if err != nil {
		return fmt.Errorf("-tls-cert %s and -tls-key %s: %w", f.paths[0], f.paths[1], err)
	}
	var callers *x509.CertPool
	if f.paths[2] != "" {
		callers = x509.NewCertPool()
		if !callers.AppendCertsFromPEM(data[2]) {
			return fmt.Errorf("-tls-client-ca: %s has no certificate in PEM form", f.paths[2])
		}
	}
	f.pair, f.callers = pair, callers
	return nil
}
