package feature

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"routeguide/server/line"
)

const (
	maxDepth = 1000    // nested arrays and objects of JSON
	maxValue = 1 << 20 // bytes of a single value of JSON, other than a list or an object
)

// jsonReader reads JSON token by token, and knows the line of each. The first error ends everything: from then on its
// methods do nothing, more is false, and err has the error. A caller reads an object like this, and a list likewise:
//
//	for r.enter('{'); r.more(); {
//		switch r.key() { … default: r.skip() }
//	}
type jsonReader struct {
	lines   *line.Reader
	decoder *json.Decoder
	err     error

	field string // what is being read, for errors; forgotten at the next key or element
	depth int
	raw   json.RawMessage // the newest value
}

func newJSONReader(in io.Reader) *jsonReader {
	r := &jsonReader{lines: line.NewReader(in, maxValue)}
	r.decoder = json.NewDecoder(r.lines)
	r.decoder.UseNumber()
	return r
}

// line is that of what was read last.
func (r *jsonReader) line() int { return r.lines.At(r.decoder.InputOffset()) }

// token reads a delimiter, or a value that is neither list nor object. It is nil for null, and after an error.
func (r *jsonReader) token() json.Token {
	if r.err != nil {
		return nil
	}
	r.lines.Begin(r.decoder.InputOffset())
	t, err := r.decoder.Token()
	if err != nil {
		r.broken(err)
		return nil
	}
	return t
}

// value reads any value. It is valid until the next one.
func (r *jsonReader) value() []byte {
	if r.err != nil {
		return nil
	}
	r.lines.Begin(r.decoder.InputOffset())
	if err := r.decoder.Decode(&r.raw); err != nil {
		r.broken(err)
		return nil
	}
	return r.raw
}

// enter reads the '{' or '[' that opens a value.
func (r *jsonReader) enter(open json.Delim) { r.opened(r.token(), open) }

// opened checks a token that should be the '{' or '[' that opens a value.
func (r *jsonReader) opened(t json.Token, open json.Delim) {
	if t != open {
		r.fail(fmt.Errorf("want %q", rune(open)))
		return
	}
	if r.depth++; r.depth > maxDepth {
		r.fail(fmt.Errorf("nested more than %d deep", maxDepth))
	}
}

// more reports whether another key or element follows, and otherwise reads the '}' or ']' that ends the value.
func (r *jsonReader) more() bool {
	if r.err != nil {
		return false
	}
	r.field = ""
	if r.decoder.More() {
		return true
	}
	r.depth--
	r.token()
	return false
}

func (r *jsonReader) key() string {
	key, _ := r.token().(string)
	if len(key) > maxText {
		r.fail(errTooLong)
	}
	return key
}

// text makes a string of a value. It may not be null, nor anything but UTF-8.
func (r *jsonReader) text(value []byte) string {
	switch {
	case r.err != nil:
		return ""
	case value[0] != '"':
		r.fail(errors.New("want a string"))
		return ""
	case !utf8.Valid(value):
		r.fail(errNotUTF8)
		return ""
	case bytes.IndexByte(value, '\\') < 0:
		return string(value[1 : len(value)-1])
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		r.fail(err)
	}
	// What stands for half a surrogate pair would stand for itself.
	if strings.ContainsRune(s, utf8.RuneError) && !bytes.ContainsRune(value, utf8.RuneError) &&
		!bytes.Contains(bytes.ToLower(value), []byte(`\ufffd`)) {
		r.fail(errors.New("half of a surrogate pair in a string"))
	}
	return s
}

// textIfAny reads any value and returns the string that it is, or "".
func (r *jsonReader) textIfAny() string {
	t := r.token()
	r.skipFrom(t)
	text, _ := t.(string)
	return text
}

// skip reads any value and forgets it.
func (r *jsonReader) skip() { r.skipFrom(r.token()) }

// skipFrom reads the rest of a value that begins with a token.
func (r *jsonReader) skipFrom(t json.Token) {
	open, ok := t.(json.Delim)
	if !ok {
		return
	}
	for r.opened(t, open); r.more(); {
		if open == '{' {
			r.key()
		}
		r.skip()
	}
}

// broken fails because of what the decoder says.
func (r *jsonReader) broken(err error) {
	switch {
	case errors.Is(err, line.ErrTooLong):
		r.fail(fmt.Errorf("a value longer than %d bytes", maxValue))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.failAt(r.lines.Last(), r.field, io.ErrUnexpectedEOF)
	default:
		r.fail(err)
	}
}

// fail makes err the error of r, with the present line and field in front, unless r has one.
func (r *jsonReader) fail(err error) {
	if r.err == nil {
		r.failAt(r.line(), r.field, err)
	}
}

func (r *jsonReader) failAt(line int, field string, err error) {
	if r.err == nil {
		r.err = located(line, field, err)
	}
}
