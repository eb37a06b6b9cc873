package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"routeguide/server/store"
)

const (
	format  = "routeguide-export"
	version = 1
)

// A header is the first line.
type header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	ID      string    `json:"id"` // of this export and no other
	Time    time.Time `json:"time"`
	Logs    []extent  `json:"logs"`
	Lost    []string  `json:"lost,omitempty"` // what the store had lost, in words
}

// lost returns ErrLost with what was lost, or nil.
func (h header) lost() error {
	if len(h.Lost) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrLost, strings.Join(h.Lost, "; "))
}

type extent struct {
	Name     string   `json:"name"`
	Subjects []string `json:"subjects"`
	First    uint64   `json:"first"`
	Last     uint64   `json:"last"`
	Records  uint64   `json:"records"` // at the beginning: some may have grown too old while the file was written
}

// An event is a line in between: a record.
type event struct {
	Log     string          `json:"log"`
	Seq     uint64          `json:"seq"`
	Time    time.Time       `json:"time"`
	Subject string          `json:"subject"`
	ID      string          `json:"id,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`   // where it is JSON
	Base64  []byte          `json:"base64,omitempty"` // where it is something else
}

// A trailer is the last line.
type trailer struct {
	Records map[string]uint64 `json:"records,omitempty"` // that the file has of each log
	Error   string            `json:"error,omitempty"`   // why the file ends here
}

// Each line ends with a member "sum": the SHA-256 of all bytes of the file before it, in hexadecimal. All lines but the
// last have only the first digits of it, enough to tell where a file was changed.
const (
	sumMember = `,"sum":"`
	sumEnd    = "\"}\n"
	shortSum  = 16
	fullSum   = 2 * sha256.Size
)

// A writer writes the lines of a file.
type writer struct {
	out  *bufio.Writer
	hash hash.Hash
	line bytes.Buffer
	tail []byte
}

func newWriter(w io.Writer) *writer {
	return &writer{out: bufio.NewWriterSize(w, 64<<10), hash: sha256.New()}
}

// write adds a line.
func (w *writer) write(v any, digits int) error {
	w.line.Reset()
	enc := json.NewEncoder(&w.line)
	enc.SetEscapeHTML(false) // or data would be changed
	if err := enc.Encode(v); err != nil {
		return err
	}
	return w.seal(bytes.TrimSuffix(w.line.Bytes(), []byte("\n")), digits)
}

// seal adds a line of JSON, an object with members, and its sum.
func (w *writer) seal(object []byte, digits int) error {
	text := object[:len(object)-len("}")]
	w.hash.Write(text)
	w.tail = append(w.tail[:0], sumMember...)
	w.tail = hex.AppendEncode(w.tail, w.hash.Sum(nil)[:digits/2])
	w.tail = append(w.tail, sumEnd...)
	w.hash.Write(w.tail)
	_, err := w.out.Write(text)
	if err == nil {
		_, err = w.out.Write(w.tail)
	}
	return err
}

// end writes the last line and all that waits.
func (w *writer) end(t trailer) error {
	if err := w.write(t, fullSum); err != nil {
		return err
	}
	return w.out.Flush()
}

// newEvent returns the line of a record.
func newEvent(log string, rec store.Record) event {
	e := event{Log: log, Seq: rec.Seq, Time: rec.Time.UTC(), Subject: rec.Subject, ID: rec.ID}
	if plain(rec.Data) {
		e.Data = rec.Data
	} else {
		e.Base64 = rec.Data
	}
	return e
}

// plain tells whether data is JSON that stands in a line as it is, byte for byte.
func plain(data []byte) bool {
	var compact bytes.Buffer
	compact.Grow(len(data))
	return utf8.Valid(data) && json.Compact(&compact, data) == nil && bytes.Equal(compact.Bytes(), data)
}

// record undoes newEvent.
func (e event) record() (store.Record, error) {
	rec := store.Record{Seq: e.Seq, Subject: e.Subject, ID: e.ID, Time: e.Time, Data: e.Data}
	if e.Data != nil && e.Base64 != nil {
		return rec, errors.New("both data and base64")
	}
	if e.Time.IsZero() {
		return rec, errors.New("no time")
	}
	if e.Data == nil {
		rec.Data = e.Base64
	}
	return rec, nil
}
