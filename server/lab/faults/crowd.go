package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// A crowd is clients that write as fast as they are acknowledged, whatever happens.
type crowd struct {
	conns  []*grpc.ClientConn // one a program
	chats  []*chatter
	tracks []*tracker

	cancel  context.CancelFunc
	writing sync.WaitGroup
	gate    sync.RWMutex // read-locked by every call

	mu         sync.Mutex
	acks       []int     // of each client
	last       time.Time // of the newest acknowledgement
	gap        time.Duration
	refused    map[codes.Code]int
	unexpected error
	news       chan struct{} // closed, and made anew, when any of these has changed
}

func newCrowd(addrs []string, writers int) (*crowd, error) {
	c := &crowd{refused: make(map[codes.Code]int), news: make(chan struct{}), acks: make([]int, 2*writers)}
	for _, addr := range addrs {
		// A program that comes back is found at once, not after a pause that has grown while it was away.
		quick := grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: retryAfter, Multiplier: 1, MaxDelay: retryAfter}, MinConnectTimeout: callTimeout}
		conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithConnectParams(quick))
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.conns = append(c.conns, conn)
	}
	for i := range writers {
		c.chats = append(c.chats, &chatter{crowd: c, name: fmt.Sprintf("chat-%d", i), number: i})
		c.tracks = append(c.tracks, &tracker{crowd: c, name: fmt.Sprintf("track-%d", i), number: writers + i, known: make(map[int]int)})
	}
	return c, nil
}

const (
	retryAfter  = 50 * time.Millisecond
	callTimeout = 20 * time.Second // of a call, after which its client tries again
	patience    = 4 * time.Minute  // for a crowd to go on after a fault
)

// begin has everybody write until end.
func (c *crowd) begin(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	c.last = time.Now()
	for _, w := range c.chats {
		c.writing.Go(func() { w.run(ctx) })
	}
	for _, w := range c.tracks {
		c.writing.Go(func() { w.run(ctx) })
	}
}

func (c *crowd) end() {
	c.cancel()
	c.writing.Wait()
}

func (c *crowd) close() (err error) {
	for _, conn := range c.conns {
		err = errors.Join(err, conn.Close())
	}
	return err
}

// persist makes a call of a client until it succeeds, each time at the next program, and returns false when ctx ended
// before.
func (c *crowd) persist(ctx context.Context, client int, call func(context.Context, *grpc.ClientConn) error) bool {
	for at := client; ; at++ {
		err := c.once(ctx, c.conns[at%len(c.conns)], call)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		c.refuse(err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryAfter):
		}
	}
}

func (c *crowd) once(ctx context.Context, conn *grpc.ClientConn, call func(context.Context, *grpc.ClientConn) error) error {
	c.gate.RLock()
	defer c.gate.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return call(ctx, conn)
}

// rest keeps everybody from writing while something is done. The time is not a gap.
func (c *crowd) rest(do func() error) error {
	c.gate.Lock()
	defer c.gate.Unlock()
	err := do()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	return err
}

// acknowledge counts so many notes or points that a client has been told are stored.
func (c *crowd) acknowledge(client, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.acks[client] += n
	c.gap, c.last = max(c.gap, now.Sub(c.last)), now
	c.tell()
}

// refuse counts an error. A client may expect those that tell it to try again, and no other.
func (c *crowd) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := status.Code(err)
	c.refused[code]++
	switch code {
	case codes.Unavailable, codes.ResourceExhausted, codes.Aborted, codes.DeadlineExceeded:
	default:
		c.unexpected = errors.Join(c.unexpected, err)
	}
	c.tell()
}

func (c *crowd) tell() {
	close(c.news)
	c.news = make(chan struct{})
}

func (c *crowd) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, acks := range c.acks {
		n += acks
	}
	return n
}

func (c *crowd) longestGap() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gap
}

// wait returns when met does, which looks at the crowd's counts.
func (c *crowd) wait(ctx context.Context, what string, met func() bool) error {
	late := time.After(patience)
	for {
		c.mu.Lock()
		done, unexpected, news, refused := met(), c.unexpected, c.news, fmt.Sprint(c.refused)
		c.mu.Unlock()
		switch {
		case unexpected != nil:
			return fmt.Errorf("a client was told: %w", unexpected)
		case done:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return fmt.Errorf("%s: not in %v; clients were told %s", what, patience, refused)
		case <-news:
		}
	}
}

// progress returns when everybody has had something acknowledged that it began to write after now.
func (c *crowd) progress(ctx context.Context) error {
	c.mu.Lock()
	before := slices.Clone(c.acks)
	c.mu.Unlock()
	return c.wait(ctx, "go on writing", func() bool {
		for i, acks := range c.acks {
			least := 2 * notesACall
			if i >= len(c.chats) {
				least = 2 * pointsARoute
			}
			if acks < before[i]+least {
				return false
			}
		}
		return true
	})
}

// told returns when some client has been told this code from now on.
func (c *crowd) told(ctx context.Context, code codes.Code) error {
	c.mu.Lock()
	before := c.refused[code]
	c.mu.Unlock()
	return c.wait(ctx, "be told "+code.String(), func() bool { return c.refused[code] > before })
}
