package doors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"routeguide/server/app"
)

// archive is a PMTiles file with this metadata and nothing in its root directory; its tiles are 1,000 bytes of anything.
func archive(form byte, metadata string) []byte {
	root, tiles := []byte{0}, bytes.Repeat([]byte("tile"), 250)
	file := make([]byte, 127)
	copy(file, "PMTiles\x03")
	at := uint64(len(file))
	for i, part := range [][]byte{root, []byte(metadata), nil, tiles} {
		binary.LittleEndian.PutUint64(file[8+16*i:], at)
		binary.LittleEndian.PutUint64(file[16+16*i:], uint64(len(part)))
		at += uint64(len(part))
		file = append(file, part...)
	}
	file[97], file[98], file[99] = 1, 1, form
	return file
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const ofProtomaps = `{"attribution":"© OpenStreetMap","vector_layers":[{"id":"earth"},{"id":"roads"}]}`

// The page is told of every map that was given, and may reach the origins that these need and no others.
func TestBasemaps(t *testing.T) {
	file := archive(1, ofProtomaps)
	path := write(t, "jersey.pmtiles", file)
	p := start(t, "-basemap", path, "-basemap", "Air="+write(t, "a.pmtiles", archive(3, "{}")),
		"-basemap", "https://maps.example/style.json?key=a=b,Hills=http://tiles.example:8000/{z}/{x}/{y}.png#© Hills",
		"-basemap", "More=https://maps.example/other.json")

	_, body := get(t, p.base()+"/basemap.json")
	var got, want any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	err := json.Unmarshal([]byte(`{"basemaps":[
		{"name":"jersey","kind":"vector","url":"/basemap/0.pmtiles","attribution":"© OpenStreetMap"},
		{"name":"Air","kind":"picture","url":"/basemap/1.pmtiles"},
		{"name":"maps.example","kind":"style","url":"https://maps.example/style.json?key=a=b"},
		{"name":"Hills","kind":"tiles","url":"http://tiles.example:8000/{z}/{x}/{y}.png","attribution":"© Hills"},
		{"name":"More","kind":"style","url":"https://maps.example/other.json"}]}`), &want)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, the list is %s", err, body)
	}

	page := ask(t, p.base()+"/")
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy,
		"connect-src 'self' http://tiles.example:8000 https://maps.example;") {
		t.Errorf("the policy is %q", policy)
	}
	if status, body := get(t, p.base()+"/basemap/0.pmtiles"); status != http.StatusOK || body != string(file) {
		t.Errorf("the file: %d, %d bytes", status, len(body))
	}
	for _, path := range []string{
		"/basemap/jersey.pmtiles", "/basemap/2.pmtiles", "/basemap/5.pmtiles", "/basemap/", "/basemap/..%2f0.pmtiles",
		"/basemap/" + strings.ReplaceAll(path, "/", "%2f"), "/basemap/0.pmtiles/",
	} {
		if status, _ := get(t, p.base()+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// A file that takes the place of another is served, and never a part of it as one of the other.
func TestBasemapRanges(t *testing.T) {
	file := archive(1, ofProtomaps)
	path := write(t, "jersey.pmtiles", file)
	p := start(t, "-basemap", path)
	url := p.base() + "/basemap/0.pmtiles"

	first := ask(t, url, "Range", "bytes=0-126")
	tag := first.Header.Get("ETag")
	if first.StatusCode != http.StatusPartialContent || !bytes.Equal(first.body, file[:127]) || tag == "" || strings.HasPrefix(tag, "W/") {
		t.Errorf("the header: %s, %d bytes, ETag %s", first.Status, len(first.body), tag)
	}
	if end := ask(t, url, "Range", "bytes=-4"); string(end.body) != "tile" {
		t.Errorf("the end: %s, %q", end.Status, end.body)
	}
	if beyond := ask(t, url, "Range", "bytes=1000000-"); beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond its end: %s", beyond.Status)
	}
	if again := ask(t, url, "If-None-Match", tag); again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %s", again.Status)
	}

	next := write(t, "next.pmtiles", archive(1, `{"vector_layers":[{"id":"water"}]}`))
	if err := os.Chtimes(next, time.Time{}, time.Unix(1_900_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	other := ask(t, url, "Range", "bytes=0-126", "If-Range", tag)
	if other.StatusCode != http.StatusOK || other.Header.Get("ETag") == tag {
		t.Errorf("a part of a file that is no more: %s, ETag %s", other.Status, other.Header.Get("ETag"))
	}
}

// The program says what is wrong with a map before it serves anything.
func TestBasemapThatIsNone(t *testing.T) {
	file := archive(1, ofProtomaps)
	older, odd, packed := bytes.Clone(file), bytes.Clone(file), bytes.Clone(file)
	older[7], odd[99], packed[98] = 2, 77, 4
	for want, flag := range map[string]string{
		"no such file":                       filepath.Join(t.TempDir(), "none.pmtiles"),
		"it is no file":                      t.TempDir(),
		"it is no PMTiles file":              write(t, "a.pmtiles", []byte("<!doctype html>")),
		"version 2":                          write(t, "b.pmtiles", older),
		"it is not whole":                    write(t, "c.pmtiles", file[:len(file)-1]),
		"of type 77":                         write(t, "d.pmtiles", odd),
		"than with gzip":                     write(t, "e.pmtiles", packed),
		"its metadata cannot be read":        write(t, "f.pmtiles", archive(1, "nothing")),
		"not those of the Protomaps basemap": write(t, "g.pmtiles", archive(1, `{"vector_layers":[{"id":"transportation"}]}`)),
		"two basemaps with the name":         "a=" + write(t, "h.pmtiles", file) + ",a=https://maps.example/style.json",
		"the map that is there anyway":       "built-in=https://maps.example/style.json",
		"has {z}, {x} and {y}":               "https://maps.example/{z}/{x}.png",
		"an address is like":                 "ftp://maps.example/style.json",
		"https://{s}":                        "https://{s}.example/{z}/{x}/{y}.png",
		"script-src":                         "https://maps.example;script-src/style.json",
		"has no name before":                 "=https://maps.example/style.json",
	} {
		var said bytes.Buffer
		err := app.Run(t.Context(), []string{"-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0", "-data", t.TempDir(), "-basemap", flag}, &said)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-basemap %s: %v, not %q", flag, err, want)
		}
	}
}

type answer struct {
	*http.Response
	body []byte
}

// ask gets a document with these headers, as name and value in turn.
func ask(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, body}
}
