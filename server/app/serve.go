package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"google.golang.org/grpc"

	"routeguide/server/edge"
)

// serve listens on both ports until ctx ends or one of them fails, then closes all: first drain ends the open streams,
// then calls get until shutdownBound to end, then connections are cut. It owns doors.
func serve(ctx context.Context, c config, log *slog.Logger, server *grpc.Server, doors *edge.Edge, drain func()) error {
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
	var unasked sync.Map // connections to the HTTP port that no request has come on yet, as keys
	web := &http.Server{
		Handler: doors, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnState: func(c net.Conn, state http.ConnState) {
			if unasked.Delete(c); state == http.StateNew {
				unasked.Store(c, nil)
			}
		},
	}
	web.RegisterOnShutdown(func() { // Shutdown itself waits five seconds for their requests
		unasked.Range(func(c, _ any) bool {
			_ = c.(net.Conn).Close()
			return true
		})
	})

	ended := make(chan error, 2)
	go func() { ended <- server.Serve(bound(grpcListener.(*net.TCPListener), maxConns, maxConnsOfOne)) }()
	go func() { ended <- web.Serve(edge.Listener(httpListener)) }()
	log.Info("grpc listening", "addr", grpcListener.Addr().String())
	log.Info("http listening", "addr", httpListener.Addr().String(), "url", "http://"+httpListener.Addr().String())

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
