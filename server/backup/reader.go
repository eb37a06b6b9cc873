package backup

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"

	"routeguide/server/store"
)

// maxLine is more than a line with the most data needs.
const maxLine = 4 * store.MaxData

// A reader reads a file line by line and finds what is wrong with it.
type reader struct {
	in    *bufio.Scanner
	hash  hash.Hash
	lines int    // read so far
	raw   []byte // the line read last; valid until the next

	head  header
	logs  []store.Extent
	tally *tally
	at    int    // the log that the newest record belongs to
	last  uint64 // its sequence
}

// newReader reads the first line.
func newReader(in io.Reader, what string, progress Progress) (*reader, error) {
	r := &reader{in: bufio.NewScanner(in), hash: sha256.New()}
	r.in.Buffer(nil, maxLine)
	r.in.Split(splitLines)
	text, err := r.line(shortSum)
	if err != nil {
		return nil, err
	}
	var t trailer
	switch err := errors.Join(json.Unmarshal(text, &r.head), json.Unmarshal(text, &t)); {
	case err != nil:
		return nil, r.fault("%w", err)
	case t.Error != "":
		return nil, r.fault("it was given up: %s", t.Error)
	case r.head.Format != format:
		return nil, r.fault("its format is %q, not %q", r.head.Format, format)
	case r.head.Version != version:
		return nil, r.fault("it has version %d of the format, this RouteGuide knows %d", r.head.Version, version)
	case r.head.ID == "" || len(r.head.ID) > 64:
		return nil, r.fault("it has no id of at most 64 bytes")
	}
	for _, e := range r.head.Logs {
		if slices.ContainsFunc(r.logs, func(other store.Extent) bool { return other.Name == e.Name }) {
			return nil, r.fault("log %s comes twice", e.Name)
		}
		r.logs = append(r.logs, store.Extent(e))
	}
	r.tally = newTally(r.logs, what, progress)
	return r, nil
}

// splitLines splits after each end of a line, and leaves what a file ends with as it is.
func splitLines(data []byte, atEOF bool) (n int, line []byte, err error) {
	if n = bytes.IndexByte(data, '\n') + 1; n == 0 && atEOF {
		n = len(data)
	}
	if n > 0 {
		line = data[:n]
	}
	return n, line, nil
}

// fault is an error that names the line.
func (r *reader) fault(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %w", ErrFile, r.lines, fmt.Errorf(format, args...))
}

// line returns the next line, without its sum, which is right. It is valid until the next call.
func (r *reader) line(digits ...int) ([]byte, error) {
	more := r.in.Scan()
	raw, err := r.in.Bytes(), r.in.Err()
	r.lines++
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, r.fault("it is longer than %d bytes", maxLine)
	case err != nil:
		return nil, fmt.Errorf("read line %d: %w", r.lines, err)
	case !more || raw[len(raw)-1] != '\n':
		return nil, r.fault("the file ends in the middle: the rest is missing")
	}
	begin := bytes.LastIndex(raw, []byte(sumMember))
	if begin < 0 {
		return nil, r.fault("it has no sum at its end")
	}
	sum, ended := bytes.CutSuffix(raw[begin+len(sumMember):], []byte(sumEnd))
	if !ended || !slices.Contains(append(digits, fullSum), len(sum)) {
		return nil, r.fault("it has no sum at its end")
	}
	r.hash.Write(raw[:begin])
	if want := hex.EncodeToString(r.hash.Sum(nil)); want[:len(sum)] != string(sum) {
		return nil, r.fault("it was changed, or one before it is missing: its sum is %s, and not %s", want[:len(sum)], sum)
	}
	r.hash.Write(raw[begin:])
	r.raw = raw
	return append(slices.Clip(raw[:begin]), '}'), nil
}

// next returns the next record and its log, and io.EOF after the last when the file is sound to its end.
func (r *reader) next() (log string, rec store.Record, err error) {
	text, err := r.line(shortSum)
	if err != nil {
		return "", rec, err
	}
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return "", rec, r.fault("%w", err)
	}
	if e.Log == "" {
		return "", rec, r.end(text)
	}
	if rec, err = e.record(); err != nil {
		return "", rec, r.fault("%w", err)
	}
	for ; r.at < len(r.logs) && r.logs[r.at].Name != e.Log; r.at++ {
		r.last = 0
	}
	if r.at == len(r.logs) {
		return "", rec, r.fault("log %q is not one of those to come", e.Log)
	}
	if x := r.logs[r.at]; rec.Seq <= r.last || rec.Seq < x.First || rec.Seq > x.Last {
		return "", rec, r.fault("sequence %d of log %s comes after %d, of %d to %d", rec.Seq, e.Log, r.last, x.First, x.Last)
	}
	r.last = rec.Seq
	r.tally.add(e.Log)
	return e.Log, rec, nil
}

// end checks the last line.
func (r *reader) end(text []byte) error {
	var t trailer
	if err := json.Unmarshal(text, &t); err != nil {
		return r.fault("%w", err)
	}
	if t.Error != "" {
		return r.fault("it was given up: %s", t.Error)
	}
	if !maps.Equal(t.Records, r.tally.records) {
		return r.fault("there are %v records, and not %v", r.tally.records, t.Records)
	}
	r.raw = bytes.Clone(r.raw) // what comes next overwrites it
	if r.in.Scan() {
		r.lines++
		return r.fault("something comes after the last line")
	}
	return cmp.Or(r.in.Err(), io.EOF)
}
