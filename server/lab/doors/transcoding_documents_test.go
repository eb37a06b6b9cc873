package doors

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a server says of itself becomes an OpenAPI document in which every reference leads somewhere and every part of a path is a
// parameter, and another one when it says something else.
func TestDocumentOfAnUpstream(t *testing.T) {
	s := listenLibrary(t, "127.0.0.1:0", contractOfLibrary, inV1)
	p := start(t, "-upstream", "*="+s.addr)
	var list []struct{ Name, URL string }
	p.getJSON(t, "/openapi/servers.json", &list)
	if len(list) != 1 || list[0].Name != "*" {
		t.Fatalf("the servers are %v", list)
	}
	var document struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ Parameters []struct{ Name, In string } }
		Components struct{ Schemas map[string]any }
	}
	text := p.getJSON(t, list[0].URL, &document)
	if document.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %q", document.OpenAPI)
	}
	for _, path := range []string{"/v2/shelves/{shelves}/books/{books}", "/v2/files/{name}", "/v2/shelves/{shelves}:watch", "/library.v1.Library/Count"} {
		if document.Paths[path] == nil {
			t.Errorf("there is no %s", path)
		}
	}
	for path, verbs := range document.Paths {
		for verb, operation := range verbs {
			var named []string
			for _, parameter := range operation.Parameters {
				if parameter.In == "path" {
					named = append(named, "{"+parameter.Name+"}")
				}
			}
			if inPath := regexp.MustCompile(`\{[^}]*\}`).FindAllString(path, -1); !slices.Equal(named, inPath) {
				t.Errorf("%s %s has the parameters %v", verb, path, named)
			}
		}
	}
	for _, reference := range regexp.MustCompile(`"\$ref": "#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if document.Components.Schemas[reference[1]] == nil {
			t.Errorf("there is no %s", reference[1])
		}
	}
	for _, verb := range []struct{ path, verb, parameter string }{
		{"/v2/shelves/{shelves}/books", "get", "book.sequel.title"}, {"/v2/shelves/{shelves}/books", "post", "tags"},
	} {
		if !strings.Contains(text, `"name": "`+verb.parameter+`"`) {
			t.Errorf("%s %s has no %s", verb.verb, verb.path, verb.parameter)
		}
	}
}

// Calls that run while an upstream becomes another program with another contract do not fail for it, and what is new is reached.
func TestUpstreamThatBecomesAnother(t *testing.T) {
	old := listenLibrary(t, "127.0.0.1:0", contractOfLibrary, inV1)
	p := start(t, "-upstream", "*="+old.addr)
	transcoding{"POST", "/library.v1.Library/Count", `{"name":"n"}`, 200, `{"name":"n"}`, 0}.check(t, p)
	transcoding{"POST", "/museum.v1.Museum/Look", `{}`, 404, `{"code":5}`, 0}.check(t, p)
	for range 3 {
		old.stop(t)
		museum := listenLibrary(t, old.addr, "testdata/museum.proto", inV1)
		p.until(t, transcoding{"POST", "/museum.v1.Museum/Look", `{"picture":"p"}`, 200, `{"picture":"p"}`, 0})
		transcoding{"GET", "/v2/pictures/q", "", 200, `{"picture":"q"}`, 0}.check(t, p)
		transcoding{"GET", "/v2/books/q", "", 404, `{"code":5}`, 0}.check(t, p)
		museum.stop(t)
		old = listenLibrary(t, old.addr, contractOfLibrary, inV1)
		p.until(t, transcoding{"GET", "/v2/books/q", "", 200, `{"name":"q"}`, 0})
		transcoding{"GET", "/v2/pictures/q", "", 404, `{"code":5}`, 0}.check(t, p)
	}
}

// until asks for as long as the upstream is away.
func (p *program) until(t *testing.T, c transcoding) {
	t.Helper()
	for {
		r, err := http.NewRequestWithContext(t.Context(), c.verb, "http://"+p.http+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusNotFound {
			c.check(t, p)
			return
		}
	}
}

// getJSON reads a document.
func (p *program) getJSON(t *testing.T, path string, into any) string {
	t.Helper()
	res, err := http.Get("http://" + p.http + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
	return string(text)
}
