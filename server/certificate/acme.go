package certificate

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"go.uber.org/zap"
)

// ACME has a certificate for each of some hosts from an authority that gives them to whoever answers there, and renews them
// in time. It is safe for concurrent use.
type ACME struct {
	hosts []string
	magic *certmagic.Config
	cache *certmagic.Cache
}

// ACMEOptions say which certificates, from whom. All fields but Directory are required.
type ACMEOptions struct {
	Hosts     []string
	Directory string // the address of the authority's directory; "" means that of Let's Encrypt
	Dir       string // where certificates and keys are kept
	Host      string // that the port is at, or ""
	Port      int    // which the authority reaches as 443
	Log       *slog.Logger
}

// NewACME returns an ACME that has what is kept. Close releases it.
func NewACME(o ACMEOptions) *ACME {
	a := &ACME{hosts: o.Hosts}
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil }, Logger: zap.NewNop(),
	})
	a.magic = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Dir}, DefaultServerName: o.Hosts[0], Logger: zap.NewNop(),
		OnEvent: func(_ context.Context, event string, data map[string]any) error {
			switch event {
			case "cert_obtained":
				o.Log.Info("a certificate was given", "host", data["identifier"], "by", data["issuer"])
			case "cert_failed":
				o.Log.Error("no certificate was given; it is tried again", "host", data["identifier"], "err", fmt.Sprint(data["error"]))
			}
			return nil
		},
	})
	if o.Directory == "" {
		o.Directory = certmagic.LetsEncryptProductionCA
	}
	a.magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(a.magic, certmagic.ACMEIssuer{
		CA: o.Directory, Agreed: true, Logger: zap.NewNop(),
		DisableHTTPChallenge: true, // the other challenge comes to the port that we have
		ListenHost:           o.Host, AltTLSALPNPort: o.Port,
	})}
	return a
}

// Config is for a listener whose connections speak one of the protocols. Until there is a certificate, it refuses them.
func (a *ACME) Config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: append(protocols, acmez.ACMETLS1Protocol), GetCertificate: a.magic.GetCertificate,
	}
}

// Obtain gets the certificates that are not there yet, and renews them, in the background until ctx ends. The port must be
// listened on.
func (a *ACME) Obtain(ctx context.Context) error { return a.magic.ManageAsync(ctx, a.hosts) }

// Close ends renewing.
func (a *ACME) Close() { a.cache.Stop() }
