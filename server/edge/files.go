package edge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// pagePolicy is what the page may load: nothing but its own, from here, and from the origins of its maps.
func pagePolicy(origins []string) string {
	return "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; " +
		"connect-src " + strings.Join(append([]string{"'self' ws: wss:"}, origins...), " ") + "; " +
		"worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// files serves a folder that does not change while the process runs.
type files struct {
	all    map[string]file // by path
	policy string
}

type file struct {
	data    []byte
	zipped  []byte // the same compressed with gzip, or nil
	mime    string
	etag    string
	forever bool // its name contains a hash of its content
}

// newFiles reads all of dir, for pages that also reach the origins. NAME.gz is not a file of its own but another form of
// NAME.
func newFiles(dir fs.FS, origins ...string) files {
	all := files{all: map[string]file{}, policy: pagePolicy(origins)}
	read := func(name string) []byte {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil
		}
		return data
	}
	_ = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if plain, ok := strings.CutSuffix(name, ".gz"); ok {
			if _, err := fs.Stat(dir, plain); err == nil {
				return nil
			}
		}
		all.add(name, read(name), read(name+".gz"))
		return nil
	})
	return all
}

func (a files) add(name string, data, zipped []byte) {
	sum := sha256.Sum256(data)
	a.all["/"+name] = file{
		data:    data,
		zipped:  zipped,
		mime:    mime.TypeByExtension(path.Ext(name)),
		etag:    hex.EncodeToString(sum[:12]),
		forever: strings.HasPrefix(name, "assets/"),
	}
}

// addAuthority puts a certificate where phones find it. By its type they offer to trust it.
func (a files) addAuthority(pem []byte) {
	a.add("ca.pem", pem, nil)
	f := a.all["/ca.pem"]
	f.mime = "application/x-x509-ca-cert"
	a.all["/ca.pem"] = f
}

// at finds the file of a path.
func (a files) at(name string) (file, bool) {
	if strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	f, ok := a.all[name]
	return f, ok
}

func (a files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.at(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Referrer-Policy", "no-referrer")
	if f.mime != "" {
		h.Set("Content-Type", f.mime)
	}
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	data, tag := f.data, f.etag
	if f.zipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			data, tag = f.zipped, tag+"-gz"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func acceptsGzip(r *http.Request) bool {
	for _, v := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(v, ";")
		if strings.TrimSpace(name) == "gzip" && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
