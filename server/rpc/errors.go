package rpc

import (
	"context"
	"crypto/rand"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/feature"
	"routeguide/server/key"
	"routeguide/server/note"
	"routeguide/server/refusal"
	"routeguide/server/route"
	"routeguide/server/store"
)

// ErrEnding is the cause of Options.Ending.
var ErrEnding = errors.New("the server is shutting down")

var (
	errNotRead = errors.New("the client does not read its answers")
	errNotSent = errors.New("the client does not send the rest of its message")
)

// table says which code an error of the domain has at every door; its own text is the message.
var table = []struct {
	err  error
	code codes.Code
}{
	{ErrEnding, codes.Unavailable},
	{errNotRead, codes.ResourceExhausted},
	{errNotSent, codes.ResourceExhausted},
	{errBudget, codes.ResourceExhausted},
	{errManyCalls, codes.ResourceExhausted},
	{errManyLists, codes.ResourceExhausted},
	{errNoKey, codes.Unauthenticated},
	{key.ErrUnknown, codes.Unauthenticated},
	{key.ErrExpired, codes.Unauthenticated},
	{key.ErrRevoked, codes.Unauthenticated},
	{key.ErrNotFound, codes.NotFound},
	{key.ErrTooMany, codes.ResourceExhausted},
	{feature.ErrNotFound, codes.NotFound},
	{feature.ErrFar, codes.ResourceExhausted},
	{note.ErrPlaceFull, codes.ResourceExhausted},
	{note.ErrTooManyPlaces, codes.ResourceExhausted},
	{note.ErrOther, codes.AlreadyExists},
	{note.ErrGap, codes.OutOfRange},
	{note.ErrNone, codes.NotFound},
	{note.ErrNotOwn, codes.PermissionDenied},
	{route.ErrTaken, codes.Aborted},
	{route.ErrFinished, codes.FailedPrecondition},
	{route.ErrNotFound, codes.NotFound},
	{route.ErrAnew, codes.Aborted},
	{store.ErrSlow, codes.ResourceExhausted},
	{store.ErrFull, codes.ResourceExhausted},
	{store.ErrDamaged, codes.DataLoss},
	{store.ErrBeyond, codes.OutOfRange},
	{store.ErrUnavailable, codes.Unavailable},
	{store.ErrClosed, codes.Unavailable},
	{context.Canceled, codes.Canceled},
	{context.DeadlineExceeded, codes.DeadlineExceeded},
}

// A failure is how a call failed: what the client is told, and why.
type failure struct {
	st    *status.Status
	cause error
	id    string // of an error that the client is told nothing of but this
}

func (f *failure) Error() string              { return f.st.Message() }
func (f *failure) Unwrap() error              { return f.cause }
func (f *failure) GRPCStatus() *status.Status { return f.st }

// failureOf makes a failure of an error. One that nobody foresaw is told as INTERNAL with a fixed sentence and an id, which
// the log has too.
func failureOf(err error) *failure {
	var already *failure
	if errors.As(err, &already) {
		return already
	}
	var refused *refusal.Error
	if errors.As(err, &refused) {
		return &failure{st: refused.GRPCStatus(), cause: err}
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return &failure{st: status.New(row.code, row.err.Error()), cause: err}
		}
	}
	if st, ok := status.FromError(err); ok {
		return &failure{st: st, cause: err}
	}
	id := rand.Text()[:10]
	st := status.New(codes.Internal, "something went wrong in the server; its log says what, at "+id)
	return &failure{st: refusal.Detailed(st, &errdetails.RequestInfo{RequestId: id}), cause: err, id: id}
}

// fail is failureOf for an error that may be nil.
func fail(err error) error {
	if err == nil {
		return nil
	}
	return failureOf(err)
}

// invalid is how the services refuse a value.
var invalid = refusal.Invalid
