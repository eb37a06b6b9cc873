// Package natstest runs a NATS JetStream cluster in the test's own process, whose servers can be killed and cut off.
package natstest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"routeguide/server/lab/loopback"
)

// Patience is how long a test waits for what must come: a machine may be busy.
const Patience = 6 * time.Minute

// A Cluster is three servers on ports of 127.0.0.1. Their routes lead through proxies, so that they can be cut.
type Cluster struct {
	t     testing.TB
	dir   string
	nodes []*node
	conn  *nats.Conn // of the test itself
	js    jetstream.JetStream
}

// A node is one server, and what is kept of it while it is down.
type node struct {
	server  *server.Server
	client  int // port
	cluster int // port
	// routes are the proxies that this node reaches the others through; nil for itself.
	routes []*loopback.Proxy
}

// Start runs a cluster until the test ends. It takes messages of 2 MB.
func Start(t testing.TB) *Cluster {
	t.Helper()
	const size = 3
	c := &Cluster{t: t, dir: t.TempDir(), nodes: make([]*node, size)}
	t.Cleanup(c.close)
	for i := range c.nodes {
		c.nodes[i] = &node{client: freePort(t), cluster: freePort(t), routes: make([]*loopback.Proxy, size)}
	}
	for i, n := range c.nodes {
		for j, other := range c.nodes {
			if i != j {
				n.routes[j] = newProxy(t, other.cluster)
			}
		}
	}
	for i := range c.nodes {
		c.Restart(i)
	}
	var err error
	if c.conn, err = nats.Connect(c.URL(), nats.Timeout(Patience), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if c.js, err = jetstream.New(c.conn); err != nil {
		t.Fatal(err)
	}
	c.Await("a leader of the cluster", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_, err := c.js.AccountInfo(ctx)
		return err
	})
	return c
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := loopback.Port()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func newProxy(t testing.TB, port int) *loopback.Proxy {
	t.Helper()
	p, err := loopback.NewProxy(fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *Cluster) close() {
	if c.conn != nil {
		c.conn.Close()
	}
	for i, n := range c.nodes {
		if n == nil {
			continue
		}
		c.Kill(i)
		for _, p := range n.routes {
			if p != nil {
				p.Close()
			}
		}
	}
}

// URL names all nodes, as a user does.
func (c *Cluster) URL() string {
	var urls []string
	for i := range c.nodes {
		urls = append(urls, c.NodeURL(i))
	}
	return strings.Join(urls, ",")
}

// NodeURL names one node.
func (c *Cluster) NodeURL(i int) string { return fmt.Sprintf("nats://127.0.0.1:%d", c.nodes[i].client) }

// Varz returns what a node says of itself.
func (c *Cluster) Varz(i int) (*server.Varz, error) { return c.nodes[i].server.Varz(nil) }

// NodeOf returns a node that a client of that name is connected to, as soon as there is one.
func (c *Cluster) NodeOf(client string) int {
	c.t.Helper()
	found := -1
	c.Await("a connection of "+client, func() error {
		for i, n := range c.nodes {
			conns, err := n.server.Connz(nil)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(conns.Conns, func(conn *server.ConnInfo) bool { return conn.Name == client }) {
				found = i
				return nil
			}
		}
		return errors.New("none")
	})
	return found
}

// Kill ends a node, connections first, so that it has no time to hand over what it leads.
func (c *Cluster) Kill(i int) {
	n := c.nodes[i]
	if n.server == nil {
		return
	}
	c.Cut(i)
	n.server.Shutdown()
	n.server.WaitForShutdown()
	n.server = nil
}

// Restart starts a node that was killed, with the files that it had.
func (c *Cluster) Restart(i int) {
	c.t.Helper()
	n := c.nodes[i]
	name := fmt.Sprintf("node%d", i)
	o := &server.Options{
		ServerName: name, Host: "127.0.0.1", Port: n.client, NoSigs: true, NoLog: true, MaxPayload: 2 << 20,
		JetStream: true, StoreDir: filepath.Join(c.dir, name), SyncAlways: true,
		JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20,
		Cluster: server.ClusterOpts{
			Name: "test", Host: "127.0.0.1", Port: n.cluster, NoAdvertise: true, PoolSize: -1,
			Advertise: "127.0.0.1:1", // leads nowhere, or else nodes would find ways around the proxies
		},
	}
	for _, p := range n.routes {
		if p != nil {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: p.Addr()})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		c.t.Fatal(err)
	}
	n.server = s
	c.Join(i)
	s.Start()
	if !s.ReadyForConnections(Patience) {
		c.t.Fatalf("node %d does not start", i)
	}
}

// Cut keeps a node from the others. Its clients stay connected to it.
func (c *Cluster) Cut(i int) { c.ways(i, (*loopback.Proxy).Cut) }

// Join undoes Cut.
func (c *Cluster) Join(i int) { c.ways(i, (*loopback.Proxy).Mend) }

// ways does something to all ways from and to a node.
func (c *Cluster) ways(i int, do func(*loopback.Proxy)) {
	for j, n := range c.nodes {
		if i != j {
			do(n.routes[i])
			do(c.nodes[i].routes[j])
		}
	}
}

// Leader returns the node that leads a stream, as soon as there is one.
func (c *Cluster) Leader(stream string) int {
	c.t.Helper()
	leader := -1
	c.Await("a leader of "+stream, func() error {
		for i, n := range c.nodes {
			if n.server != nil && n.server.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				leader = i
				return nil
			}
		}
		return errors.New("none")
	})
	return leader
}

// AwaitCurrent returns when all three nodes have all messages of a stream.
func (c *Cluster) AwaitCurrent(stream string) {
	c.t.Helper()
	c.Await("all nodes to have "+stream, func() error {
		for i, n := range c.nodes {
			if n.server == nil || !n.server.JetStreamIsStreamCurrent(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				return fmt.Errorf("node %d lags behind", i)
			}
		}
		return nil
	})
}

// Stream returns what the cluster says of a stream.
func (c *Cluster) Stream(name string) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	stream, err := c.js.Stream(ctx, name)
	if err != nil {
		return nil, err
	}
	return stream.CachedInfo(), nil
}

// JetStream is the test's own way to the cluster.
func (c *Cluster) JetStream() jetstream.JetStream { return c.js }

// Clear deletes all streams.
func (c *Cluster) Clear() {
	c.t.Helper()
	c.Await("all streams to be deleted", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		names := c.js.StreamNames(ctx)
		left := 0
		for name := range names.Name() {
			left++
			if err := c.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
				return err
			}
		}
		if err := names.Err(); err != nil || left == 0 {
			return err
		}
		return errors.New("some were there")
	})
}

// Await tries until there is no error, for as long as our patience lasts.
func (c *Cluster) Await(what string, try func() error) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); ; <-tick.C {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}
