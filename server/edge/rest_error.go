package edge

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// writeError answers with a google.rpc.Status as JSON and the HTTP status of the gateway's table.
func writeError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	call := callOf(r.Context())
	problem := call.problem() // not what becomes of a read that Close ends
	if call.body != nil {
		_ = call.body.Close() // says in the headers if the connection has to be given up
	}
	if problem != nil {
		err = problem
		// The gateway did not get as far as the headers. They matter after an error too, route-id above all.
		if call.header != nil {
			if md, err := call.header(); err == nil {
				ctx = runtime.NewServerMetadataContext(ctx, runtime.ServerMetadata{HeaderMD: wireMetadata(md)})
			}
		}
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, m, w, r, nameField(err))
}

// streamError is the status in the line that ends a stream.
func streamError(ctx context.Context, err error) *status.Status {
	if problem := callOf(ctx).problem(); problem != nil {
		err = problem
	}
	var http *runtime.HTTPStatusError
	if errors.As(err, &http) {
		err = http.Err
	}
	return status.Convert(err)
}

func writeRoutingError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	err := status.Error(codes.InvalidArgument, "malformed path "+r.URL.Path)
	switch code {
	case http.StatusNotFound:
		err = status.Error(codes.NotFound, "no such path: "+r.URL.Path)
	case http.StatusMethodNotAllowed:
		err = status.Errorf(codes.Unimplemented, "%s is not possible on %s", r.Method, r.URL.Path)
	}
	writeError(ctx, mux, m, w, r, &runtime.HTTPStatusError{HTTPStatus: code, Err: err})
}

// nameField adds the details to what the gateway says of a path or query parameter that does not parse, in one of
//
//	type mismatch, parameter: latitude, error: strconv.ParseInt: parsing "x": invalid syntax
//	parsing field "latitude": strconv.ParseInt: parsing "x": invalid syntax
func nameField(err error) error {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.InvalidArgument || len(s.Details()) > 0 {
		return err
	}
	field, problem, ok := cutBetween(s.Message(), "type mismatch, parameter: ", ", error: ")
	if !ok {
		field, problem, ok = cutBetween(s.Message(), `parsing field "`, `": `)
	}
	if !ok {
		return err
	}
	return fieldError(field, "cannot be read: "+strings.TrimPrefix(problem, "strconv.ParseInt: "))
}

func cutBetween(s, before, middle string) (head, tail string, ok bool) {
	if s, ok = strings.CutPrefix(s, before); !ok {
		return "", "", false
	}
	return strings.Cut(s, middle)
}

// withField adds a google.rpc.BadRequest that names one field.
func withField(s *status.Status, field, problem string) *status.Status {
	detailed, err := s.WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: problem}},
	})
	if err != nil {
		return s
	}
	return detailed
}
