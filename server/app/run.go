// Package app is the program: its flags and commands, what is wired to what, and how it begins and ends.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/keepalive"

	"routeguide/openapi"
	"routeguide/server/edge"
	"routeguide/server/edge/basemap"
	"routeguide/server/edge/mcp"
	"routeguide/server/rpc"
	"routeguide/server/schema"
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
	maxConns      = 16_384           // of each port at a time
	maxConnsOfOne = 8192             // and of one address, to native gRPC; an HTTP proxy has many clients
	maxHeader     = 64 << 10         // bytes of a request's headers
)

// Main runs the command that the arguments name until a signal ends it.
func Main() {
	// gRPC and the gateway would write to standard error what the client was told, and what our log says in its own form.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := Command(ctx, os.Args[1:], os.Stdout, os.Stderr)
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
	log := newLog(out, c.logFormat, c.logLevel)
	log.Info("routeguide begins", "version", Version())

	offered, err := basemap.Open(c.basemaps)
	if err != nil {
		return err
	}
	if c.demo {
		if c.data, err = os.MkdirTemp("", "routeguide-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.data)) }()
	}
	state, err := openState(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.close()) }()

	id, err := identify(c, log, out)
	if err != nil {
		return err
	}
	defer id.close()

	ending, end := context.WithCancelCause(context.Background())
	defer end(rpc.ErrEnding)
	draining, drain := context.WithCancelCause(ending)
	defer drain(rpc.ErrEnding)
	ready := func(ctx context.Context) error {
		if err := context.Cause(draining); err != nil {
			return err
		}
		return state.ready(ctx)
	}
	c.upstream.MessageBytes, c.upstream.Caller, c.upstream.Ending = c.maxMessage, c.proxies.AddressOf, ending
	c.upstream.Handled = state.tally.relayed
	if c.upstream.Descriptors, err = schema.Open(ctx, c.descriptors...); err != nil {
		return err
	}
	upstreams, err := upstream.Open(c.upstream)
	if err != nil {
		return err
	}
	defer upstreams.Close()
	budget := rpc.NewBudget(max(leastBudget, 8*int64(c.maxMessage)))
	calls := rpc.NewCalls(rpc.Options{
		Log: log, Ending: ending, Stall: stallTimeout, Message: c.maxMessage, Budget: budget, Gate: state.gate,
		Allowance: c.allowance, Proxies: c.proxies,
	})
	defer calls.Close()
	server := calls.NewServer(append(edge.ServerOptions(),
		grpc.UnknownServiceHandler(upstreams.Serve),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.SharedWriteBuffer(true), // a connection that is idle has none
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: maxIdle, Time: pingEvery, Timeout: headerTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)...)
	defer server.Stop()
	health := rpc.Register(server, draining, rpc.Domain{
		Features: state.features, Routes: state.routes, Notes: state.notes, Travelers: state.travelers, Keys: state.keys,
	})
	if err := state.tutorial.Register(server, tutorial.Options{
		Health: health, Users: c.users, Weights: c.gcnWeights, Replaced: upstreams.Has,
	}); err != nil {
		return err
	}
	if err := upstreams.Behind(server.Server, rpc.Reflection(server)); err != nil {
		return err
	}
	tools, err := mcp.Tools(c.mcpTools...)
	if err != nil {
		return err
	}
	known, err := schemas(server, upstreams)
	if err != nil {
		return err
	}
	figures := metrics(calls, state.store, upstreams, state.tally)
	doors, err := edge.New(edge.Options{
		GRPC: server.Server, Ending: ending, AllowOrigins: c.allowOrigins, Logger: log, Ready: ready, Damage: state.damage,
		Hosts: c.hostNames(), Who: state.gate.Caller, Local: loopback(c.httpAddr),
		Limits: edge.Limits{Message: c.maxMessage}, Budget: budget, Metrics: figures,
		Tiles: tiles(state.features), Basemaps: offered, Schemas: known, Agents: tools,
		Authority: id.authority,
	})
	if err != nil {
		return err
	}
	admin, err := newAdmin(figures, ready, state.damage, log)
	if err != nil {
		return errors.Join(err, doors.Close(ctx))
	}
	welcome, err := firstKey(ctx, c, state, log)
	if err != nil {
		return errors.Join(err, doors.Close(ctx))
	}
	if c.demo {
		stop, err := simulate(ctx, server.Server, log)
		if err != nil {
			return errors.Join(err, doors.Close(ctx))
		}
		defer stop()
	}
	return serve(ctx, c, log, served{
		grpc: server.Server, doors: doors, admin: admin, identity: id, welcome: welcome,
		drain: func() { drain(rpc.ErrEnding) }, end: func() { end(rpc.ErrEnding) },
	})
}

// schemas are those of our own services, which answer POST to their gRPC paths too, and of the upstreams.
func schemas(server *rpc.Server, upstreams *upstream.Upstreams) (func(context.Context) []*schema.Schema, error) {
	contract, err := schema.Decode(openapi.Contract)
	if err != nil {
		return nil, err
	}
	own := schema.New("", contract, slices.Collect(maps.Keys(server.GetServiceInfo()))...)
	return func(ctx context.Context) []*schema.Schema {
		return append([]*schema.Schema{own}, upstreams.Schemas(ctx)...)
	}, nil
}
