package edge_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"routeguide/proto/routeguide"
	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
)

// TestOrigins asks every door for the same thing from different web pages.
func TestOrigins(t *testing.T) {
	const own = "http://HOST"
	for name, test := range map[string]struct{ allow, in, out []string }{
		"own only": {
			in: []string{"", own, "HTTP://HOST", "https://HOST"},
			out: []string{
				"http://localhost", "http://127.0.0.1", "https://example.com", "null", "file://", own + "/",
				own + "@evil.example", "http://user@HOST", "HOST", "http://", "ftp://HOST",
			},
		},
		"some others": {
			allow: []string{"https://Example.com:443", "http://127.0.0.1:5173"},
			in:    []string{"", own, "https://example.com", "https://example.com:443", "https://EXAMPLE.com", "http://127.0.0.1:5173"},
			out: []string{
				"http://example.com", "https://example.com:8443", "https://example.com.evil.example", "https://sub.example.com",
				"http://127.0.0.1:5174", "null",
			},
		},
		"any": {allow: []string{"*"}, in: []string{"", own, "https://anything.example", "null"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, func(o *edge.Options) { o.AllowOrigins = test.allow })
			try := func(origin string, want bool) {
				origin = strings.Replace(origin, "HOST", strings.TrimPrefix(p.base, "http://"), 1)
				for _, d := range originDoors(p, origin) {
					_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(call(t), &routeguidepb.Point{Latitude: 1})
					if (err == nil) != want {
						t.Errorf("%s from %q: %v", d.name, origin, err)
					}
				}
			}
			for _, origin := range test.in {
				try(origin, true)
			}
			for _, origin := range test.out {
				try(origin, false)
			}
		})
	}
}

func originDoors(p *place, origin string) []door {
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn := func(name string, c grpc.ClientConnInterface) door { return door{name: name, conn: c} }
	return []door{
		conn("gRPC-Web", edgetest.Web{Base: p.base, Client: p.http1, Header: h}),
		conn("WebSocket", edgetest.WebSocket{Base: p.base, Header: h}),
		conn("REST", edgetest.REST{Base: p.base, Client: p.http1, Header: h}),
	}
}

// TestForeignOriginDoesNotRun waits for no handler: it would make itself known.
func TestForeignOriginDoesNotRun(t *testing.T) {
	p := open(t)
	for _, d := range originDoors(p, "https://evil.example") {
		_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(call(t), &routeguidepb.Point{Latitude: 999})
		if err == nil || !strings.Contains(err.Error(), "origin") && !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	if n := len(p.guide.waiting); n != 0 {
		t.Errorf("%d calls ran", n)
	}
}

func TestTwoOriginsAreNone(t *testing.T) {
	p := open(t)
	req, err := http.NewRequest(http.MethodGet, p.base+"/v1/features/1/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Origin"] = []string{p.base, p.base}
	if res, _ := do(t, p, req); res.StatusCode != http.StatusForbidden {
		t.Errorf("%s", res.Status)
	}
}

func TestPreflight(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.AllowOrigins = []string{"https://example.com"} })
	for path, wants := range map[string]string{
		"/routeguide.RouteGuide/GetFeature": "content-type,grpc-timeout,traveler,x-grpc-web",
		"/v1/routes:record":                 "content-type,resume-token",
	} {
		for origin, allowed := range map[string]bool{"https://example.com": true, "https://evil.example": false} {
			req, err := http.NewRequest(http.MethodOptions, p.base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Origin", origin)
			req.Header.Set("Access-Control-Request-Method", "POST")
			req.Header.Set("Access-Control-Request-Headers", wants)
			res, _ := do(t, p, req)
			if !allowed {
				if res.StatusCode != http.StatusForbidden || res.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s from %s: %s %v", path, origin, res.Status, res.Header)
				}
				continue
			}
			if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != origin ||
				res.Header.Get("Access-Control-Allow-Headers") != wants ||
				!strings.Contains(res.Header.Get("Access-Control-Allow-Methods"), "POST") {
				t.Errorf("%s from %s: %s %v", path, origin, res.Status, res.Header)
			}
		}
	}
}

// TestExposedHeaders makes sure that a page elsewhere may read what an answer says of itself.
func TestExposedHeaders(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.AllowOrigins = []string{"https://example.com"} })
	frame := string(edgetest.Frame{}.Append(nil))
	for path, contentType := range map[string]string{
		"/routeguide.RouteGuide/RecordRoute": "application/grpc-web+proto",
		"/v1/routes:record":                  "application/x-ndjson",
	} {
		body := "{}"
		if !strings.HasPrefix(path, "/v1") {
			body = frame
		}
		req, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Origin", "https://example.com")
		res, _ := do(t, p, req)
		exposed := strings.Split(strings.ToLower(res.Header.Get("Access-Control-Expose-Headers")), ", ")
		names := []string{"route-id", "route-points", "grpc-status"}
		if contentType == "application/x-ndjson" { // gRPC-Web's wrapper exposes what the answer has
			names = append(names, "resume-token", "chat-id", "chat-notes")
		}
		for _, name := range names {
			if !slices.Contains(exposed, name) {
				t.Errorf("%s exposes %q, not %s", path, exposed, name)
			}
		}
		if res.Header.Get("Access-Control-Allow-Origin") != "https://example.com" || res.Header.Get("Route-Points") != "7" {
			t.Errorf("%s: %s %v", path, res.Status, res.Header)
		}
	}
}

func TestMalformedOriginIsRefusedAtStart(t *testing.T) {
	for _, origin := range []string{"example.com", "https://example.com/", "ftp://example.com", "https://*.example.com/x", ""} {
		p := &edge.Options{GRPC: grpc.NewServer(), AllowOrigins: []string{origin}, Logger: discard}
		if _, err := edge.New(*p); err == nil {
			t.Errorf("%q is taken", origin)
		}
	}
}

// do makes a request and reads the whole answer.
func do(t testing.TB, p *place, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := p.http1.Do(req.WithContext(call(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
