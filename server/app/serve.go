package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"google.golang.org/grpc"

	"routeguide/server/edge"
)

// serve listens on both ports, tells welcome where the HTTP port is, and serves until ctx ends or one of them fails; then it
// closes all: first drain ends the open streams, then calls get until shutdownBound to end, then connections are cut. It owns
// doors.
func serve(ctx context.Context, c config, log *slog.Logger, server *grpc.Server, doors *edge.Edge, welcome func(net.Addr), drain func()) error {
	grpcListener, err := net.Listen("tcp", c.grpcAddr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for gRPC: %w", err), doors.Close(ctx))
	}
	httpListener, err := net.Listen("tcp", c.httpAddr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for HTTP: %w", err), grpcListener.Close(), doors.Close(ctx))
	}
	if err := checkUpstreams(ctx, c.upstream.Targets, grpcListener, httpListener); err != nil {
		return errors.Join(err, grpcListener.Close(), httpListener.Close(), doors.Close(ctx))
	}
	quiet := newQuiet()
	web := &http.Server{
		Handler: doors, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), ConnState: quiet.become,
	}
	web.RegisterOnShutdown(func() { // Shutdown itself waits five seconds for the first request of each
		for quiet.drop() {
		}
	})

	ended := make(chan error, 2)
	go func() { ended <- server.Serve(bound(grpcListener.(*net.TCPListener), maxConns, maxConnsOfOne, nil)) }()
	go func() {
		ended <- web.Serve(edge.Listener(bound(httpListener.(*net.TCPListener), maxConns, maxConns, quiet.drop)))
	}()
	log.Info("grpc listening", "addr", grpcListener.Addr().String())
	log.Info("http listening", "addr", httpListener.Addr().String(), "url", "http://"+httpListener.Addr().String())
	welcome(httpListener.Addr())

	running := 2
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
