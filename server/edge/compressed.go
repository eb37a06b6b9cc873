package edge

import (
	"compress/gzip"
	"net/http"
	"sync"
)

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// compressed compresses what a handler answers for those who take it. The handler's ETags must be weak ones.
func compressed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !acceptsGzip(r) || r.Method == http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		z := &compressedWriter{ResponseWriter: w}
		h.ServeHTTP(z, r)
		if z.zip != nil {
			_ = z.zip.Close() // who does not get it all is told so by the connection
			zippers.Put(z.zip)
		}
	})
}

type compressedWriter struct {
	http.ResponseWriter
	plain bool         // what is said instead of an answer is not compressed
	zip   *gzip.Writer // nil while there is no body
}

func (w *compressedWriter) WriteHeader(status int) {
	w.plain = w.plain || status != http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

func (w *compressedWriter) Write(p []byte) (int, error) {
	if w.plain {
		return w.ResponseWriter.Write(p)
	}
	if w.zip == nil {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Del("Content-Length")
		w.zip = zippers.Get().(*gzip.Writer)
		w.zip.Reset(w.ResponseWriter)
	}
	return w.zip.Write(p)
}
