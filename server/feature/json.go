package feature

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

const (
	maxDepth = 1000    // nested arrays and objects of JSON
	maxText  = 4 << 10 // bytes of a JSON key or number, and of a name in any format
)

// jsonReader reads JSON token by token in constant memory and knows the line of each, which encoding/json does not.
// The first error ends everything: from then on its methods do nothing, more is false, and err has the error.
// A caller reads an object like this, and an array likewise:
//
//	for r.enter('{'); r.more('}'); {
//		switch string(r.key()) { … default: r.skip() }
//	}
type jsonReader struct {
	in     io.Reader
	buffer []byte
	window []byte // the part of buffer that has not been read
	ended  bool   // nothing comes after window
	err    error

	line  int
	field string // what is being read, for errors; forgotten at the next key or element
	depth int
	first bool   // nothing has been read yet of the innermost array or object
	text  []byte // the newest string or number
}

func newJSONReader(in io.Reader) *jsonReader {
	return &jsonReader{in: in, buffer: make([]byte, 16<<10), line: 1}
}

// enter reads the '{' or '[' that opens a value.
func (r *jsonReader) enter(open byte) {
	if r.peek() != open || r.err != nil {
		r.unexpected("want " + strconv.QuoteRune(rune(open)))
		return
	}
	r.window = r.window[1:]
	r.first = true
	if r.depth++; r.depth > maxDepth {
		r.fail(fmt.Errorf("nested more than %d deep", maxDepth))
	}
}

// more reports whether another key or element follows, and otherwise reads the '}' or ']' that ends the value.
func (r *jsonReader) more(end byte) bool {
	c := r.peek()
	if r.err != nil {
		return false
	}
	first := r.first
	r.first, r.field = false, ""
	if c == end {
		r.window = r.window[1:]
		r.depth--
		return false
	}
	if !first {
		if c != ',' {
			r.unexpected("want ',' or " + strconv.QuoteRune(rune(end)))
			return false
		}
		r.window = r.window[1:]
	}
	return true
}

// key reads a key and the colon after it. It is valid until the next token.
func (r *jsonReader) key() []byte {
	key := r.string()
	if r.peek() != ':' || r.err != nil {
		r.unexpected("want ':'")
		return nil
	}
	r.window = r.window[1:]
	return key
}

// null reads the value if it is null, and reports whether it was.
func (r *jsonReader) null() bool {
	if r.peek() != 'n' {
		return false
	}
	r.literal("null")
	return true
}

// skip reads any value and forgets it.
func (r *jsonReader) skip() {
	switch r.peek() {
	case '{':
		for r.enter('{'); r.more('}'); {
			r.key()
			r.skip()
		}
	case '[':
		for r.enter('['); r.more(']'); {
			r.skip()
		}
	case '"':
		r.quoted(false)
	case 't':
		r.literal("true")
	case 'f':
		r.literal("false")
	case 'n':
		r.literal("null")
	default:
		r.number()
	}
}

// end reports whether only white space is left.
func (r *jsonReader) end() bool {
	r.peek()
	return !r.fill()
}

// peek returns the first byte of the next token, or 0 when there is none.
func (r *jsonReader) peek() byte {
	for r.fill() {
		for i, c := range r.window {
			switch c {
			case '\n':
				r.line++
			case ' ', '\t', '\r':
			default:
				r.window = r.window[i:]
				return c
			}
		}
		r.window = nil
	}
	return 0
}

// fill reports whether there is a byte in the window, if need be after reading more.
func (r *jsonReader) fill() bool {
	for len(r.window) == 0 && !r.ended && r.err == nil {
		n, err := r.in.Read(r.buffer)
		r.window = r.buffer[:n]
		if err == io.EOF {
			r.ended = true
		} else if err != nil {
			r.fail(err)
		}
	}
	return len(r.window) > 0 && r.err == nil
}

// unexpected fails because of the next character, or because there is none.
func (r *jsonReader) unexpected(context string) {
	var next []byte
	for !utf8.FullRune(next) && r.fill() { // the window may end within a character
		next = append(next, r.window[0])
		r.window = r.window[1:]
	}
	if len(next) == 0 {
		r.fail(fmt.Errorf("%w, %s", io.ErrUnexpectedEOF, context))
		return
	}
	c, _ := utf8.DecodeRune(next)
	r.fail(fmt.Errorf("unexpected %q, %s", c, context))
}

// fail makes err the error of r, with the present line and field in front, unless r has one.
func (r *jsonReader) fail(err error) { r.failAt(r.line, r.field, err) }

func (r *jsonReader) failAt(line int, field string, err error) {
	if r.err == nil {
		r.err = located(line, field, err)
	}
}
