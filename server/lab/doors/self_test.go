package doors

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"routeguide/server/app"
	"routeguide/server/lab/loopback"
)

func TestUpstreamIsNotThisServer(t *testing.T) {
	for _, c := range []struct{ flag, listen, upstream string }{
		{"-grpc-addr", "127.0.0.1:%d", "*=127.0.0.1:%d"},
		{"-grpc-addr", "127.0.0.1:%d", "elsewhere.Numbers=localhost:%d"},
		{"-grpc-addr", "127.0.0.1:%d", "*=0.0.0.0:%d"},
		{"-grpc-addr", ":%d", "*=127.0.0.1:%d"},
		{"-grpc-addr", "0.0.0.0:%d", "*=https://" + outward(t) + ":%d"},
		{"-http-addr", "127.0.0.1:%d", "*=127.0.0.1:%d"},
	} {
		port, err := loopback.Port()
		if err != nil {
			t.Fatal(err)
		}
		args := []string{
			"-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0", "-data", t.TempDir(),
			c.flag, fmt.Sprintf(c.listen, port), "-upstream", fmt.Sprintf(c.upstream, port),
		}
		if err := app.Run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), "this server's own address") {
			t.Errorf("%q: %v", args[6:], err)
		}
	}
}

// outward returns an address of this machine that others reach, or 127.0.0.1 when it has none.
func outward(t *testing.T) string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// An upstream may be on the same machine, and need not run yet.
func TestUpstreamBesideThisServer(t *testing.T) {
	port, err := loopback.Port()
	if err != nil {
		t.Fatal(err)
	}
	start(t, "-upstream", fmt.Sprintf("*=127.0.0.1:%d", port))
}
