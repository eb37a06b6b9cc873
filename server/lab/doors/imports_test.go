package doors

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms says what each package of the product may import of the others, and of the libraries that one of them tames.
var rooms = map[string][]string{
	"server/geo":      {"github.com/tidwall/rtree"},
	"server/feature":  {"server/line", "proto/routeguide/log/", "server/store", "server/geo", "github.com/tidwall/", "golang.org/x/text/"},
	"server/store":    {"proto/routeguide/log/", "github.com/nats-io/", "github.com/ncruces/go-sqlite3", "github.com/gofrs/flock", "google.golang.org/protobuf/"},
	"server/note":     {"proto/routeguide/log/", "server/store", "server/geo"},
	"server/key":      {"proto/routeguide/log/", "server/store", "server/geo"},
	"server/route":    {"proto/routeguide/log/", "server/store", "server/geo", "google.golang.org/protobuf/"},
	"server/traveler": {"server/route", "server/geo", "github.com/tidwall/"},
	"server/replay":   {"server/note", "server/feature", "server/route", "server/store", "server/geo"},
	"server/demo":     {"proto/", "server/geo", "google.golang.org/"},
	"server/track":    {"server/geo", "server/line", "github.com/muktihari/fit/", "golang.org/x/text/"},
	"server/tile":     {"server/feature", "server/geo", "github.com/paulmach/orb"},
	"server/relay":    {"google.golang.org/grpc"},
	"server/schema":   {"google.golang.org/", "github.com/bufbuild/protocompile"},
	"server/upstream": {"server/relay", "server/schema", "google.golang.org/", "golang.org/x/time/"},
	"server/refusal":  {"google.golang.org/"},
	"server/rpc": {"proto/", "server/key", "server/feature", "server/route", "server/track", "server/traveler", "server/note", "server/replay", "server/geo", "server/store", "server/relay", "server/refusal",
		"google.golang.org/", "github.com/prometheus/client_golang/", "golang.org/x/sync/", "golang.org/x/time/"},
	"server/tutorial": {"proto/", "server/line", "server/store", "server/refusal", "google.golang.org/"},
	"server/line":     {},
	"server/edge": {"static", "proto/routeguide/v1", "openapi", "server/edge/", "server/relay", "server/refusal", "server/schema",
		"google.golang.org/grpc", "golang.org/x/net/http2"},
	"server/certificate": {"github.com/caddyserver/certmagic", "github.com/mholt/acmez/", "go.uber.org/zap"},
	"server/edge/rest": {"proto/", "server/edge/exchange", "server/edge/wire", "server/line", "server/refusal", "server/schema", "google.golang.org/",
		"github.com/grpc-ecosystem/grpc-gateway/"},
	"server/edge/mcp": {"server/refusal", "server/schema", "google.golang.org/", "github.com/modelcontextprotocol/go-sdk/"},
	"server/edge/web": {"server/edge/exchange", "server/edge/wire", "google.golang.org/grpc", "github.com/improbable-eng/grpc-web/"},
	"server/edge/socket": {"server/edge/exchange", "server/edge/wire", "server/relay", "server/refusal", "google.golang.org/grpc",
		"nhooyr.io/websocket"},
	"server/edge/exchange": {"google.golang.org/grpc"},
	"server/edge/wire":     {"server/refusal", "google.golang.org/"},
	"server/edge/basemap":  {},
	"static":               {},
	"openapi":              {},
}

func TestImportsPointDownwards(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "routeguide/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], "routeguide/")
		allowed, ok := rooms[room]
		if !ok {
			continue
		}
		seen++
		for _, imported := range words[1:] {
			first, _, _ := strings.Cut(imported, "/")
			if first != "routeguide" && !strings.Contains(first, ".") {
				continue // the standard library
			}
			name := strings.TrimPrefix(imported, "routeguide/")
			if !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(name, a) }) {
				t.Errorf("%s imports %s", room, name)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d of the %d rooms are there", seen, len(rooms))
	}
}
