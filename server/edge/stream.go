package edge

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// A stream answers a request of HTTP/2 as one of HTTP/1.1 is answered. Its write deadline, which must be set before anything
// is written, bounds writing; that of the HTTP/2 server ends the stream at the deadline also when nobody writes. And trailers
// may be set while another goroutine writes; the HTTP/2 server looks at them with each write.
type stream struct {
	http.ResponseWriter
	ctl    *http.ResponseController
	header http.Header
	begun  bool // the headers have been written

	mu       sync.Mutex
	deadline time.Time
	late     *time.Timer
	writing  bool
}

func newStream(w http.ResponseWriter) *stream {
	s := &stream{ResponseWriter: w, ctl: http.NewResponseController(w), header: http.Header{}}
	s.late = time.AfterFunc(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.writing {
			_ = s.ctl.SetWriteDeadline(time.Unix(0, 0)) // ends the stream
		}
	})
	s.late.Stop()
	return s
}

// Header returns the headers, and the trailers once the headers have been written.
func (s *stream) Header() http.Header { return s.header }

// WriteHeader writes the headers.
func (s *stream) WriteHeader(code int) {
	if !s.begun {
		s.begun = true
		maps.Copy(s.ResponseWriter.Header(), s.header)
	}
	s.ResponseWriter.WriteHeader(code)
}

// SetWriteDeadline serves http.ResponseController.
func (s *stream) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	if s.writing {
		s.late.Reset(time.Until(t))
	}
	return nil
}

func (s *stream) Write(b []byte) (int, error) {
	s.begin()
	defer s.write()()
	return s.ResponseWriter.Write(b)
}

// FlushError serves http.ResponseController.
func (s *stream) FlushError() error {
	s.begin()
	defer s.write()()
	return s.ctl.Flush()
}

func (s *stream) begin() {
	if !s.begun {
		s.WriteHeader(http.StatusOK)
	}
}

// write begins writing, and returns what ends it.
func (s *stream) write() (over func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = true
	s.late.Reset(time.Until(s.deadline))
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.writing = false
		s.late.Stop()
	}
}

// finish hands the trailers over, and bounds what the HTTP/2 server still writes once the handler has returned.
func (s *stream) finish() {
	maps.Copy(s.ResponseWriter.Header(), s.header)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ctl.SetWriteDeadline(s.deadline)
}

// Unwrap serves http.ResponseController.
func (s *stream) Unwrap() http.ResponseWriter { return s.ResponseWriter }
