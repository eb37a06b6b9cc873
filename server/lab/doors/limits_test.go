package doors

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
)

// from is metadata of a call that a proxy makes for somebody.
func from(addr string) []string { return []string{"x-forwarded-for", addr} }

// Who calls too much is told when to come again, at every door, while others are served; so is this machine, always.
func TestCallsOfOneCallerAreBounded(t *testing.T) {
	p := start(t, "-open", "write", "-proxy", "127.0.0.1", "-limit", "calls=1,streams=2")
	for i, d := range doors {
		if d.name != "native" && !strings.HasPrefix(d.name, "gRPC-Web") { // their metadata is no header of HTTP; REST is below
			continue
		}
		v, greedy := visitor{t, p, d}, from(fmt.Sprintf("192.0.2.%d", i))
		var err error
		for n := 0; err == nil && n < 50; n++ {
			err = v.unary(getFeature, pb(1, 1), new(routeguidepb.Feature), greedy...)
		}
		if !isOverdrawn(err) {
			t.Errorf("%s: %v", d.name, err)
		}
		if err := v.unary(getFeature, pb(1, 1), new(routeguidepb.Feature), from("198.51.100."+strconv.Itoa(i))...); err != nil {
			t.Errorf("%s: another caller: %v", d.name, err)
		}
	}
	req, err := http.NewRequest(http.MethodGet, p.base()+"/v1/features/1/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.1")
	for code := 200; code != http.StatusTooManyRequests; {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if code = resp.StatusCode; code != 200 && (code != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1") {
			t.Fatalf("%s, to come again after %q", resp.Status, resp.Header.Get("Retry-After"))
		}
	}
	v := visitor{t, p, doors[0]}
	for range 50 {
		if err := v.unary(getFeature, pb(1, 1), new(routeguidepb.Feature)); err != nil {
			t.Fatalf("from this machine: %v", err)
		}
	}
	for range 2 {
		if _, err := v.begin(t.Context(), routeChat, from("203.0.113.2")...).Header(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rest[routeguidepb.RouteNote](v.begin(t.Context(), routeChat, from("203.0.113.2")...)); !isOverdrawn(err) {
		t.Errorf("a third stream: %v", err)
	}
}

func isOverdrawn(err error) bool {
	st := status.Convert(err)
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok && retry.RetryDelay.AsDuration() > 0 {
			return st.Code() == codes.ResourceExhausted
		}
	}
	return false
}
