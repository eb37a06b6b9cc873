package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// nodeCommand makes this program a NATS server, so that one can be killed.
const nodeCommand = "node"

// newNode returns the n-th node of a cluster, not started yet, whose routes to the others go to the addresses given.
func newNode(dir string, n int, client, cluster string, routes []string) (*process, error) {
	self, err := os.Executable()
	args := []string{
		nodeCommand, "-name=" + nodeName(n), "-dir=" + nodeDir(dir, n), "-client=" + client, "-cluster=" + cluster,
	}
	return &process{bin: self, args: append(args, routes...), ready: "node serves"}, err
}

const nodePrefix = "node-"

func nodeName(n int) string { return nodePrefix + strconv.Itoa(n) }

// nodeDir is where a node's files are; a disk of its own may be mounted there.
func nodeDir(dir string, n int) string { return filepath.Join(dir, nodeName(n), mountPoint) }

// serveNode serves until ctx ends.
func serveNode(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet(nodeCommand, flag.ContinueOnError)
	fs.SetOutput(out)
	name := fs.String("name", "", "`name` in the cluster")
	dir := fs.String("dir", "", "`directory` of its files")
	client := fs.String("client", "", "`address` for clients")
	cluster := fs.String("cluster", "", "`address` for the other nodes")
	if err := fs.Parse(args); err != nil {
		return err
	}
	o := &server.Options{
		ServerName: *name, NoSigs: true, JetStream: true, StoreDir: *dir, SyncAlways: true,
		// Others find a node only where they are told to, and not where it says itself: the way in between can be cut.
		Cluster: server.ClusterOpts{Name: "faults", Advertise: "127.0.0.1:1"},
	}
	for _, route := range fs.Args() {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: route})
	}
	for addr, at := range map[string]struct {
		host *string
		port *int
	}{*client: {&o.Host, &o.Port}, *cluster: {&o.Cluster.Host, &o.Cluster.Port}} {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		*at.host = host
		if *at.port, err = strconv.Atoi(port); err != nil {
			return err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(startBound / 2) {
		return errors.New("the node does not start")
	}
	fmt.Fprintln(out, "node serves")
	<-ctx.Done()
	return nil
}
