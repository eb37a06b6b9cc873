package upstream

import (
	"slices"
	"testing"

	"google.golang.org/grpc/metadata"

	"routeguide/server/lab/leaktest"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

func TestParseTarget(t *testing.T) {
	for s, want := range map[string]Target{
		"MyService=localhost:5000":        {"MyService", "localhost:5000", false},
		"*=https://grpc.example.org:443":  {Any, "grpc.example.org:443", true},
		"a.b_1.C=[::1]:1":                 {"a.b_1.C", "[::1]:1", false},
		"a.B=unix:1":                      {"a.B", "unix:1", false}, // a host, no scheme
		"":                                {},
		"localhost:5000":                  {},
		"=localhost:5000":                 {},
		"a.=localhost:5000":               {},
		"a b=localhost:5000":              {},
		"a=localhost":                     {},
		"a=:5000":                         {},
		"a=localhost:":                    {},
		"a=localhost:65536":               {},
		"a=http://localhost:5000":         {},
		"a=https://localhost:5000/path":   {},
		"a=https://user@localhost:443:80": {},
	} {
		got, err := ParseTarget(s)
		if got != want || (err == nil) != (want != Target{}) {
			t.Errorf("ParseTarget(%q) = %+v, %v, want %+v", s, got, err, want)
		}
	}
}

// What belongs to the connection of a browser, or to gRPC itself, stays there; what the caller says goes on.
func TestOutgoingMetadata(t *testing.T) {
	in := metadata.Pairs(
		":authority", "here", "connection", "keep-alive", "transfer-encoding", "chunked", "te", "trailers", "host", "here",
		"content-type", "application/grpc", "content-length", "5", "grpc-timeout", "1S", "grpc-accept-encoding", "gzip",
		"x-grpc-web", "1", "user-agent", "a browser",
		"authorization", "Bearer secret", "cookie", "a=b", "x-mine", "1", "x-mine", "2", "grpc-trace-bin", "\x00",
	)
	out := outgoing(metadata.NewIncomingContext(t.Context(), in))
	want := metadata.Pairs("authorization", "Bearer secret", "cookie", "a=b", "x-mine", "1", "x-mine", "2", "grpc-trace-bin", "\x00")
	for name := range out {
		if !slices.Equal(out[name], want[name]) {
			t.Errorf("%s goes on as %q, want %q", name, out[name], want[name])
		}
	}
	if len(out) != len(want) {
		t.Errorf("metadata %v, want %v", out, want)
	}
}
