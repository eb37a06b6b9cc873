package rpc

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Whoever has spent what it may is told when to come again, others are not, and nobody is kept for longer than that matters.
func TestAllowance(t *testing.T) {
	a := newAccounts(Allowance{Calls: 1, Streams: 2, Bytes: 10, Notes: 1})
	greedy, other := a.of("192.0.2.1", 1), a.of("192.0.2.2", 1)
	for range 2 {
		if err := greedy.begin(true); err != nil {
			t.Fatal(err)
		}
	}
	if err := greedy.begin(true); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a third stream: %v", err)
	}
	var err error
	for n := 0; err == nil; n++ {
		if err = greedy.begin(false); n > 20 {
			t.Fatal("any number of calls is taken")
		}
	}
	st := status.Convert(err)
	retry, ok := st.Details()[0].(*errdetails.RetryInfo)
	if st.Code() != codes.ResourceExhausted || !ok || retry.RetryDelay.AsDuration() < time.Second || retry.RetryDelay.AsDuration()%time.Second != 0 {
		t.Errorf("%v with %v", st, st.Details())
	}
	if err := other.begin(true); err != nil {
		t.Errorf("another caller: %v", err)
	}
	a.forget()
	if len(a.all) != 2 {
		t.Errorf("%d callers are known, want 2: they have open streams", len(a.all))
	}
	greedy.leave(true)
	if err := spend(t.Context(), greedy.bytes, 1<<30, bytesWait, "bytes"); err != nil {
		t.Errorf("a message that is longer than all that gathers: %v", err)
	}
	var drawn *overdrawn
	if err := spend(t.Context(), greedy.bytes, 1000, bytesWait, "bytes"); !errors.As(err, &drawn) || drawn.what != "bytes" {
		t.Errorf("more bytes: %v", err)
	}
	fresh := newAccounts(Allowance{Calls: 100, Streams: 2, Bytes: 10, Notes: 1})
	for i := range maxAccounts + 10 {
		fresh.of(fmt.Sprint(i), 1)
	}
	if len(fresh.all) != maxAccounts+1 {
		t.Errorf("%d callers are known", len(fresh.all))
	}
	if fresh.forget(); len(fresh.all) != 0 {
		t.Errorf("%d callers are known that did nothing", len(fresh.all))
	}
}

// A proxy is believed for whom it calls, and nobody else is.
func TestProxies(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	for _, test := range []struct{ from, forwarded, want string }{
		{"10.0.0.1:1", "192.0.2.1", "192.0.2.1"},
		{"10.0.0.1:1", "192.0.2.9, 192.0.2.1", "192.0.2.1"},
		{"10.0.0.1:1", "192.0.2.1, 10.0.0.2", "192.0.2.1"},
		{"127.0.0.1:1", "2001:db8::1:2:3:4", "2001:db8::"},
		{"192.0.2.9:1", "192.0.2.1", "192.0.2.9"},
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"10.0.0.1:1", "nobody", "10.0.0.1"},
	} {
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: named(test.from)})
		if test.forwarded != "" {
			ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("x-forwarded-for", test.forwarded))
		}
		if got := proxies.AddressOf(ctx).String(); got != test.want {
			t.Errorf("%v is %s", test, got)
		}
	}
}
