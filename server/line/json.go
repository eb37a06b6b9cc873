package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	maxDepth = 1000    // lists and objects in one another
	maxKey   = 4 << 10 // bytes
	maxValue = 1 << 20 // bytes of what is read at once
)

// An Error says on which line a text is broken, and how.
type Error struct {
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// A JSON reads JSON token by token from a stream, and knows the line of each. The first error ends everything: from then on
// its methods do nothing, More is false, and Err has the error. A caller reads an object like this, and a list likewise:
//
//	for j.Enter('{'); j.More(); {
//		switch j.Key() { … default: j.Skip() }
//	}
type JSON struct {
	lines   *Reader
	decoder *json.Decoder
	depth   int
	err     error
}

// NewJSON returns a reader of what is in.
func NewJSON(in io.Reader) *JSON {
	j := &JSON{lines: NewReader(in, maxValue)}
	j.decoder = json.NewDecoder(j.lines)
	return j
}

// Err is why reading ended before the end: an *Error, or that of the reader underneath.
func (j *JSON) Err() error { return j.err }

// Token reads a delimiter, or a value that is neither list nor object. It is nil for null, and after an error.
func (j *JSON) Token() json.Token {
	if j.err != nil {
		return nil
	}
	j.lines.Begin(j.decoder.InputOffset())
	t, err := j.decoder.Token()
	if err != nil {
		j.broken(err)
		return nil
	}
	return t
}

// Decode reads any value into v, as package json does.
func (j *JSON) Decode(v any) {
	if j.err != nil {
		return
	}
	j.lines.Begin(j.decoder.InputOffset())
	err := j.decoder.Decode(v)
	if err == nil {
		return
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) { // its Offset is not that in the text, but the one in the value is
		rest, _ := io.ReadAll(j.decoder.Buffered())
		if errors.As(json.Unmarshal(rest, new(json.RawMessage)), &syntax) {
			j.fail(j.lines.At(j.decoder.InputOffset()+syntax.Offset), fmt.Errorf("not JSON: %w", err))
		}
	}
	j.broken(err)
}

// Enter reads the '{' or '[' that opens a value.
func (j *JSON) Enter(open json.Delim) { j.Opened(j.Token(), open) }

// Opened checks a token that should be the '{' or '[' that opens a value.
func (j *JSON) Opened(t json.Token, open json.Delim) {
	if t != open {
		j.Fail("want %q", rune(open))
	} else if j.depth++; j.depth > maxDepth {
		j.Fail("more than %d lists and objects in one another", maxDepth)
	}
}

// More reports whether another key or element follows, and otherwise reads the '}' or ']' that ends the value. Outside of all
// values it reports whether another one follows.
func (j *JSON) More() bool {
	switch {
	case j.err != nil:
		return false
	case j.decoder.More():
		return true
	case j.depth > 0:
		j.depth--
		j.Token()
	}
	return false
}

// End fails unless all of the text has been read.
func (j *JSON) End() {
	if j.err == nil {
		if _, err := j.decoder.Token(); err != io.EOF {
			j.broken(err)
		}
	}
}

// Key reads the key of a member.
func (j *JSON) Key() string {
	key, _ := j.Token().(string)
	if len(key) > maxKey {
		j.Fail("a key longer than %d bytes", maxKey)
	}
	return key
}

// Skip reads any value and forgets it.
func (j *JSON) Skip() { j.SkipFrom(j.Token()) }

// SkipFrom reads the rest of a value that begins with a token.
func (j *JSON) SkipFrom(t json.Token) {
	open, ok := t.(json.Delim)
	if !ok {
		return
	}
	for j.Opened(t, open); j.More(); {
		if open == '{' {
			j.Key()
		}
		j.Skip()
	}
}

// Fail ends everything because of what was read last, unless that has happened.
func (j *JSON) Fail(format string, args ...any) {
	j.fail(j.lines.At(j.decoder.InputOffset()), fmt.Errorf(format, args...))
}

// broken ends everything because of what the decoder says.
func (j *JSON) broken(err error) {
	var typed *json.UnmarshalTypeError
	switch lost := j.lines.Err(); {
	case lost != nil && lost != io.EOF:
		j.err = lost
	case errors.Is(err, ErrTooLong):
		j.Fail("a value longer than %d bytes", maxValue)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		j.fail(j.lines.Last(), errors.New("the file ends too early"))
	case errors.As(err, &typed):
		j.Fail("%s: a %s cannot stand here", typed.Field, typed.Value)
	default:
		j.Fail("not JSON: %w", err)
	}
}

func (j *JSON) fail(line int, err error) {
	if j.err == nil {
		j.err = &Error{line, err}
	}
}
