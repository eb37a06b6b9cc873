package feature

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string of at most maxText bytes. It is valid until the next token, and may not be UTF-8.
func (r *jsonReader) string() []byte { return r.quoted(true) }

// number reads a number. It is valid until the next token.
func (r *jsonReader) number() []byte {
	r.peek()
	r.text = r.text[:0]
	for r.fill() {
		i := 0
		for i < len(r.window) && isNumberByte(r.window[i]) {
			i++
		}
		r.keep(r.window[:i])
		r.window = r.window[i:]
		if len(r.window) > 0 {
			break
		}
	}
	switch {
	case r.err != nil || isNumber(r.text):
	case len(r.text) == 0 || !r.fill():
		r.unexpected("want a number")
	default:
		r.fail(fmt.Errorf("%s is not a number", excerpt(r.text)))
	}
	return r.text
}

// quoted reads a string, into r.text if it is to be kept.
func (r *jsonReader) quoted(keep bool) []byte {
	if r.peek() != '"' || r.err != nil {
		r.unexpected("want a string")
		return nil
	}
	r.window = r.window[1:]
	r.text = r.text[:0]
	for r.fill() {
		i := 0
		for i < len(r.window) && r.window[i] != '"' && r.window[i] != '\\' && r.window[i] >= ' ' {
			i++
		}
		if keep {
			r.keep(r.window[:i])
		}
		r.window = r.window[i:]
		if len(r.window) == 0 {
			continue
		}
		switch r.window[0] {
		case '"':
			r.window = r.window[1:]
			return r.text
		case '\\':
			r.window = r.window[1:]
			var buffer [utf8.UTFMax]byte
			if c := r.escape(); keep {
				r.keep(utf8.AppendRune(buffer[:0], c))
			}
		default:
			r.unexpected("in a string")
		}
	}
	r.unexpected("in a string")
	return nil
}

// escape reads what follows a backslash.
func (r *jsonReader) escape() rune {
	if !r.fill() {
		return 0
	}
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(letters, r.window[0]); i >= 0 {
		r.window = r.window[1:]
		return rune(meanings[i])
	}
	high := r.hex()
	if !utf16.IsSurrogate(high) {
		return high
	}
	r.literal("\\")
	c := utf16.DecodeRune(high, r.hex())
	if c == utf8.RuneError {
		r.fail(errors.New("half of a surrogate pair in a string"))
	}
	return c
}

// hex reads the u and the four digits of an escape.
func (r *jsonReader) hex() rune {
	r.literal("u")
	var c rune
	for range 4 {
		if !r.fill() {
			break
		}
		digit, err := strconv.ParseUint(string(r.window[:1]), 16, 8)
		if err != nil {
			r.unexpected("in an escape of a string")
			break
		}
		c = c<<4 | rune(digit)
		r.window = r.window[1:]
	}
	return c
}

// literal reads exactly word.
func (r *jsonReader) literal(word string) {
	for i := range len(word) {
		if !r.fill() || r.window[0] != word[i] {
			r.unexpected("want " + strconv.Quote(word))
			return
		}
		r.window = r.window[1:]
	}
}

// keep appends to r.text, up to its bound.
func (r *jsonReader) keep(part []byte) {
	if len(r.text)+len(part) > maxText {
		r.fail(errTooLong)
		return
	}
	r.text = append(r.text, part...)
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// isNumber reports whether text is a number by the grammar of JSON.
func isNumber(text []byte) bool {
	rest := bytes.TrimPrefix(text, []byte("-"))
	if len(rest) > 1 && rest[0] == '0' && '0' <= rest[1] && rest[1] <= '9' {
		return false
	}
	rest, ok := afterDigits(rest)
	if ok && len(rest) > 0 && rest[0] == '.' {
		rest, ok = afterDigits(rest[1:])
	}
	if ok && len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		if rest = rest[1:]; len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		rest, ok = afterDigits(rest)
	}
	return ok && len(rest) == 0
}

// afterDigits returns what follows the digits at the start of text, and whether there are any.
func afterDigits(text []byte) ([]byte, bool) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[n:], n > 0
}
