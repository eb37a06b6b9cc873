package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"routeguide/server/edge"
)

// ports are what the program listens on.
type ports struct {
	grpc  net.Listener // nil: the HTTP port is that of native gRPC too
	http  net.Listener
	admin net.Listener // nil: there is none
}

// listen opens the ports. secure makes the configurations of TLS; nil: there is none. spare makes room at the HTTP port.
func listen(ctx context.Context, c config, secure func(protocols ...string) *tls.Config, spare func() bool) (p ports, err error) {
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	open := func(what, addr string) (*net.TCPListener, error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", what, err)
		}
		return l.(*net.TCPListener), nil
	}
	if !c.onePort() {
		plain, err := open("gRPC", c.grpcAddr)
		if err != nil {
			return p, err
		}
		p.grpc = bound(plain, maxConns, maxConnsOfOne, nil)
	}
	plain, err := open("HTTP", c.httpAddr)
	if err != nil {
		return p, err
	}
	p.http = edge.Listener(bound(plain, maxConns, maxConns, spare))
	if c.adminAddr != "" {
		plain, err := open("administration", c.adminAddr)
		if err != nil {
			return p, err
		}
		p.admin = plain
	}
	if secure != nil {
		p.http = tls.NewListener(p.http, secure("h2", "http/1.1"))
		if p.grpc != nil {
			p.grpc = tls.NewListener(p.grpc, secure("h2"))
		}
	}
	return p, checkUpstreams(ctx, c.upstream.Targets, p.all()...)
}

func (p ports) all() (all []net.Listener) {
	for _, l := range []net.Listener{p.grpc, p.http, p.admin} {
		if l != nil {
			all = append(all, l)
		}
	}
	return all
}

func (p ports) close() {
	for _, l := range p.all() {
		_ = l.Close()
	}
}

// newWeb returns the server of the HTTP port.
func newWeb(doors http.Handler, quiet *quiet, log *slog.Logger) (*http.Server, error) {
	web := &http.Server{
		Handler: doors, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), ConnState: quiet.become,
	}
	web.RegisterOnShutdown(func() { // Shutdown itself waits five seconds for the first request of each
		for quiet.drop() {
		}
	})
	return web, edge.HTTP2(web)
}
