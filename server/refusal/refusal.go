// Package refusal says what is wrong with a request, in the one form in which every service of the program says it.
package refusal

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// An Error is a value that is refused. Its status is INVALID_ARGUMENT, with a google.rpc.BadRequest that names the field.
type Error struct {
	Field string // path of the field, as "bounds.southwest"; "" for the message itself
	Text  string
}

// Invalid returns an *Error. Texts among args are cut, so that a client cannot make long answers and logs.
func Invalid(field, format string, args ...any) error {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = Cut(s)
		}
	}
	return &Error{field, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Text
	}
	return e.Field + ": " + e.Text
}

// GRPCStatus serves package status.
func (e *Error) GRPCStatus() *status.Status {
	return Detailed(status.New(codes.InvalidArgument, e.Error()), &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: e.Field, Description: e.Text}},
	})
}

// Detailed returns st with details, which must be messages of google.rpc.
func Detailed(st *status.Status, details ...protoadapt.MessageV1) *status.Status {
	detailed, err := st.WithDetails(details...)
	if err != nil { // st is OK, or a detail cannot be encoded
		panic(err)
	}
	return detailed
}

// Denied returns the error of a value that the caller's key does not allow: PERMISSION_DENIED, with a google.rpc.BadRequest
// that names the field. Texts among args are cut, as by Invalid.
func Denied(field, format string, args ...any) error {
	e := Invalid(field, format, args...).(*Error)
	return Detailed(status.New(codes.PermissionDenied, e.Error()), &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: e.Field, Description: e.Text}},
	}).Err()
}

const (
	longestValue    = 64   // bytes of a value from outside that are shown
	longestSentence = 1024 // bytes of a sentence from outside, such as another server's message
)

// Cut returns a value as it may be shown, sent and logged: what is too long ends with "…", and what is no UTF-8 is "�".
func Cut(value string) string { return cut(value, longestValue) }

// Sentence is Cut for a sentence.
func Sentence(s string) string { return cut(s, longestSentence) }

func cut(s string, end int) string {
	if len(s) <= end {
		return strings.ToValidUTF8(s, "�")
	}
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.ToValidUTF8(s[:end], "�") + "…"
}
