package tutorial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"

	"routeguide/server/line"
)

func readJSON(in io.Reader, all users) error {
	lines := line.NewReader(in, math.MaxInt)
	d := json.NewDecoder(lines)
	if _, err := d.Token(); err != nil {
		return onLine(lines, d.InputOffset(), err)
	}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return onLine(lines, d.InputOffset(), err)
		}
		start := d.InputOffset() - int64(len(raw))
		var u row
		if err := json.Unmarshal(raw, &u); err != nil {
			return onLine(lines, start, err)
		}
		if err := all.add(u); err != nil {
			return onLine(lines, start, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return onLine(lines, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return onLine(lines, d.InputOffset(), errors.New("there is something after the array"))
	}
	return nil
}

// onLine adds the line to an error that happened at or after an offset.
func onLine(lines *line.Reader, offset int64, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: %w", lines.Last(), io.ErrUnexpectedEOF)
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
	return fmt.Errorf("line %d: %w", lines.At(offset), err)
}
