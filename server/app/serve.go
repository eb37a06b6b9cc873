package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"routeguide/server/edge"
)

// served is what the ports serve, and how it begins to end: drain makes it not ready, end ends the open streams.
type served struct {
	grpc       *grpc.Server
	doors      *edge.Edge // closed by serve
	admin      *http.Server
	identity   identity
	welcome    func(net.Addr) // is told where the HTTP port is
	drain, end func()
}

// serve listens on the ports until ctx ends or one of them fails, then closes all: first we are not ready, for as long as
// -drain says, then streams end, then calls get until shutdownBound to end, then connections are cut.
func serve(ctx context.Context, c config, log *slog.Logger, s served) error {
	quiet := newQuiet()
	web, err := newWeb(s.doors, quiet, log)
	if err != nil {
		return errors.Join(err, s.doors.Close(ctx))
	}
	ports, err := listen(ctx, c, s.identity.config, quiet.drop)
	if err != nil {
		return errors.Join(err, s.doors.Close(ctx))
	}
	ended := make(chan error, 3)
	running := 0
	run := func(serve func() error) {
		running++
		go func() { ended <- serve() }()
	}
	run(func() error { return web.Serve(ports.http) })
	grpcAddr := ports.http.Addr()
	if ports.grpc != nil {
		grpcAddr = ports.grpc.Addr()
		run(func() error { return s.grpc.Serve(ports.grpc) })
	}
	log.Info("grpc listening", "addr", grpcAddr.String())
	log.Info("http listening", "addr", ports.http.Addr().String(), "url", c.scheme()+ports.http.Addr().String())
	if ports.admin != nil {
		run(func() error { return s.admin.Serve(ports.admin) })
		log.Info("admin listening", "addr", ports.admin.Addr().String())
	}
	s.welcome(ports.http.Addr())
	if err = s.identity.begin(ctx, ports.http.Addr()); err != nil {
		running++
		ended <- err
	}

	select {
	case <-ctx.Done():
		log.Info("shutting down")
		s.drain()
		select {
		case <-time.After(c.drain):
		case err = <-ended:
			running--
		}
	case err = <-ended:
		running--
	}
	s.end()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownBound)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- s.doors.Close(bound) }()
	if web.Shutdown(bound) != nil {
		err = errors.Join(err, web.Close())
	}
	graceful := make(chan struct{})
	go func() { s.grpc.GracefulStop(); close(graceful) }()
	select {
	case <-graceful:
	case <-bound.Done():
		s.grpc.Stop()
		<-graceful
	}
	err = errors.Join(err, <-closed, s.admin.Close())
	for range running {
		if end := <-ended; !errors.Is(end, http.ErrServerClosed) && !errors.Is(end, grpc.ErrServerStopped) {
			err = errors.Join(err, end)
		}
	}
	return err
}
