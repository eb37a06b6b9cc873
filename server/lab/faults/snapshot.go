package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
)

// diskLost kills one program after the other and deletes its files. It begins anew while clients write at the other one.
func diskLost(ctx context.Context, l *lab, dir string) (*stage, error) {
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, err
	}
	next := 0
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		if err := errors.Join(c.programs[next].kill(), os.RemoveAll(c.data[next])); err != nil {
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

// downloadKilled has the cluster make a snapshot while clients write. Then a program loses its files, is killed while it
// downloads that, and begins once more.
func downloadKilled(ctx context.Context, l *lab, dir string) (*stage, error) {
	c, err := startCluster(ctx, l, dir)
	if err != nil {
		return nil, err
	}
	p, data, round := c.programs[0], c.data[0], 0
	st := c.stage(l)
	st.hurt = func(ctx context.Context, crowd *crowd) error {
		round++
		if err := c.grow(ctx, crowd.conns[1], round); err != nil {
			return err
		}
		if err := errors.Join(p.kill(), os.RemoveAll(data)); err != nil {
			return err
		}
		serves := p.ready
		p.ready = "the state of the cluster is downloaded"
		err := p.start(ctx)
		p.ready = serves
		if err := errors.Join(err, p.kill()); err != nil {
			return err
		}
		return crowd.progress(ctx)
	}
	st.heal = p.start
	return st, nil
}

// grow has so much written that a snapshot is made, and returns when it is.
func (c *cluster) grow(ctx context.Context, conn *grpc.ClientConn, round int) error {
	before, err := c.snapshots(ctx)
	if err != nil {
		return err
	}
	writing, stop := context.WithCancel(ctx)
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for n := range 64 {
		writers.Go(func() { writeLong(writing, conn, round, n) })
	}
	return c.await(ctx, func(jetstream.JetStream) error {
		now, err := c.snapshots(ctx)
		if err == nil && now == before {
			err = errors.New("there is no new snapshot")
		}
		return err
	})
}

// writeLong writes notes of some 4 KB, each at a place of its own, until something ends it.
func writeLong(ctx context.Context, conn *grpc.ClientConn, round, n int) {
	ctx = metadata.AppendToOutgoingContext(ctx, "resume-token", token(fmt.Sprintf("long-%d", round), n))
	stream, err := routeguidepb.NewRouteGuideClient(conn).RouteChat(ctx)
	for i := 0; err == nil; i++ {
		err = stream.Send(&routeguidepb.RouteNote{
			Location: &routeguidepb.Point{Latitude: -int32(round*1000 + n), Longitude: int32(i)},
			Message:  fmt.Sprint(round, n, i, strings.Repeat(" long", 800)),
		})
	}
}

// snapshots returns the name of the newest snapshot, or "".
func (c *cluster) snapshots(ctx context.Context) (newest string, err error) {
	err = c.await(ctx, func(js jetstream.JetStream) error {
		bucket, err := js.ObjectStore(ctx, "routeguide")
		if err != nil {
			return err
		}
		all, err := bucket.List(ctx)
		if errors.Is(err, jetstream.ErrNoObjectsFound) {
			return nil
		}
		var last *jetstream.ObjectInfo
		for _, info := range all {
			if last == nil || info.ModTime.After(last.ModTime) {
				last, newest = info, info.Name
			}
		}
		return err
	})
	return newest, err
}
