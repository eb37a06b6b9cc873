package app

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// defaultConnections are those that one address may have.
const defaultConnections = 1000

// limit reads NAME=N of -limit.
func (c *config) limit(s string) error {
	fields := map[string]*int{
		"calls": &c.allowance.Calls, "streams": &c.allowance.Streams, "bytes": &c.allowance.Bytes, "notes": &c.allowance.Notes,
		"connections": &c.connections,
	}
	for one := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(one, "=")
		n, err := strconv.ParseInt(value, 10, 32)
		if fields[name] == nil || err != nil || n < 0 {
			return fmt.Errorf("%q is not like calls=100; there are calls, streams, bytes, notes and connections", one)
		}
		*fields[name] = int(n)
	}
	return nil
}

// proxy reads a network of -proxy, or an address.
func (c *config) proxy(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		network, err := netip.ParsePrefix(one)
		if addr, only := netip.ParseAddr(one); only == nil {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return fmt.Errorf("%q is neither a network like 10.0.0.0/8 nor an address", one)
		}
		c.proxies = append(c.proxies, network.Masked())
	}
	return nil
}

// connectionsOf returns how many connections an address may have, of those that a port takes of one: callers at this machine
// and proxies have many clients.
func (c config) connectionsOf(most int) func(netip.Addr) int {
	return func(from netip.Addr) int {
		if c.connections == 0 || from.IsLoopback() || c.proxies.Has(from) {
			return most
		}
		return min(most, c.connections)
	}
}
