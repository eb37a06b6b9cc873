package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"routeguide/server/line"
)

// lineBytes bounds one JSON value of a request stream.
const lineBytes = 1 << 20

// decoder reads JSON values one after the other. An error ends the call.
type decoder struct {
	in      *line.Reader
	json    *json.Decoder
	request *request
}

func newDecoder(r io.Reader, request *request) *decoder {
	d := &decoder{in: line.NewReader(r, request.limit), request: request}
	d.json = json.NewDecoder(d.in)
	return d
}

// Decode reads the next value; io.EOF says that there is none.
func (d *decoder) Decode(v any) error {
	return d.request.guard(func() error { return d.next(v) })
}

// guard ends the call when reading fails. It may run in a goroutine of the gateway, where a panic would end the process.
func (r *request) guard(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("a panic ended a request", "panic", p, "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "something went wrong in the server; its log says what")
			r.fail(err)
		}
	}()
	err = read()
	if err != nil && err != io.EOF {
		r.fail(err)
	}
	return err
}

func (d *decoder) next(v any) error {
	d.request.next()
	d.in.Begin(d.json.InputOffset())
	var raw json.RawMessage
	switch err := d.json.Decode(&raw); {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, line.ErrTooLong):
		return tooLong(fmt.Sprintf("line %d", d.in.Last()), d.request.limit)
	case d.in.Err() != nil && d.in.Err() != io.EOF:
		return status.Errorf(codes.Canceled, "the request broke off: %v", d.in.Err())
	case err != nil:
		return d.syntaxError(err)
	}
	if err := d.request.keep(decodedBytes(raw)); err != nil {
		return err
	}
	m, ok := target(v)
	if !ok {
		return fmt.Errorf("rest: no %T from JSON", v)
	}
	if part, ok := m.(*member); ok {
		m, raw = part.Message, part.within(raw)
	}
	d.request.whole = m.ProtoReflect().Descriptor().FullName()
	if d.request.patch {
		d.request.members = membersOf(raw, m)
	}
	if d.request.fromJSON().Unmarshal(raw, m) != nil {
		return messageError(d.in.At(d.json.InputOffset()), m, raw)
	}
	return nil
}

func (d *decoder) syntaxError(err error) error {
	number := d.in.At(d.json.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		number = d.in.At(syntax.Offset)
	} else if err == io.ErrUnexpectedEOF {
		number = d.in.Last()
	}
	return status.Errorf(codes.InvalidArgument, "line %d: not JSON: %v", number, err)
}

func messageError(number int, m proto.Message, raw []byte) error {
	fault := bodyFault(m.ProtoReflect().Type(), raw)
	if fault == nil {
		return status.Errorf(codes.InvalidArgument, "line %d: not a %s", number, m.ProtoReflect().Descriptor().FullName())
	}
	p := fault.GRPCStatus().Proto()
	p.Message = fmt.Sprintf("line %d: %s", number, p.Message)
	return status.FromProto(p).Err()
}

// decodedBytes is about what a value takes with the message that it becomes: an object of two bytes becomes one of a hundred.
func decodedBytes(raw []byte) int {
	return 2*len(raw) + 128*bytes.Count(raw, []byte("{")) + 24*bytes.Count(raw, []byte(","))
}

func tooLong(what string, limit int) error {
	return &runtime.HTTPStatusError{
		HTTPStatus: http.StatusRequestEntityTooLarge,
		Err:        status.Errorf(codes.ResourceExhausted, "%s is longer than %d bytes", what, limit),
	}
}
