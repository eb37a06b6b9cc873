// Package feature answers which named points there are at a place, in a rectangle, near a point and under a name: those of a
// file, and what was edited since.
package feature

import (
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	"routeguide/server/geo"
)

// What the operations of this package fail with, besides the errors of store; match with errors.Is.
var (
	// ErrNotFound says that there is no such feature.
	ErrNotFound = errors.New("there is no such feature")
)

const (
	maxText       = 4 << 10 // bytes of a name, of a description, and of a key of JSON
	maxCategory   = 32      // characters
	maxWebAddress = 2 << 10 // bytes
	maxOwnID      = 64      // characters of an identifier that is not made here
)

// Feature is a point that may have a name: what there is to say of most. An unnamed one has the empty name.
type Feature struct {
	Name     string
	Location geo.Point
}

// Details are what else there may be to say of a feature; each may be empty.
type Details struct {
	Description string
	Category    string // 1 to 32 of the characters a-z 0-9 -
	WebAddress  string // of http or https
}

// Described is a feature with all that there is to say of it.
type Described struct {
	Feature
	Details
}

// An Entry is a feature of a Book, which has an identifier.
type Entry struct {
	ID string
	Described
}

// A FieldError says which field of a feature has a value that cannot be.
type FieldError struct {
	Field string // as in the contract: "location", "web_address"
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns what is wrong with the value.
func (e *FieldError) Unwrap() error { return e.Err }

func (f Feature) checkLocation() error {
	if !f.Location.Valid() {
		return fmt.Errorf("feature %q: location %v is out of range", f.Name, f.Location)
	}
	return nil
}

var (
	errTooLong    = fmt.Errorf("longer than %d bytes", maxText)
	errNotUTF8    = errors.New("not valid UTF-8")
	errOwnID      = fmt.Errorf("not 1 to %d of the characters a-z 0-9 -", maxOwnID)
	errCategory   = fmt.Errorf("not 1 to %d of the characters a-z 0-9 -", maxCategory)
	errWebAddress = fmt.Errorf("not an http or https address of at most %d bytes", maxWebAddress)
)

// checkText returns an error unless text is valid UTF-8 of at most maxText bytes.
func checkText(text string) error {
	if len(text) > maxText {
		return errTooLong
	}
	if !utf8.ValidString(text) {
		return errNotUTF8
	}
	return nil
}

func checkCategory(category string) error {
	if category != "" && (len(category) > maxCategory || !isWord(category)) {
		return errCategory
	}
	return nil
}

// isWord tells whether a text is of the characters a-z 0-9 -, and not empty.
func isWord(text string) bool {
	for _, c := range []byte(text) {
		if !inCategory(c) {
			return false
		}
	}
	return text != ""
}

func inCategory(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }

func checkWebAddress(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxWebAddress || !utf8.ValidString(address) || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errWebAddress
	}
	return nil
}
