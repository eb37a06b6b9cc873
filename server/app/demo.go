package app

import (
	"context"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"routeguide/server/demo"
	"routeguide/server/relay"
)

// simulatedBytes of an answer wait for a simulated traveler, who reads at once.
const simulatedBytes = 64 << 10

// simulate has simulated travelers call the server over a connection in memory until ctx ends or stop is called, which waits
// for them.
func simulate(ctx context.Context, server *grpc.Server, log *slog.Logger) (stop func(), err error) {
	listener := relay.Listen()
	conn, err := relay.Connect(listener, simulatedBytes)
	if err != nil {
		return nil, err
	}
	log.Info("simulated travelers are on their way; nothing of it is kept")
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) }) // until it is closed, or the server stops
	running.Go(func() {
		demo.Run(relay.TellTrust(relay.WithTrust(ctx, relay.Local)), conn, log)
		_ = conn.Close()
		_ = listener.Close()
	})
	return func() { cancel(); running.Wait() }, nil
}
