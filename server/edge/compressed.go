package edge

import (
	"net/http"
	"strconv"

	"routeguide/server/edge/exchange"
)

// compressed compresses what a handler answers, for those who take it. The handler writes an answer at once, and its ETags
// are weak ones.
func compressed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if exchange.Accepts(r.Header, "gzip") {
			w = &compressedWriter{ResponseWriter: w}
		}
		h.ServeHTTP(w, r)
	})
}

type compressedWriter struct {
	http.ResponseWriter
	plain bool // what is said instead of an answer is not compressed
}

func (w *compressedWriter) WriteHeader(status int) {
	w.plain = w.plain || status != http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

// Write compresses before it sends.
func (w *compressedWriter) Write(p []byte) (int, error) {
	if w.plain {
		return w.ResponseWriter.Write(p)
	}
	packed := exchange.Gzip(p)
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Length", strconv.Itoa(len(packed)))
	if _, err := w.ResponseWriter.Write(packed); err != nil {
		return 0, err
	}
	return len(p), nil
}
