package edge

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"routeguide/openapi"
	"routeguide/static"
)

func zipped(t *testing.T, text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ask(h http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestFiles(t *testing.T) {
	text := strings.Repeat("a map ", 1000)
	h := newFiles(fstest.MapFS{
		"index.html":              {Data: []byte("<!doctype html>")},
		"assets/main-Ab12Cd34.js": {Data: []byte("export {}")},
		"basemap/world.json":      {Data: []byte(text)},
		"basemap/world.json.gz":   {Data: zipped(t, text)},
		"basemap/land.json":       {Data: []byte(text)},
		"basemap/land.json.br":    {Data: []byte("small")},
		"basemap/land.json.gz":    {Data: zipped(t, text)},
		"only.gz":                 {Data: []byte("not a form of anything")},
	})
	tests := []struct {
		path, header           string
		status                 int
		contentType, cache, ce string
		length                 int
	}{
		{"/", "", 200, "text/html; charset=utf-8", "no-cache", "", 15},
		{"/index.html", "", 200, "text/html; charset=utf-8", "no-cache", "", 15},
		{"/assets/main-Ab12Cd34.js", "", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "", 9},
		{"/basemap/world.json", "", 200, "application/json", "no-cache", "", len(text)},
		{"/basemap/world.json", "Accept-Encoding: br, gzip", 200, "application/json", "no-cache", "gzip", len(zipped(t, text))},
		{"/basemap/land.json", "Accept-Encoding: gzip, br", 200, "application/json", "no-cache", "br", 5},
		{"/basemap/land.json", "Accept-Encoding: gzip, br;q=0", 200, "application/json", "no-cache", "gzip", len(zipped(t, text))},
		{"/basemap/land.json.br", "", 404, "text/plain; charset=utf-8", "", "", -1},
		{"/basemap/world.json", "Accept-Encoding: gzip;q=0", 200, "application/json", "no-cache", "", len(text)},
		{"/basemap/world.json", "Range: bytes=2-4", 206, "application/json", "no-cache", "", 3},
		{"/basemap/world.json.gz", "", 404, "text/plain; charset=utf-8", "", "", -1},
		{"/only.gz", "", 200, "application/gzip", "no-cache", "", 22},
		{"/assets", "", 404, "text/plain; charset=utf-8", "", "", -1},
		{"/assets/", "", 404, "text/plain; charset=utf-8", "", "", -1},
		{"/../edge.go", "", 404, "text/plain; charset=utf-8", "", "", -1},
	}
	for _, test := range tests {
		res := ask(h, test.path, test.header)
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := res.Header.Get
		if res.StatusCode != test.status || got("Content-Type") != test.contentType && got("Content-Type") != "application/x-gzip" ||
			got("Cache-Control") != test.cache || got("Content-Encoding") != test.ce || test.length >= 0 && len(body) != test.length {
			t.Errorf("%s with %q: %s, %d bytes, %v", test.path, test.header, res.Status, len(body), res.Header)
		}
		if test.status == 200 && got("Content-Security-Policy") == "" {
			t.Errorf("%s has no policy", test.path)
		}
		if again := ask(h, test.path, test.header, "If-None-Match: "+got("ETag")); test.status == 200 && again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", test.path, again.Status)
		}
	}
	if plain, packed := ask(h, "/basemap/world.json"), ask(h, "/basemap/world.json", "Accept-Encoding: gzip"); plain.Header.Get("ETag") == packed.Header.Get("ETag") ||
		packed.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("forms of one file look alike: %v, %v", plain.Header, packed.Header)
	}
}

// TestPage serves what there is: the built page, or the plain document in its place.
func TestPage(t *testing.T) {
	res := ask(newFiles(static.Page()), "/")
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("RouteGuide")) {
		t.Errorf("%s, %v", res.Status, err)
	}
}

func TestPlainDocs(t *testing.T) {
	h := newFiles(fstest.MapFS{})
	if err := addDocs(h, openapi.Swagger, openapi.Document); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/openapi/":             "GET /v1/features/{latitude}/{longitude}",
		"/openapi/docs.css":     "color-scheme",
		"/openapi/openapi.json": `"openapi": "3.0.3"`,
		"/openapi/swagger.json": `"swagger": "2.0"`,
	} {
		res := ask(h, path)
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v, without %q", path, res.Status, err, want)
		}
	}
}

// TestDocsOfThePage come before the plain ones.
func TestDocsOfThePage(t *testing.T) {
	h := newFiles(fstest.MapFS{"openapi/index.html": {Data: []byte("a better one")}})
	if err := addDocs(h, openapi.Swagger, openapi.Document); err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(ask(h, "/openapi/").Body); string(body) != "a better one" {
		t.Errorf("it serves %q", body)
	}
}
