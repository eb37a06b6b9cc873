package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"routeguide/server/lab/loopback"
)

const (
	nodes    = 3
	programs = 2
)

// A cluster is NATS servers, and programs of RouteGuide that share it.
type cluster struct {
	nodes    []*process
	ways     [nodes][nodes]*loopback.Proxy // from node to node
	programs []*process
	clients  []string // the nodes' addresses for clients
	addrs    []string // the programs'
	data     []string // and their directories
}

func startCluster(ctx context.Context, l *lab, dir string) (*cluster, error) {
	c := &cluster{}
	if err := c.start(ctx, l, dir); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context, l *lab, dir string) (err error) {
	var between [nodes]string // the nodes' addresses for each other
	for n := range nodes {
		client, err := loopback.Addr()
		if err != nil {
			return err
		}
		c.clients = append(c.clients, client)
		if between[n], err = loopback.Addr(); err != nil {
			return err
		}
	}
	for from := range nodes {
		var routes []string
		for to := range nodes {
			if from == to {
				continue
			}
			if c.ways[from][to], err = loopback.NewProxy(between[to]); err != nil {
				return err
			}
			routes = append(routes, c.ways[from][to].Addr())
		}
		node, err := newNode(dir, from, c.clients[from], between[from], routes)
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, node)
		if err := node.start(ctx); err != nil {
			return err
		}
	}
	if err := c.whole(ctx); err != nil {
		return err
	}
	for n := range programs {
		data := filepath.Join(dir, fmt.Sprint("program-", n))
		p, addr, err := newProgram(l, "-nats-url="+c.url(), "-data="+data)
		if err != nil {
			return err
		}
		c.programs, c.addrs, c.data = append(c.programs, p), append(c.addrs, addr), append(c.data, data)
		if err := p.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// url names all nodes, each behind its address.
func (c *cluster) url() string { return "nats://" + strings.Join(c.clients, ",nats://") }

// whole returns when every replica of every stream is current. Before there are streams, it waits for the cluster to have
// a leader.
func (c *cluster) whole(ctx context.Context) error {
	return c.await(ctx, func(js jetstream.JetStream) error {
		if _, err := js.AccountInfo(ctx); err != nil {
			return err
		}
		streams := js.ListStreams(ctx)
		for info := range streams.Info() {
			if info.Cluster == nil || info.Cluster.Leader == "" {
				return fmt.Errorf("%s has no leader", info.Config.Name)
			}
			for _, r := range info.Cluster.Replicas {
				if !r.Current {
					return fmt.Errorf("%s of %s is not current", info.Config.Name, r.Name)
				}
			}
		}
		return streams.Err()
	})
}

// await tries until there is no error, for as long as a crowd has patience.
func (c *cluster) await(ctx context.Context, met func(jetstream.JetStream) error) error {
	conn, err := nats.Connect(c.url(), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	late := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := met(js)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return fmt.Errorf("not in %v: %w", patience, err)
		case <-tick.C:
		}
	}
}

// leader returns the node that leads the changes.
func (c *cluster) leader(ctx context.Context) (n int, err error) {
	err = c.await(ctx, func(js jetstream.JetStream) error {
		stream, err := js.Stream(ctx, "ROUTEGUIDE")
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		if info.Cluster == nil || info.Cluster.Leader == "" {
			return errors.New("the changes have no leader")
		}
		n, err = strconv.Atoi(strings.TrimPrefix(info.Cluster.Leader, nodePrefix))
		return err
	})
	return n, err
}

// waysOf returns all ways from and to a node.
func (c *cluster) waysOf(n int) (ways []*loopback.Proxy) {
	for other := range nodes {
		if other != n {
			ways = append(ways, c.ways[n][other], c.ways[other][n])
		}
	}
	return ways
}

// stage has no faults yet.
func (c *cluster) stage(l *lab) *stage {
	settle := func(ctx context.Context) error { return errors.Join(c.whole(ctx), c.same(ctx, l.bin)) }
	return &stage{addrs: c.addrs, settle: settle, close: c.close}
}

