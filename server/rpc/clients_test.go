package rpc

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/test/bufconn"
)

// named is an address as ServeHTTP makes one of a request's.
type named string

func (named) Network() string  { return "tcp" }
func (n named) String() string { return string(n) }

// A client is told by its address, at the HTTP doors by what they say; what it says itself does not count.
func TestWhoCalls(t *testing.T) {
	memory := bufconn.Listen(1).Addr()
	for name, test := range map[string]struct {
		addr      net.Addr
		forwarded []string
		want      string
	}{
		"IPv4":                     {&net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 1}, nil, "192.0.2.1"},
		"IPv4, which says more":    {&net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 1}, []string{"192.0.2.9"}, "192.0.2.1"},
		"IPv6":                     {&net.TCPAddr{IP: net.ParseIP("2001:db8::1:2:3:4"), Port: 1}, nil, "2001:db8::"},
		"gRPC-Web":                 {named("192.0.2.1:80"), []string{"192.0.2.9"}, "192.0.2.1"},
		"REST":                     {memory, []string{"192.0.2.1"}, "192.0.2.1"},
		"REST, which says more":    {memory, []string{"192.0.2.9, 192.0.2.1"}, "192.0.2.1"},
		"WebSocket over IPv6":      {memory, []string{"192.0.2.9", "2001:db8::1"}, "2001:db8::"},
		"in memory, nobody's":      {memory, nil, ""},
		"in memory, with nonsense": {memory, []string{"192.0.2.1, nobody"}, ""},
	} {
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: test.addr})
		ctx = metadata.NewIncomingContext(ctx, metadata.MD{"x-forwarded-for": test.forwarded})
		if got := Proxies(nil).AddressOf(ctx); got.IsValid() != (test.want != "") || got.IsValid() && got.String() != test.want {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
}

func TestCallsOfOneClientLeaveRoom(t *testing.T) {
	c := newClients()
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	var last *client
	for range callsOfClient {
		who, err := c.enter(one)
		if err != nil {
			t.Fatal(err)
		}
		last = who
	}
	if _, err := c.enter(one); !errors.Is(err, errManyCalls) {
		t.Errorf("one more call: %v", err)
	}
	if who, err := c.enter(other); err != nil {
		t.Error(err)
	} else {
		c.leave(who)
	}
	c.leave(last)
	if _, err := c.enter(one); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
	for range callsOfClient {
		c.leave(last)
	}
	if c.calls != 0 || len(c.known) != 0 {
		t.Errorf("%d calls of %d clients are left", c.calls, len(c.known))
	}
}
