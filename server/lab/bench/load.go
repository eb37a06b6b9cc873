package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// A caller makes a call each time. What is answered is checked as far as that costs next to nothing. The context is that
// of all its calls, so a stream may be kept for the next one.
type caller func(ctx context.Context) error

// A door makes callers that call the server at the other end of a line.
type door func(line) caller

// A line is what a caller reaches a server by.
type line struct {
	server *server
	grpc   *grpc.ClientConn
	http   *http.Client // keeps one connection
}

var errAnswer = errors.New("the answer is not what it should be")

const (
	maxLines  = 16                     // that the callers of a load share when they are more
	readBytes = 32 << 10               // that HTTP clients read at a time, as gRPC's does
	warmUp    = 150 * time.Millisecond // that a load runs before it is measured
)

// lines is closed by whoever made it.
type lines []line

func newLines(s *server, n int) (l lines, err error) {
	for range n {
		conn, err := dial(s.grpc)
		if err != nil {
			l.close()
			return nil, err
		}
		transport := &http.Transport{MaxConnsPerHost: 1, DisableCompression: true, ReadBufferSize: readBytes}
		l = append(l, line{server: s, grpc: conn, http: &http.Client{Transport: transport}})
	}
	return l, nil
}

func (l lines) close() {
	for _, line := range l {
		line.grpc.Close()
		line.http.CloseIdleConnections()
	}
}

// A load is callers that all call the same servers at a time, each one of them.
type load struct {
	servers []*server
	lines
	callers []caller
}

func newLoad(servers []*server, d door, callers int) (*load, error) {
	l := &load{servers: servers}
	for _, s := range servers {
		some, err := newLines(s, min(callers, max(1, maxLines/len(servers))))
		if err != nil {
			l.close()
			return nil, err
		}
		l.lines = append(l.lines, some...)
	}
	for i := range callers {
		l.callers = append(l.callers, d(l.lines[i%len(l.lines)]))
	}
	return l, nil
}

// A sample is what was measured in one turn.
type sample struct {
	rate float64       // units a second
	cpu  time.Duration // of the server for a unit; noCPU where the system does not tell
}

const noCPU = -1

// measure runs the load for a while and counts its calls, of which each is so many units. It takes longer until the calls
// under way have ended, so that all that was done in the time, and nothing else, is counted.
func (l *load) measure(ctx context.Context, window time.Duration, units int) (sample, error) {
	if _, err := l.run(ctx, warmUp); err != nil {
		return sample{}, err
	}
	cpuBefore, known := l.cpu()
	began := time.Now()
	calls, err := l.run(ctx, window)
	if err != nil {
		return sample{}, err
	}
	took := time.Since(began)
	cpuAfter, _ := l.cpu()
	n := float64(calls * units)
	s := sample{rate: n / took.Seconds(), cpu: noCPU}
	if known {
		s.cpu = time.Duration(float64(cpuAfter-cpuBefore) / n)
	}
	return s, nil
}

// cpu is what all servers have used.
func (l *load) cpu() (used time.Duration, known bool) {
	for _, s := range l.servers {
		one, ok := s.cpu()
		if !ok {
			return 0, false
		}
		used += one
	}
	return used, true
}

// run lets every caller make calls until the window is over, one at least, and returns how many they were. It fails with
// the first call that does.
func (l *load) run(ctx context.Context, window time.Duration) (calls int, err error) {
	going, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	end := time.Now().Add(window)
	var made atomic.Int64
	var running sync.WaitGroup
	for _, call := range l.callers {
		running.Go(func() {
			for first := true; going.Err() == nil && (first || time.Now().Before(end)); first = false {
				if err := call(ctx); err != nil {
					fail(err)
					return
				}
				made.Add(1)
			}
		})
	}
	running.Wait()
	return int(made.Load()), context.Cause(going)
}
