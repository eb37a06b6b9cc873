package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lineBytes bounds one JSON value of a request stream.
const lineBytes = 1 << 20

// decoder reads JSON values one after the other. An error ends the call.
type decoder struct {
	in   *lineReader
	json *json.Decoder
	call *restCall
}

func newDecoder(r io.Reader, call *restCall) *decoder {
	in := &lineReader{r: r, limit: call.limit}
	return &decoder{in: in, json: json.NewDecoder(in), call: call}
}

// Decode reads the next value; io.EOF says that there is none.
func (d *decoder) Decode(v any) error {
	err := d.next(v)
	if err != nil && err != io.EOF {
		d.call.fail(err)
	}
	return err
}

func (d *decoder) next(v any) error {
	d.in.begin(d.json.InputOffset())
	var raw json.RawMessage
	switch err := d.json.Decode(&raw); {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, errTooLong):
		return tooLong(fmt.Sprintf("line %d", d.in.line(d.in.offset)), d.in.limit)
	case isTimeout(d.in.err):
		return status.Error(codes.DeadlineExceeded, "the request took too long to arrive")
	case d.in.err != nil && d.in.err != io.EOF:
		return status.Errorf(codes.Canceled, "the request broke off: %v", d.in.err)
	case err != nil:
		return d.syntaxError(err)
	}
	err := marshaler{}.Unmarshal(raw, v)
	if err != nil {
		return messageError(d.in.line(d.json.InputOffset()), err)
	}
	return nil
}

func (d *decoder) syntaxError(err error) error {
	line := d.in.line(d.json.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line = d.in.line(syntax.Offset)
	} else if err == io.ErrUnexpectedEOF {
		line = d.in.line(d.in.offset)
	}
	return status.Errorf(codes.InvalidArgument, "line %d: not JSON: %v", line, err)
}

// position is where in a value protojson found the fault, which says little to someone who sees lines.
var position = regexp.MustCompile(`^proto:[\s\x{a0}]*|\(line \d+:\d+\):? ?`)

var fieldName = regexp.MustCompile(`field "?([A-Za-z_][\w.]*)`)

func messageError(line int, err error) error {
	text := position.ReplaceAllString(err.Error(), "")
	s := status.Newf(codes.InvalidArgument, "line %d: %s", line, text)
	if m := fieldName.FindStringSubmatch(text); m != nil {
		s = withField(s, m[1], text)
	}
	return s.Err()
}

var errTooLong = errors.New("too long")

func tooLong(what string, limit int) error {
	return &runtime.HTTPStatusError{
		HTTPStatus: http.StatusRequestEntityTooLarge,
		Err:        status.Errorf(codes.ResourceExhausted, "%s is longer than %d bytes", what, limit),
	}
}

// lineReader reads for a JSON decoder, knows lines, and fails when a value gets too long.
type lineReader struct {
	r      io.Reader
	limit  int
	start  int64 // where the value being read begins
	offset int64
	passed int     // lines that ended before start
	ends   []int64 // where later lines end
	err    error
}

func (l *lineReader) Read(p []byte) (int, error) {
	if l.offset-l.start > int64(l.limit) {
		return 0, errTooLong
	}
	n, err := l.r.Read(p)
	for i := range n {
		if p[i] == '\n' {
			l.ends = append(l.ends, l.offset+int64(i))
		}
	}
	l.offset += int64(n)
	l.err = err
	return n, err
}

// begin says that the next value starts at offset or later.
func (l *lineReader) begin(offset int64) {
	l.start = offset
	l.line(offset) // forgets the lines before
}

// line is the number of the line that offset lies in, counted from 1. Offsets must not decrease.
func (l *lineReader) line(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.passed += n
	l.ends = l.ends[n:]
	return l.passed + 1
}
