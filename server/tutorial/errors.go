package tutorial

import (
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// invalid returns an INVALID_ARGUMENT error with a google.rpc.BadRequest that names the field.
func invalid(field, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	st, err := status.New(codes.InvalidArgument, field+": "+text).WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: text}},
	})
	if err != nil {
		return fmt.Errorf("describe a bad %s: %w", field, err)
	}
	return st.Err()
}
