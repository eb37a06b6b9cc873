package exchange

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

const (
	leastZipped = 1 << 10 // bytes of an answer that are worth it
	mostZipping = 64      // answers under way that are; each takes nearly a megabyte, and those above go out as they are
)

// Accepts tells whether an answer to a request with these headers may be in the coding.
func Accepts(h http.Header, coding string) bool {
	for v := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(v, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			digits, isWeight := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return !isWeight || strings.Trim(digits, "0.") != ""
		}
	}
	return false
}

var zips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is one
	return z
}}

// Gzip is a whole answer, compressed. A slow reader of it holds no compressor.
func Gzip(answer []byte) []byte {
	var packed bytes.Buffer
	z := zips.Get().(*gzip.Writer)
	z.Reset(&packed)
	_, _ = z.Write(answer) // a buffer takes everything
	_ = z.Close()
	z.Reset(io.Discard)
	zips.Put(z)
	return packed.Bytes()
}

// zip compresses the answer from now on, where the peer takes that. The headers must not have left.
func (r *Response) zip() {
	if !r.Gzip || r.Header().Get("Content-Encoding") != "" {
		return
	}
	if r.calls.zipping.Add(1) > mostZipping {
		r.calls.zipping.Add(-1)
		return
	}
	r.Header().Set("Content-Encoding", "gzip")
	r.Header().Del("Content-Length")
	r.zipped = zips.Get().(*gzip.Writer)
	r.zipped.Reset(r.ResponseWriter)
}

// endZip ends what zip began. What it cannot write is lost with the peer.
func (r *Response) endZip() {
	if r.zipped == nil {
		return
	}
	_ = r.zipped.Close()
	r.zipped.Reset(io.Discard)
	zips.Put(r.zipped)
	r.zipped = nil
	r.calls.zipping.Add(-1)
}
