package rpc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
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

// AddressOf returns who calls, or the zero Addr. A call in memory comes from the HTTP port, which says for whom it makes it.
func AddressOf(ctx context.Context) netip.Addr {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return netip.Addr{}
	}
	if at, ok := p.Addr.(*net.TCPAddr); ok {
		return Household(at.AddrPort().Addr())
	}
	if p.Addr.Network() == "bufconn" {
		hops := strings.Split(strings.Join(metadata.ValueFromIncomingContext(ctx, "x-forwarded-for"), ","), ",")
		addr, _ := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])) // or the zero Addr
		return Household(addr)
	}
	at, _ := netip.ParseAddrPort(p.Addr.String())
	return Household(at.Addr())
}

// Household returns an address as clients are told apart by: of IPv6, where one client has very many, its network.
func Household(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if network, err := addr.Prefix(64); err == nil && addr.Is6() {
		return network.Addr()
	}
	return addr
}
