package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"routeguide/openapi"
)

type object = map[string]any

func documents(t *testing.T) map[string]object {
	t.Helper()
	all := map[string]object{}
	for name, data := range map[string][]byte{"swagger.json": openapi.Swagger, "openapi.json": openapi.Document} {
		var doc object
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = doc
	}
	return all
}

// at follows a path of keys into a document.
func at(v any, keys ...string) any {
	for _, key := range keys {
		o, _ := v.(object)
		v = o[key]
	}
	return v
}

// TestEveryPathIsDescribed compares the documents with the one list of paths there is.
func TestEveryPathIsDescribed(t *testing.T) {
	rules, err := os.ReadFile("../proto/http.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\s+(get|put|post|patch|delete): (\S+)$`).FindAllSubmatch(rules, -1) {
		path := regexp.MustCompile(`\{(\w+)\.\w+\}`).ReplaceAllString(string(m[2]), "{$1}") // a field's field, to the gateway alone
		want = append(want, string(m[1])+" "+path)
	}
	if len(want) < 6 {
		t.Fatalf("only %q in http.yaml", want)
	}
	slices.Sort(want)
	for name, doc := range documents(t) {
		var got []string
		for path, methods := range at(doc, "paths").(object) {
			for method := range methods.(object) {
				got = append(got, method+" "+path)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s describes\n%q, want\n%q", name, got, want)
		}
	}
}

// TestReferencesLeadSomewhere finds each "$ref" in its document.
func TestReferencesLeadSomewhere(t *testing.T) {
	for name, doc := range documents(t) {
		n := 0
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case object:
				if ref, ok := v["$ref"].(string); ok {
					n++
					keys, ok := strings.CutPrefix(ref, "#/")
					if !ok || at(doc, strings.Split(keys, "/")...) == nil {
						t.Errorf("%s: %s leads nowhere", name, ref)
					}
				}
				for _, child := range v {
					walk(child)
				}
			case []any:
				for _, child := range v {
					walk(child)
				}
			}
		}
		walk(doc)
		if n == 0 {
			t.Errorf("%s has no references", name)
		}
	}
}

// TestStreamsAreStated checks, for one method of each kind, what the documents say of its streams.
func TestStreamsAreStated(t *testing.T) {
	const lines, events, single, file = "application/x-ndjson", "text/event-stream", "application/json", "application/octet-stream"
	tests := []struct {
		method, path    string
		takes, answers  []string
		request, answer []string // headers
	}{
		{"get", "/v1/features/{latitude}/{longitude}", nil, []string{single}, nil, nil},
		{"get", "/v1/features", nil, []string{lines, events}, nil, nil},
		{"post", "/v1/routes:record", []string{lines}, []string{single}, []string{"resume-token", "traveler"}, []string{"Resume-Token", "Route-Id", "Route-Points"}},
		{"post", "/v1/notes:chat", []string{lines}, []string{lines, events}, []string{"chat-notes", "resume-token", "traveler"}, []string{"Chat-Id", "Chat-Notes", "Resume-Token"}},
		{"post", "/v1/routes:import", []string{file}, []string{lines, events}, []string{"traveler"}, nil},
		{"post", "/v1/features:import", []string{file}, []string{lines, events}, nil, nil},
		{"get", "/v1/routes/{route}:export", nil, []string{"application/gpx+xml", "application/geo+json", "application/vnd.google-earth.kml+xml"}, nil,
			[]string{"Content-Disposition"}},
	}
	docs := documents(t)
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			v2 := at(docs["swagger.json"], "paths", test.path, test.method)
			v3 := at(docs["openapi.json"], "paths", test.path, test.method)
			same(t, "swagger.json takes", texts(at(v2, "consumes")), test.takes)
			same(t, "swagger.json answers with", texts(at(v2, "produces")), test.answers)
			same(t, "openapi.json takes", names(at(v3, "requestBody", "content")), test.takes)
			same(t, "openapi.json answers with", names(at(v3, "responses", "200", "content")), test.answers)
			same(t, "openapi.json fails with", names(at(v3, "responses", "default", "content")), []string{single})
			for name, op := range map[string]any{"swagger.json": v2, "openapi.json": v3} {
				var request []string
				parameters, _ := at(op, "parameters").([]any)
				for _, p := range parameters {
					if at(p, "in") == "header" {
						request = append(request, fmt.Sprint(at(p, "name")))
					}
				}
				same(t, name+" takes headers", request, test.request)
				same(t, name+" answers with headers", names(at(op, "responses", "200", "headers")), test.answer)
			}
			if slices.Contains(test.answers, lines) {
				line := at(v3, "responses", "200", "content", lines, "schema", "properties")
				same(t, "a line has", names(line), []string{"error", "result"})
			}
		})
	}
}

func names(v any) []string {
	o, _ := v.(object)
	var all []string
	for name := range o {
		all = append(all, name)
	}
	return all
}

func texts(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, s := range list {
		all = append(all, fmt.Sprint(s))
	}
	return all
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s %q, want %q", what, got, want)
	}
}

func TestDocumentsAreComplete(t *testing.T) {
	for name, doc := range documents(t) {
		for _, key := range []string{"title", "version", "description", "license"} {
			if at(doc, "info", key) == nil {
				t.Errorf("%s has no %s", name, key)
			}
		}
	}
	if bytes.Contains(openapi.Swagger, []byte("(streaming ")) {
		t.Error("swagger.json has the generator's words")
	}
	if v := at(documents(t)["openapi.json"], "openapi"); v != "3.0.3" {
		t.Errorf("openapi.json is of version %v", v)
	}
}
