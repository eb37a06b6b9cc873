package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"routeguide/server/upstream"
)

// checkUpstreams refuses an upstream at an address where we listen: each of its calls would come back to us, for ever.
func checkUpstreams(ctx context.Context, targets []upstream.Target, listeners ...net.Listener) error {
	for _, t := range targets {
		for _, l := range listeners {
			if reaches(ctx, t.Addr, l.Addr().(*net.TCPAddr).AddrPort()) {
				return fmt.Errorf("-upstream %s=%s: that is this server's own address", t.Name, t.Addr)
			}
		}
	}
	return nil
}

// reaches reports whether addr leads to bound. A name that cannot be looked up leads nowhere.
func reaches(ctx context.Context, addr string, bound netip.AddrPort) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != strconv.Itoa(int(bound.Port())) {
		return false
	}
	ips, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return slices.ContainsFunc(ips, func(ip netip.Addr) bool {
		ip, at := ip.Unmap(), bound.Addr().Unmap()
		return ip == at || ip.IsUnspecified() && at.IsLoopback() || at.IsUnspecified() && local(ip)
	})
}

// local reports whether ip is an address of this machine.
func local(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	addrs, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip.AsSlice())
	})
}
