package edge_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// send makes a request without the help of net/http: nothing is decompressed.
func send(t *testing.T, p *place, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(call(t), method, p.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := p.http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(all)
}

func TestMethodsOfPaths(t *testing.T) {
	p := open(t)
	for path, allow := range map[string]string{
		"/v1/features/1/2":                  "GET, HEAD, OPTIONS",
		"/v1/features":                      "GET, HEAD, POST, OPTIONS",
		"/v1/notes:chat":                    "POST, OPTIONS",
		"/v1/routes/r1":                     "GET, HEAD, PATCH, DELETE, OPTIONS",
		"/v1/routes:import":                 "POST, PUT, OPTIONS",
		"/routeguide.RouteGuide/GetFeature": "POST, OPTIONS",
		"/":                                 "GET, HEAD, OPTIONS",
		"/openapi/":                         "GET, HEAD, OPTIONS",
	} {
		res, body := send(t, p, http.MethodOptions, path, "")
		if got := res.Header.Get("Allow"); res.StatusCode != http.StatusNoContent || got != allow || body != "" {
			t.Errorf("OPTIONS %s: %s, Allow %q, want %q", path, res.Status, got, allow)
		}
		res, _ = send(t, p, "BREW", path, "")
		if got := res.Header.Get("Allow"); res.StatusCode != http.StatusMethodNotAllowed || got != allow {
			t.Errorf("BREW %s: %s, Allow %q, want %q", path, res.Status, got, allow)
		}
	}
	for _, path := range []string{"/v1/nowhere", "/v1/features/1/2/3"} {
		if res, _ := send(t, p, http.MethodOptions, path, ""); res.StatusCode != http.StatusNotFound || res.Header.Get("Allow") != "" {
			t.Errorf("OPTIONS %s: %s, %v", path, res.Status, res.Header)
		}
	}
}

// HEAD has the status and the headers of GET, for answers of any length and for streams without end too.
func TestHead(t *testing.T) {
	p := open(t)
	for _, path := range []string{"/v1/features/1/2", "/v1/features?lo.latitude=9", "/v1/features/-5/1", "/v1/nowhere", "/v1/features/x/2", "/openapi/"} {
		full, body := send(t, p, http.MethodGet, path, "")
		head, nothing := send(t, p, http.MethodHead, path, "")
		full.Header.Del("Date")
		head.Header.Del("Date")
		if head.StatusCode != full.StatusCode || len(nothing) > 0 || len(body) == 0 && full.StatusCode == http.StatusOK {
			t.Errorf("%s: HEAD %s and GET %s", path, head.Status, full.Status)
		}
		for name := range full.Header {
			if got, want := head.Header.Get(name), full.Header.Get(name); got != want {
				t.Errorf("%s: HEAD has %s %q, GET %q", path, name, got, want)
			}
		}
	}
	if res, _ := send(t, p, http.MethodHead, "/v1/notes:watch", ""); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("HEAD of a stream: %s %v", res.Status, res.Header)
	}
	drain(p.guide.ended)
}

// What is sent to a method, but is no call, is told what would be one.
func TestContentTypeOfMethods(t *testing.T) {
	p := open(t)
	const path = "/routeguide.RouteGuide/GetFeature"
	for _, contentType := range []string{"application/json", "application/grpc", "application/grpc+proto", "application/grpc-web+json", "application/grpc-webby", "text/plain", ""} {
		res, body := send(t, p, http.MethodPost, path, "{}", "Content-Type: "+contentType)
		if res.StatusCode != http.StatusUnsupportedMediaType || !strings.Contains(body, "application/grpc-web+proto") || !strings.Contains(res.Header.Get("Accept-Post"), "application/grpc-web") {
			t.Errorf("%q: %s %v %s", contentType, res.Status, res.Header, body)
		}
	}
	if res, _ := send(t, p, http.MethodPost, "/some.Other/Method", "", "Content-Type: application/grpc"); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("gRPC for no method of ours: %s", res.Status)
	}
}

func TestZippedREST(t *testing.T) {
	p := open(t)
	const many, one = "/v1/features?lo.latitude=500", "/v1/features/1/2"
	for _, test := range []struct {
		path, accept string
		zipped       bool
	}{
		{many, "gzip", true},
		{many, "br, GZIP;q=0.5", true},
		{many, "br", false},
		{many, "gzip;q=0", false},
		{many, "gzip; q=0.00", false},
		{one, "gzip", false}, // too short
		{"/v1/features/-5/1", "gzip", false},
	} {
		plain, want := send(t, p, http.MethodGet, test.path, "")
		res, got := send(t, p, http.MethodGet, test.path, "", "Accept-Encoding: "+test.accept)
		if zipped := res.Header.Get("Content-Encoding") == "gzip"; zipped != test.zipped || !strings.Contains(res.Header.Get("Vary"), "Accept-Encoding") || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s with %q: %v", test.path, test.accept, res.Header)
		} else if zipped {
			if len(got) > len(want)/2 {
				t.Errorf("%s: %d bytes of %d", test.path, len(got), len(want))
			}
			in, err := gzip.NewReader(strings.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			unzipped, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			got = string(unzipped)
		}
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s with %q: another answer", test.path, test.accept)
		}
	}
	// More lists at a time than there are compressors: those that get none are sent as they are.
	const lists = 100
	done := make(chan []byte, lists)
	for range lists {
		go func() {
			res, err := p.http1.Get(p.base + many)
			if err != nil {
				done <- nil
				return
			}
			defer res.Body.Close()
			all, _ := io.ReadAll(res.Body)
			done <- all
		}()
	}
	for range lists {
		if got := within(t, done, "a list"); bytes.Count(got, []byte("\n")) != 500 {
			t.Fatalf("%d lines", bytes.Count(got, []byte("\n")))
		}
	}
}
