package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"

	"routeguide/server/lab/loopback"
)

// A fault is one way to break what RouteGuide stands on.
type fault struct {
	name    string
	missing string // what this machine lacks for it, or ""
	// set makes the stage, in a folder of its own.
	set func(ctx context.Context, l *lab, dir string) (*stage, error)
}

// A stage is RouteGuide with what it stands on.
type stage struct {
	addrs []string // of its programs, for native gRPC; they stay the same
	// hurt breaks something while the crowd writes, and returns when that has had its effect.
	hurt func(context.Context, *crowd) error
	// heal mends it.
	heal func(context.Context) error
	// settle returns when all is as it was before, and the same at every program, while nobody writes; nil where it is at once.
	settle func(context.Context) error
	// close ends every process and mount.
	close func() error
}

func faults() []fault {
	noDisks := noDisks()
	return []fault{
		{name: "the program is killed", set: killed},
		{name: "power cut", missing: noDisks, set: powerCut},
		{name: "the disk is full", missing: noDisks, set: diskFull},
		{name: "a page of the file is damaged", set: pageDamaged},
		{name: "cluster: the leader is killed", set: leaderKilled},
		{name: "cluster: a node is cut off", set: nodeCutOff},
		{name: "cluster: a program is killed", set: clientKilled},
		{name: "cluster: a program loses its disk", set: diskLost},
		{name: "cluster: killed while it downloads a snapshot", set: downloadKilled},
		{name: "cluster: a node's disk is full", missing: noDisks, set: nodeDiskFull},
	}
}

// mountPoint is the folder that a disk of its own is mounted at.
const mountPoint = "disk"

// newProgram returns RouteGuide on free ports, not started yet.
func newProgram(l *lab, args ...string) (p *process, addr string, err error) {
	addr, err = loopback.Addr()
	args = append([]string{"-grpc-addr=" + addr, "-http-addr=127.0.0.1:0", "-log-level=info"}, args...)
	return &process{bin: l.bin, args: args, ready: `msg="http listening"`}, addr, err
}

// alone is RouteGuide with a store of its own in a directory.
func alone(ctx context.Context, l *lab, dir string) (*process, *stage, error) {
	p, addr, err := newProgram(l, "-data="+dir)
	if err != nil {
		return nil, nil, err
	}
	return p, &stage{addrs: []string{addr}, heal: p.start, close: p.kill}, p.start(ctx)
}

func killed(ctx context.Context, l *lab, dir string) (*stage, error) {
	p, st, err := alone(ctx, l, filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	st.hurt = func(context.Context, *crowd) error { return p.kill() }
	return st, nil
}

// powerCut stops the disk under the program in the middle of its writing: what was not synced is gone.
func powerCut(ctx context.Context, l *lab, dir string) (*stage, error) {
	d, err := mountDisk(dir, 512<<20)
	if err != nil {
		return nil, err
	}
	p, st, err := alone(ctx, l, filepath.Join(d.mounted, "data"))
	if err != nil {
		return nil, errors.Join(err, d.unmount())
	}
	st.hurt = func(context.Context, *crowd) error { return errors.Join(freeze(p), d.cut(), p.kill(), d.unmount()) }
	st.heal = func(ctx context.Context) error {
		if err := d.mount(); err != nil {
			return err
		}
		return p.start(ctx)
	}
	st.close = func() error { return errors.Join(p.kill(), d.unmount()) }
	return st, nil
}

// diskFull fills the disk until clients are told so, and frees it again without anybody touching the program.
func diskFull(ctx context.Context, l *lab, dir string) (*stage, error) {
	d, err := mountDisk(dir, 256<<20)
	if err != nil {
		return nil, err
	}
	p, st, err := alone(ctx, l, filepath.Join(d.mounted, "data"))
	if err != nil {
		return nil, errors.Join(err, d.unmount())
	}
	ballast := filepath.Join(d.mounted, "ballast")
	st.hurt = func(ctx context.Context, c *crowd) error {
		if err := fill(ballast); err != nil {
			return err
		}
		return c.told(ctx, codes.ResourceExhausted)
	}
	st.heal = func(context.Context) error { return os.Remove(ballast) }
	st.close = func() error { return errors.Join(p.kill(), d.unmount()) }
	return st, nil
}
