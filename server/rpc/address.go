package rpc

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Proxies are networks of reverse proxies, which are believed for whom they call: the last address of X-Forwarded-For that is
// none of theirs.
type Proxies []netip.Prefix

// Has tells whether a proxy has an address.
func (p Proxies) Has(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr.Unmap()) })
}

// AddressOf returns who calls, or the zero Addr. A call in memory comes from the HTTP port, which says for whom it makes it.
func (p Proxies) AddressOf(ctx context.Context) netip.Addr {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return netip.Addr{}
	}
	var hops []string
	for _, value := range metadata.ValueFromIncomingContext(ctx, "x-forwarded-for") {
		hops = append(hops, strings.Split(value, ",")...)
	}
	if from.Addr.Network() != "bufconn" {
		hops = append(hops, hostOf(from.Addr).String())
	}
	var caller netip.Addr
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if caller = addr; !p.Has(addr) {
			break
		}
	}
	return Household(caller)
}

func hostOf(addr net.Addr) netip.Addr {
	if at, ok := addr.(*net.TCPAddr); ok {
		return at.AddrPort().Addr()
	}
	at, _ := netip.ParseAddrPort(addr.String())
	return at.Addr()
}

// Household returns an address as clients are told apart by: of IPv6, where one client has very many, its network.
func Household(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if network, err := addr.Prefix(64); err == nil && addr.Is6() && !addr.IsLoopback() {
		return network.Addr()
	}
	return addr
}