func (c *cluster) close() (err error) {
	for _, p := range slices.Concat(c.programs, c.nodes) {
		err = errors.Join(err, p.kill())
	}
	for _, ways := range c.ways {
		for _, way := range ways {
			if way != nil {
				err = errors.Join(err, way.Close())
			}
		}
	}
	return err
}

// leaderKilled kills the node that leads the changes, and starts it again when the others have gone on without it.
func leaderKilled(ctx context.Context, l *lab, dir string) (*stage, error) {
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, err
	}
	var dead *process
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		n, err := c.leader(ctx)
		if err != nil {
			return err
		}
		dead = c.nodes[n]
		if err := dead.kill(); err != nil {
			return err
		}
		return crowd.progress(ctx)
	}
	st.heal = func(ctx context.Context) error { return dead.start(ctx) }
	return st, nil
}

// nodeCutOff cuts the ways between the leader of the changes and the other nodes. Programs still reach all three.
func nodeCutOff(ctx context.Context, l *lab, dir string) (*stage, error) {
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, err
	}
	var cut []*loopback.Proxy
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		n, err := c.leader(ctx)
		if err != nil {
			return err
		}
		cut = c.waysOf(n)
		for _, way := range cut {
			way.Cut()
		}
		return crowd.progress(ctx)
	}
	st.heal = func(context.Context) error {
		for _, way := range cut {
			way.Mend()
		}
		return nil
	}
	return st, nil
}

// clientKilled kills one program after the other. Their clients go on at the one that is left.
func clientKilled(ctx context.Context, l *lab, dir string) (*stage, error) {
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, err
	}
	next := 0
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		if err := c.programs[next].kill(); err != nil {
			return err
		}
		return crowd.progress(ctx)
	}
	st.heal = func(ctx context.Context) error {
		p := c.programs[next]
		next = (next + 1) % programs
		return p.start(ctx)
	}
	return st, nil
}

// nodeDiskFull fills the disk of one node, in turn of the one that leads the changes and of one that follows, until its
// JetStream has given up. Then it makes room, and starts the node again as its operator would: by itself it does not come
// back.
func nodeDiskFull(ctx context.Context, l *lab, dir string) (_ *stage, err error) {
	var disks []*disk
	unmount := func() (err error) {
		for _, d := range disks {
			err = errors.Join(err, d.unmount())
		}
		return err
	}
	for n := range nodes {
		folder := filepath.Dir(nodeDir(dir, n))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, errors.Join(err, unmount())
		}
		d, err := mountDisk(folder, 512<<20)
		if err != nil {
			return nil, errors.Join(err, unmount())
		}
		disks = append(disks, d)
	}
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, errors.Join(err, unmount())
	}
	full, round := 0, 0
	ballast := func() string { return filepath.Join(disks[full].mounted, "ballast") }
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		leader, err := c.leader(ctx)
		if err != nil {
			return err
		}
		full = (leader + round%2) % nodes
		round++
		err = c.await(ctx, func(jetstream.JetStream) error {
			// Again and again, as the node makes room when it takes what it has applied out of its own logs.
			return cmp.Or(fill(ballast()), c.givenUp(full))
		})
		if err != nil {
			return err
		}
		return crowd.progress(ctx)
	}
	st.heal = func(ctx context.Context) error {
		return errors.Join(os.Remove(ballast()), c.nodes[full].kill(), c.nodes[full].start(ctx))
	}
	st.close = func() error { return errors.Join(c.close(), unmount()) }
	return st, nil
}

// givenUp returns nil once a node has no JetStream any more. It serves on without.
func (c *cluster) givenUp(n int) error {
	conn, err := nats.Connect("nats://" + c.clients[n])
	if err != nil {
		return err
	}
	defer conn.Close()
	if has, _ := conn.ConnectedServerJetStream(); has {
		return fmt.Errorf("%s still keeps records", nodeName(n))
	}
	return nil
}
