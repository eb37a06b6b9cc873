// Package app is the program: its flags and commands, what is wired to what, and how it begins and ends.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/keepalive"

	"routeguide/server/backup"
	"routeguide/server/edge"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/rpc"
	"routeguide/server/store"
	"routeguide/server/tutorial"
	"routeguide/server/upstream"
)

const (
	headerTimeout = 10 * time.Second // for a connection to say what it wants
	idleTimeout   = 2 * time.Minute  // of a connection without a call
	maxIdle       = 10 * time.Minute // of one of native gRPC
	stallTimeout  = time.Minute      // for a client to read what it asked for
	leastBudget   = 256 << 20        // bytes of all messages in memory
	shutdownBound = 4 * time.Second  // for calls to end, after which connections are cut
	pingEvery     = 30 * time.Second // of a connection with calls, to see whether its peer is there
	maxConns      = 16_384           // of native gRPC at a time
	maxConnsOfOne = 8192             // and of one address
	maxHeader     = 64 << 10         // bytes of a request's headers
)

// Main runs the command that the arguments name until a signal ends it.
func Main() {
	// gRPC and the gateway would write to standard error what the client was told, and what our log says in its own form.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := Command(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "routeguide:", err)
		os.Exit(1)
	}
}

// Run is the program: it serves until ctx ends, then ends every call and returns when all is stored and closed. What it
// has to say goes to out, the addresses it listens on among it.
func Run(ctx context.Context, args []string, out io.Writer) (err error) {
	c, err := parse(args, out, os.LookupEnv)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: c.logLevel}))

	features := feature.Default()
	if c.features != "" {
		if features, err = feature.Open(ctx, c.features, log); err != nil {
			return err
		}
	}
	st, err := store.Open(ctx, c.store(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	routes, err := route.Open(ctx, st, route.Options{
		Feature: func(p geo.Point) bool { _, ok := features.At(p); return ok }, Keep: c.trackMaxAge,
	})
	if err != nil {
		return err
	}
	notes, err := note.Open(ctx, st, note.Options{Replay: c.replay, PerPlace: c.notesPerPlace})
	if err != nil {
		return err
	}

	c.upstream.MessageBytes = c.maxMessage
	upstreams, err := upstream.Open(c.upstream)
	if err != nil {
		return err
	}
	defer upstreams.Close()
	ending, end := context.WithCancelCause(context.Background())
	defer end(rpc.ErrEnding)
	calls := rpc.NewCalls(rpc.Options{
		Log: log, Ending: ending, Stall: stallTimeout, Message: c.maxMessage,
		Budget: rpc.NewBudget(max(leastBudget, 8*int64(c.maxMessage))),
	})
	defer calls.Close()
	server := calls.NewServer(append(edge.ServerOptions(),
		grpc.UnknownServiceHandler(upstreams.Serve),
		grpc.WaitForHandlers(true),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: maxIdle, Time: pingEvery, Timeout: headerTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)...)
	defer server.Stop()
	health := rpc.Register(server, ending, rpc.Domain{Features: features, Routes: routes, Notes: notes})
	if err := tutorial.Register(ctx, server, tutorial.Options{
		Store: st, Health: health, Users: c.users, Weights: c.gcnWeights, Replaced: upstreams.Has,
	}); err != nil {
		return err
	}
	if c.nats.URL == "" {
		exports, failed := backup.Serve(c.data, st, log)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, exports.Close()) }()
	}
	if err := upstreams.Behind(server.Server, rpc.Reflection(server)); err != nil {
		return err
	}
	doors, err := edge.New(edge.Options{
		GRPC: server.Server, AllowOrigins: c.allowOrigins, Logger: log, Ready: st.Ready, Damage: st.Damage, Limits: edge.Limits{Message: c.maxMessage},
		Metrics: metrics(calls, st),
	})
	if err != nil {
		return err
	}

	return serve(ctx, c, log, server.Server, doors, func() { end(rpc.ErrEnding) })
}
