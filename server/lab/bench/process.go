package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/connectivity"

	"routeguide/server/lab/loopback"
)

// A server is a process that was started to be measured.
type server struct {
	grpc, http string // addresses; the official server has no http
	cmd        *exec.Cmd
	cancel     context.CancelFunc
	ended      chan struct{} // closed when the process has, and err is set
	err        error
}

const stopBound = 10 * time.Second // for a server to end by itself

// startRouteGuide returns when the server answers, whose store is in the folder data.
func startRouteGuide(ctx context.Context, bin, data string, more ...string) (*server, error) {
	args := append([]string{"-grpc-addr=127.0.0.1:0", "-http-addr=127.0.0.1:0", "-log-level=info", "-data=" + data}, more...)
	s, addresses, err := start(ctx, bin, args...)
	if err != nil {
		return nil, err
	}
	for s.grpc == "" || s.http == "" {
		select {
		case a := <-addresses:
			if a[0] == "grpc" {
				s.grpc = a[1]
			} else {
				s.http = a[1]
			}
		case <-s.ended:
			return nil, s.err
		}
	}
	return s, s.answers(ctx)
}

// startOfficial returns when the example server answers.
func startOfficial(ctx context.Context, bin, features string) (*server, error) {
	port, err := loopback.Port() // it takes a port, but does not say which one it got for 0
	if err != nil {
		return nil, err
	}
	s, _, err := start(ctx, bin, "-port="+strconv.Itoa(port), "-json_db_file="+features)
	if err != nil {
		return nil, err
	}
	s.grpc = net.JoinHostPort("localhost", strconv.Itoa(port))
	return s, s.answers(ctx)
}

// startSource returns when the source answers. That in Go is this program, as another process.
func startSource(ctx context.Context, in language) (*server, error) {
	args := []string{"/usr/bin/python3", "-c", sourceInPython}
	if in == inGo {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		args = []string{self, "-source"}
	}
	s, addresses, err := start(ctx, args[0], args[1:]...)
	if err != nil {
		return nil, err
	}
	select {
	case a := <-addresses:
		s.grpc = a[1]
	case <-s.ended:
		return nil, s.err
	}
	return s, s.answers(ctx)
}

var listening = regexp.MustCompile(`msg="(grpc|http) listening" addr=(\S+)`)

// start starts a process that ends when stop is called, or ctx ends. The addresses are those that it says it listens on.
func start(ctx context.Context, bin string, args ...string) (_ *server, addresses <-chan [2]string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{cmd: exec.CommandContext(ctx, bin, args...), cancel: cancel, ended: make(chan struct{})}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(os.Interrupt) }
	s.cmd.WaitDelay = stopBound
	stderr, said := io.Pipe()
	s.cmd.Stderr = said
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, nil, err
	}
	go func() { said.CloseWithError(s.cmd.Wait()) }()
	found := make(chan [2]string, 2) // each is said once
	go func() {
		defer close(s.ended)
		last := ""
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			last = lines.Text()
			if m := listening.FindStringSubmatch(last); m != nil {
				found <- [2]string{m[1], m[2]}
			}
		}
		_, _ = io.Copy(io.Discard, stderr) // a process that nobody reads would wait
		s.err = fmt.Errorf("the process has ended (%v), saying last: %s", s.cmd.ProcessState, last)
	}()
	return s, found, nil
}

// answers waits until the server takes connections.
func (s *server) answers(ctx context.Context) error {
	conn, err := dial(s.grpc)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		conn.Connect()
		if !conn.WaitForStateChange(ctx, state) {
			s.stop()
			return s.err
		}
	}
	return nil
}

// stop ends the process and waits for its end.
func (s *server) stop() {
	s.cancel()
	<-s.ended
}

// tick is the unit of CPU times in /proc, which Linux fixes at a hundredth of a second for all programs.
const tick = 10 * time.Millisecond

// cpu returns the CPU time that the process has used so far, user and system, and whether this system tells.
func (s *server) cpu() (time.Duration, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything but this
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err1 == nil && err2 == nil
}
