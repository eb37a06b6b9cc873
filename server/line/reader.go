// Package line knows on which line of a text a value begins, for those who read JSON from a stream, and bounds the value.
package line

import (
	"errors"
	"io"
)

// ErrTooLong is what a Reader fails with when a value is longer than it may be.
var ErrTooLong = errors.New("too long")

// A Reader counts the lines of what is read through it. Offsets are those of bytes from its start, as json.Decoder's
// InputOffset has them, and must not decrease from call to call.
type Reader struct {
	r      io.Reader
	max    int64
	start  int64   // where the value being read begins, or white space before it
	offset int64   // how much has been read
	text   int64   // how much of it, to its last byte that is no white space
	passed int     // lines that ended before start
	ends   []int64 // where later lines end
	err    error   // of r
}

// NewReader returns a Reader that keeps no more than max bytes of one value, and what its caller reads ahead.
func NewReader(r io.Reader, max int) *Reader { return &Reader{r: r, max: int64(max)} }

func (r *Reader) Read(p []byte) (int, error) {
	if r.offset-r.start > r.max {
		return 0, ErrTooLong
	}
	n, err := r.r.Read(p)
	for i, c := range p[:n] {
		switch c {
		case '\n':
			r.ends = append(r.ends, r.offset+int64(i))
		case ' ', '\t', '\r':
		default:
			r.text = r.offset + int64(i) + 1
		}
	}
	r.offset += int64(n)
	r.err = err
	return n, err
}

// Begin says that the next value starts at offset or later.
func (r *Reader) Begin(offset int64) {
	r.start = offset
	r.At(offset)
}

// Begun tells whether a part of the next value has been read.
func (r *Reader) Begun() bool { return r.text > r.start }

// Held is how many bytes have been read since the value began.
func (r *Reader) Held() int { return int(r.offset - r.start) }

// Err is what the reader underneath said last.
func (r *Reader) Err() error { return r.err }

// At is the number of the line that offset lies in, counted from 1.
func (r *Reader) At(offset int64) int {
	n := 0
	for n < len(r.ends) && r.ends[n] < offset {
		n++
	}
	r.passed += n
	r.ends = r.ends[n:]
	return r.passed + 1
}

// Last is the number of the line that was read last.
func (r *Reader) Last() int { return r.At(r.offset) }
