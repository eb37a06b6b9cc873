package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"

	"google.golang.org/grpc"

	"routeguide/server/edge"
)

// serve listens on the ports until ctx ends or one of them fails, then closes all: first drain ends the open streams,
// then calls get until shutdownBound to end, then connections are cut. It owns doors.
func serve(ctx context.Context, c config, log *slog.Logger, server *grpc.Server, doors *edge.Edge, secure func(protocols ...string) *tls.Config, drain func()) error {
	quiet := newQuiet()
	web, err := newWeb(doors, quiet, log)
	if err != nil {
		return errors.Join(err, doors.Close(ctx))
	}
	ports, err := listen(ctx, c, secure, quiet.drop)
	if err != nil {
		return errors.Join(err, doors.Close(ctx))
	}
	ended := make(chan error, 2)
	running := 1
	go func() { ended <- web.Serve(ports.http) }()
	scheme, grpcAddr := "http://", ports.http.Addr()
	if secure != nil {
		scheme = "https://"
	}
	if ports.grpc != nil {
		running, grpcAddr = 2, ports.grpc.Addr()
		go func() { ended <- server.Serve(ports.grpc) }()
	}
	log.Info("grpc listening", "addr", grpcAddr.String())
	log.Info("http listening", "addr", ports.http.Addr().String(), "url", scheme+ports.http.Addr().String())

	select {
	case <-ctx.Done():
		log.Info("shutting down")
	case err = <-ended:
		running--
	}
	drain()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownBound)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- doors.Close(bound) }()
	if web.Shutdown(bound) != nil {
		err = errors.Join(err, web.Close())
	}
	graceful := make(chan struct{})
	go func() { server.GracefulStop(); close(graceful) }()
	select {
	case <-graceful:
	case <-bound.Done():
		server.Stop()
		<-graceful
	}
	err = errors.Join(err, <-closed)
	for range running {
		if end := <-ended; !errors.Is(end, http.ErrServerClosed) && !errors.Is(end, grpc.ErrServerStopped) {
			err = errors.Join(err, end)
		}
	}
	return err
}
