package basemap

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
)

// List is the path of the document that says which maps there are.
const List = "/basemap.json"

// Maps are the maps that were given. It is an http.Handler for the paths that Has knows, and safe for concurrent use.
type Maps struct {
	list    []byte
	files   map[string]string // by path of the HTTP port
	origins []string
}

// listed is a map as the page is told of it.
type listed struct {
	Name        string `json:"name"`
	Kind        Kind   `json:"kind"`
	URL         string `json:"url"`
	Attribution string `json:"attribution,omitempty"`
}

// Open checks the files among the sources. What is wrong with one is an error that names it.
func Open(sources []Source) (*Maps, error) {
	m := &Maps{files: map[string]string{}}
	all := []listed{}
	for i, s := range sources {
		if slices.ContainsFunc(all, func(o listed) bool { return o.Name == s.Name }) {
			return nil, fmt.Errorf("there are two basemaps with the name %q; give one another, as NAME=%s", s.Name, s.At)
		}
		one := listed{Name: s.Name, URL: s.At, Attribution: s.Attribution}
		if s.remote != nil {
			one.Kind = s.kind()
			m.origins = append(m.origins, s.origin())
		} else {
			a, err := readArchive(s.At)
			if err != nil {
				return nil, fmt.Errorf("the basemap %s: %w", s.At, err)
			}
			one.Kind, one.Attribution = a.kind, a.attribution
			one.URL = "/basemap/" + strconv.Itoa(i) + ".pmtiles"
			m.files[one.URL] = s.At
		}
		all = append(all, one)
	}
	slices.Sort(m.origins)
	m.origins = slices.Compact(m.origins)
	var err error
	m.list, err = json.Marshal(map[string]any{"basemaps": all})
	return m, err
}

// Origins are those that the page has to reach for its maps, each once.
func (m *Maps) Origins() []string { return m.origins }

// Has reports whether a path is the list's or a file's. No other path is looked for anywhere.
func (m *Maps) Has(path string) bool {
	_, ok := m.files[path]
	return ok || path == List
}

func (m *Maps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Path == List {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(m.list)
		return
	}
	// Opened for each request: a file that takes the place of another is served at once, and its ETag says so.
	file, err := os.Open(m.files[r.URL.Path])
	if err != nil {
		http.Error(w, "The file of this map cannot be read now.", http.StatusNotFound)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, "The file of this map cannot be read now.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.pmtiles")
	w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano()))
	http.ServeContent(w, r, "", info.ModTime(), file)
}
