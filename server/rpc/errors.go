package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
)

var (
	errShutdown = errors.New("the server is shutting down")
	errStalled  = errors.New("the client does not read its answers")
)

// table says which code an error of the domain has at every door; its own text is the message.
var table = []struct {
	err  error
	code codes.Code
}{
	{errShutdown, codes.Unavailable},
	{errStalled, codes.ResourceExhausted},
	{note.ErrPlaceFull, codes.ResourceExhausted},
	{note.ErrTooManyPlaces, codes.ResourceExhausted},
	{note.ErrOther, codes.AlreadyExists},
	{note.ErrGap, codes.OutOfRange},
	{route.ErrTaken, codes.Aborted},
	{route.ErrFinished, codes.FailedPrecondition},
	{store.ErrSlow, codes.ResourceExhausted},
	{store.ErrFull, codes.ResourceExhausted},
	{store.ErrDamaged, codes.DataLoss},
	{store.ErrBeyond, codes.OutOfRange},
	{store.ErrUnavailable, codes.Unavailable},
	{store.ErrClosed, codes.Unavailable},
	{context.Canceled, codes.Canceled},
	{context.DeadlineExceeded, codes.DeadlineExceeded},
}

// statusOf returns what the client is told; known is false for an error that the table does not hold, which is told
// as INTERNAL with a fixed sentence.
func statusOf(err error) (st *status.Status, known bool) {
	if err == nil {
		return status.New(codes.OK, ""), true
	}
	var bad *fieldError
	if errors.As(err, &bad) {
		return bad.status(), true
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return status.New(row.code, row.err.Error()), true
		}
	}
	if st, ok := status.FromError(err); ok {
		return st, true
	}
	return status.New(codes.Internal, "something went wrong in the server; its log says what"), false
}

// A fieldError is bad input: which field, and what is wrong with it.
type fieldError struct{ field, text string }

// invalid returns an INVALID_ARGUMENT error with a google.rpc.BadRequest that names the field.
func invalid(field, format string, args ...any) error {
	return &fieldError{field, fmt.Sprintf(format, args...)}
}

func (e *fieldError) Error() string { return e.field + ": " + e.text }

func (e *fieldError) status() *status.Status {
	st := status.New(codes.InvalidArgument, e.Error())
	detailed, err := st.WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: e.field, Description: e.text}},
	})
	if err != nil {
		return st
	}
	return detailed
}
