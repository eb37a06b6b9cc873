package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"routeguide/server/lab/loopback"
)

const natsNodes = 3

// startNATS runs a cluster in this process, and returns the addresses of its nodes for clients. It syncs what it stores.
func startNATS(ctx context.Context, dir string) (nodes []*natsserver.Server, urls string, err error) {
	var routes []*url.URL
	var ports []int
	for range natsNodes {
		port, err := loopback.Port()
		if err != nil {
			return nil, "", err
		}
		ports = append(ports, port)
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	var all []string
	for i := range natsNodes {
		name := fmt.Sprintf("node-%d", i)
		node, err := natsserver.NewServer(&natsserver.Options{
			ServerName: name, NoSigs: true, Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, Routes: routes,
			JetStream: true, StoreDir: filepath.Join(dir, name), SyncAlways: true,
			Cluster: natsserver.ClusterOpts{Name: "bench", Host: "127.0.0.1", Port: ports[i]},
		})
		if err != nil {
			return nodes, "", err
		}
		nodes = append(nodes, node)
		node.Start()
		if !node.ReadyForConnections(stopBound) {
			return nodes, "", errors.New("a NATS server does not start")
		}
		all = append(all, node.ClientURL())
	}
	return nodes, strings.Join(all, ","), ctx.Err()
}
