package edge

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCompressed(t *testing.T) {
	const content = "a tile, a tile, a tile"
	h := compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/known":
			w.WriteHeader(http.StatusNotModified)
		case "/none":
			http.Error(w, content, http.StatusNotFound)
		default:
			w.Header().Set("Content-Length", "22")
			_, _ = io.WriteString(w, content)
		}
	}))
	for _, c := range []struct {
		path, accept string
		status       int
		packed       bool
		body         string
	}{
		{"/", "br, gzip", 200, true, content},
		{"/", "", 200, false, content},
		{"/", "gzip;q=0", 200, false, content},
		{"/none", "gzip", 404, false, content + "\n"},
		{"/known", "gzip", 304, false, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		packed := w.Header().Get("Content-Encoding") == "gzip"
		var body io.Reader = w.Body
		if packed {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if w.Code != c.status || packed != c.packed || string(got) != c.body || err != nil {
			t.Errorf("%+v: status %d, packed %v, %q, %v", c, w.Code, packed, got, err)
		}
		if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") || packed && w.Header().Get("Content-Length") == "22" {
			t.Errorf("%+v: headers %v", c, w.Header())
		}
	}
}
