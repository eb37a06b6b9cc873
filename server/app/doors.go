package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/key"
	"routeguide/server/tile"
)

// loopback tells of an address to listen on whether only this machine reaches it.
func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// hostNames are the names by which browsers may know the HTTP port, besides those that always are good.
func (c config) hostNames() []string {
	names := append([]string{}, c.hosts...)
	if host, _, _ := net.SplitHostPort(c.httpAddr); host != "" {
		names = append(names, host)
	}
	return names
}

// tiles draws vector tiles of the features, everywhere or in an area.
func tiles(features *feature.Book) func(*routeguidev1.Bounds) http.Handler {
	all := tile.New(features)
	return func(area *routeguidev1.Bounds) http.Handler {
		if area == nil {
			return all
		}
		sw, ne := area.Southwest, area.Northeast
		return all.In(geo.Rect{South: sw.Latitude, West: sw.Longitude, North: ne.Latitude, East: ne.Longitude})
	}
}

// parseOpen reads what may be done without a key.
func parseOpen(text string) (key.Role, error) {
	switch text {
	case "view":
		return key.View, nil
	case "write":
		return key.Write, nil
	}
	return key.Nobody, fmt.Errorf("%q is neither view nor write", text)
}

// parseHost reads a host name, without a port.
func parseHost(text string) (string, error) {
	if text == "" || strings.ContainsAny(text, ":/ @") {
		return "", fmt.Errorf("%q is not a host name like map.example.org", text)
	}
	return strings.ToLower(text), nil
}

// firstKey makes the first key where others than this machine can come in and there is none for an admin. It returns what logs
// the link that signs an admin's browser in, given where the HTTP port is.
func firstKey(ctx context.Context, c config, s *state, log *slog.Logger) (welcome func(net.Addr), err error) {
	silent := func(net.Addr) {}
	if loopback(c.httpAddr) && loopback(c.grpcAddr) || s.keys.Governed() {
		return silent, nil
	}
	if err := s.store.Reach(ctx); err != nil { // another process of a cluster may have made one
		return nil, fmt.Errorf("see whether there is a key for an admin: %w", err)
	}
	if s.keys.Governed() {
		return silent, nil
	}
	_, secret, err := s.keys.Create(ctx, key.Key{Name: "first admin", Role: key.Admin})
	if err != nil {
		return nil, err
	}
	return func(at net.Addr) {
		log.Info("no admin has a key yet; who follows this link is one", "url", c.scheme()+c.linkHost(at)+"/#key="+secret)
	}, nil
}

// linkHost is how somebody may reach the HTTP port, as far as that is known.
func (c config) linkHost(at net.Addr) string {
	bound := at.(*net.TCPAddr).AddrPort()
	host := bound.Addr().Unmap().String()
	if len(c.hosts) > 0 {
		host = c.hosts[0]
	} else if bound.Addr().IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(bound.Port())))
}
