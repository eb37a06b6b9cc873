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

	"routeguide/server/edge/exchange"
)

// secure says what a browser may do with an answer: nothing. The page has a policy of its own.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=(), usb=()")
}

// pagePolicy is what the page may load: nothing but its own, from here, and from the origins of its maps.
func pagePolicy(origins []string) string {
	return "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; " +
		"connect-src " + strings.Join(append([]string{"'self'"}, origins...), " ") + "; " +
		"worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// files serves a folder that does not change while the process runs.
type files struct {
	all    map[string]file // by path
	policy string
}

type file struct {
	data    []byte
	forms   []form // the same compressed, the smallest first
	mime    string
	etag    string
	forever bool // its name contains a hash of its content
}

// A form is a file in a coding of HTTP.
type form struct {
	coding, ending string
	data           []byte
}

var codings = []form{{coding: "br", ending: ".br"}, {coding: "gzip", ending: ".gz"}}

// newFiles reads all of dir, for pages that also reach the origins. NAME.br and NAME.gz are not files of their own but other
// forms of NAME.
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
		var forms []form
		for _, f := range codings {
			if plain, ok := strings.CutSuffix(name, f.ending); ok {
				if _, err := fs.Stat(dir, plain); err == nil {
					return nil
				}
			}
			if f.data = read(name + f.ending); f.data != nil {
				forms = append(forms, f)
			}
		}
		all.add(name, read(name), forms...)
		return nil
	})
	return all
}

func (a files) add(name string, data []byte, forms ...form) {
	sum := sha256.Sum256(data)
	a.all["/"+name] = file{
		data:    data,
		forms:   forms,
		mime:    mime.TypeByExtension(path.Ext(name)),
		etag:    hex.EncodeToString(sum[:12]),
		forever: strings.HasPrefix(name, "assets/"),
	}
}

// addAuthority puts a certificate where phones find it. By its type they offer to trust it.
func (a files) addAuthority(pem []byte) {
	a.add("ca.pem", pem)
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
	if f.mime != "" {
		h.Set("Content-Type", f.mime)
	}
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	data, tag := f.data, f.etag
	if len(f.forms) > 0 {
		h.Add("Vary", "Accept-Encoding")
	}
	for _, form := range f.forms {
		if exchange.Accepts(r.Header, form.coding) {
			h.Set("Content-Encoding", form.coding)
			data, tag = form.data, tag+"-"+form.coding
			break
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
