package tutorial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
)

func readJSON(in io.Reader, all users) error {
	lines := &lineCounter{in: in}
	d := json.NewDecoder(lines)
	if _, err := d.Token(); err != nil {
		return lines.wrap(d.InputOffset(), err)
	}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return lines.wrap(d.InputOffset(), err)
		}
		start := d.InputOffset() - int64(len(raw))
		var u row
		if err := json.Unmarshal(raw, &u); err != nil {
			return lines.wrap(start, err)
		}
		if err := all.add(u); err != nil {
			return lines.wrap(start, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return lines.wrap(d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return lines.wrap(d.InputOffset(), errors.New("there is something after the array"))
	}
	return nil
}

// A lineCounter passes on what it reads, and knows the line of each byte.
type lineCounter struct {
	in   io.Reader
	read int64
	ends []int64 // offsets of the line feeds
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// wrap adds the line to an error that happened at or after an offset.
func (l *lineCounter) wrap(offset int64, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, err = l.read, io.ErrUnexpectedEOF
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset += kind.Offset - 1
		want := wholeNumber
		if kind.Type.Kind() == reflect.String {
			want = "a text"
		}
		if err = fmt.Errorf("%s: %s is not %s", kind.Field, kind.Value, want); kind.Field == "" {
			err = fmt.Errorf("%s is not a user", kind.Value)
		}
	}
	before, _ := slices.BinarySearch(l.ends, offset)
	return fmt.Errorf("line %d: %w", before+1, err)
}
