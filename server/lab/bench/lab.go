package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

const officialServer = "google.golang.org/grpc/examples/route_guide/server"

// A program is one of the servers that are measured.
type program struct {
	official bool     // the example server of grpc-go, else RouteGuide
	large    bool     // with a million features, else with the hundred that both have built in
	source   language // the source in that language, else none
	relaying bool     // RouteGuide with source as its upstream
	sharing  int      // the RouteGuide of that number, from 1, of those that share a NATS cluster
}

func (p program) String() string {
	switch {
	case p.relaying:
		return "RouteGuide before an upstream in " + string(p.source)
	case p.sharing > 0:
		return fmt.Sprintf("RouteGuide %d on a cluster", p.sharing)
	case p.source != "":
		return "an upstream in " + string(p.source)
	}
	name, size := "RouteGuide", "100"
	if p.official {
		name = "the official server"
	}
	if p.large {
		size = "1,000,000"
	}
	return name + " with " + size + " features"
}

// A lab has the servers that trials need, each started when it is first asked for. One goroutine uses it.
type lab struct {
	bin      string // RouteGuide
	dir      string // where everything is that does not stay
	progress io.Writer
	servers  map[program]*server
	nats     []*natsserver.Server // that programs share, started when first needed
	natsURLs string
}

// start returns the running server of p.
func (l *lab) start(ctx context.Context, p program) (*server, error) {
	if s := l.servers[p]; s != nil {
		return s, nil
	}
	s, err := l.launch(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("start %v: %w", p, err)
	}
	l.servers[p] = s
	return s, nil
}

func (l *lab) launch(ctx context.Context, p program) (*server, error) {
	features, err := l.features(p.large)
	if err != nil {
		return nil, err
	}
	switch {
	case p.official:
		bin, err := l.official(ctx)
		if err != nil {
			return nil, err
		}
		l.say("starting %v", p)
		return startOfficial(ctx, bin, features)
	case p.source != "" && !p.relaying:
		l.say("starting %v", p)
		return startSource(ctx, p.source)
	}
	args := []string{"-features=" + features}
	if p.relaying {
		source, err := l.start(ctx, program{source: p.source})
		if err != nil {
			return nil, err
		}
		args = append(args, "-upstream="+sourceService+"="+source.grpc)
	}
	l.say("starting %v", p)
	if p.sharing > 0 {
		if l.nats == nil {
			if l.nats, l.natsURLs, err = startNATS(ctx, l.dir); err != nil {
				return nil, err
			}
		}
		args = append(args, "-nats-url="+l.natsURLs)
	}
	return l.routeGuide(ctx, args...)
}

// routeGuide starts a RouteGuide with a store of its own.
func (l *lab) routeGuide(ctx context.Context, args ...string) (*server, error) {
	data, err := os.MkdirTemp(l.dir, "data-")
	if err != nil {
		return nil, err
	}
	return startRouteGuide(ctx, l.bin, data, args...)
}

// features returns the file of a server's features, or "" for the built-in ones.
func (l *lab) features(large bool) (string, error) {
	if !large {
		return "", nil
	}
	path := filepath.Join(l.dir, "features.json")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	err := writeGrid(path, func(done int) { l.say("making features: %s of %s", whole(done), whole(gridSize)) })
	return path, err
}

// official builds the example server.
func (l *lab) official(ctx context.Context) (string, error) {
	path := filepath.Join(l.dir, "official")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	l.say("building the official server")
	cmd := exec.CommandContext(ctx, "go", "build", "-modfile=proto/tools.mod", "-o", path, officialServer)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", officialServer, err, out)
	}
	return path, nil
}

func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.progress, format+"\n", args...) }

// close stops the servers.
func (l *lab) close() {
	for _, s := range l.servers {
		s.stop()
	}
	for _, node := range l.nats {
		node.Shutdown()
		node.WaitForShutdown()
	}
}
