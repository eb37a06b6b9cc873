package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

const (
	loopback = "127.0.0.1"
	service  = "connectrpc.conformance.v1.ConformanceService"
)

// A guide is a RouteGuide that relays the calls of the suite's service.
type guide struct {
	cmd        *exec.Cmd
	data       string
	grpc, http uint64 // ports
}

// start starts a RouteGuide before a server on this machine. It ends with ctx.
func start(ctx context.Context, behind uint64) (*guide, error) {
	data, err := os.MkdirTemp("", "routeguide-conformance-")
	if err != nil {
		return nil, err
	}
	g := &guide{data: data, cmd: command(ctx, os.Getenv("ROUTEGUIDE_BIN"),
		"-data", data, "-grpc-addr", loopback+":0", "-http-addr", loopback+":0",
		"-upstream", fmt.Sprintf("%s=%s:%d", service, loopback, behind))}
	g.cmd.Stderr = nil
	out, err := g.cmd.StderrPipe() // the log
	if err == nil {
		err = g.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	lines := bufio.NewScanner(out)
	listening := regexp.MustCompile(`msg="(grpc|http) listening" addr=(\S+)`)
	said := ""
	for (g.grpc == 0 || g.http == 0) && lines.Scan() {
		said += lines.Text() + "\n"
		found := listening.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		_, port, err := net.SplitHostPort(found[2])
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, err
		}
		if found[1] == "grpc" {
			g.grpc = n
		} else {
			g.http = n
		}
	}
	go io.Copy(io.Discard, out) // until the program ends
	if g.grpc == 0 || g.http == 0 {
		return nil, fmt.Errorf("RouteGuide does not listen: %s", said)
	}
	return g, nil
}

// wait waits for the end of the program.
func (g *guide) wait() {
	_ = g.cmd.Wait()
	_ = os.RemoveAll(g.data)
}
