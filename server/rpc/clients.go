package rpc

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Bounds on what runs at once. Those of one client leave room for others.
const (
	callsOfAll    = 65_536
	callsOfClient = 16_384
	listsOfAll    = 1024
	listsOfClient = 32
	listWait      = 5 * time.Second // for a list to get its turn
)

var (
	errManyCalls = errors.New("too many calls at once")
	errManyLists = errors.New("too many lists at once; read those that are open")
)

// clients counts what runs for whom. A client is a network address. It is safe for concurrent use.
type clients struct {
	lists *semaphore.Weighted

	mu    sync.Mutex
	calls int
	known map[netip.Addr]*client // those with calls
}

type client struct {
	addr  netip.Addr // the zero Addr for all whose address is not known: only the bounds on all hold for them
	calls int
	lists *semaphore.Weighted
}

func newClients() *clients {
	return &clients{lists: semaphore.NewWeighted(listsOfAll), known: make(map[netip.Addr]*client)}
}

// enter counts a call; leave must follow unless it fails.
func (c *clients) enter(addr netip.Addr) (*client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who := c.known[addr]
	if c.calls == callsOfAll || who != nil && addr.IsValid() && who.calls == callsOfClient {
		return nil, errManyCalls
	}
	if who == nil {
		who = &client{addr: addr, lists: semaphore.NewWeighted(listsOfClient)}
		if !addr.IsValid() {
			who.lists = semaphore.NewWeighted(listsOfAll)
		}
		c.known[addr] = who
	}
	c.calls++
	who.calls++
	return who, nil
}

func (c *clients) leave(who *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls--
	if who.calls--; who.calls == 0 {
		delete(c.known, who.addr)
	}
}

// list waits for the turn of a list; done must be called when it is over.
func (c *clients) list(ctx context.Context, who *client) (done func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, listWait, errManyLists)
	defer cancel()
	if who.lists.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	if c.lists.Acquire(ctx, 1) != nil {
		who.lists.Release(1)
		return nil, context.Cause(ctx)
	}
	return func() {
		c.lists.Release(1)
		who.lists.Release(1)
	}, nil
}
