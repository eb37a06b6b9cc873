package rest

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/refusal"
)

// writeError answers with a google.rpc.Status as JSON and the HTTP status of the gateway's table.
func writeError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if probeOf(r) != nil {
		return
	}
	in := requestOf(r.Context())
	problem := in.problem() // not what becomes of a read that Close ends
	if in.body != nil {
		_ = in.body.Close() // says in the headers if the connection has to be given up
	}
	if problem != nil {
		err = problem
		// The gateway did not get as far as the headers. They matter after an error too, resume-token above all.
		if in.header != nil {
			if md, err := in.header(); err == nil {
				ctx = runtime.NewServerMetadataContext(ctx, runtime.ServerMetadata{HeaderMD: encode(md)})
			}
		}
	}
	if st, ok := status.FromError(err); ok && st.Code() == codes.InvalidArgument && len(st.Details()) == 0 && problem == nil {
		if fault := parameterFault(ctx, r); fault != nil {
			err = fault
		}
	}
	retryAfter(w.Header(), err)
	runtime.DefaultHTTPErrorHandler(ctx, mux, m, challenging{w}, r, err)
}

// challenging says with a 401 what would be taken; the gateway has the status message there.
type challenging struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w challenging) WriteHeader(code int) {
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.ResponseWriter.WriteHeader(code)
}

// retryAfter says in a header what google.rpc.RetryInfo says in the answer.
func retryAfter(h http.Header, err error) {
	for _, detail := range status.Convert(err).Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			h.Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.RetryDelay.AsDuration().Seconds()))))
		}
	}
}

// streamError is the status in the line that ends a stream.
func streamError(ctx context.Context, err error) *status.Status {
	in := requestOf(ctx)
	if problem := in.problem(); problem != nil {
		err = problem
	}
	in.torn = in.download != ""
	var http *runtime.HTTPStatusError
	if errors.As(err, &http) {
		err = http.Err
	}
	return status.Convert(err)
}

// notFound answers a request that no method is reached by, after those of other servers have been tried.
func notFound(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if probeOf(r) != nil {
		return
	}
	in := requestOf(ctx)
	if code == http.StatusMethodNotAllowed && in.allow == "" {
		in.allow = allowed(mux, r)
	}
	if next := in.search(ctx); next != nil && code != http.StatusBadRequest {
		in.types = next.schema.Types
		next.mux.ServeHTTP(w, r)
		return
	}
	err := status.Error(codes.InvalidArgument, "malformed path "+refusal.Cut(r.URL.Path))
	switch {
	case in.allow != "":
		w.Header().Set("Allow", in.allow)
		code = http.StatusMethodNotAllowed
		err = status.Errorf(codes.Unimplemented, "%s is not possible on %s", r.Method, refusal.Cut(r.URL.Path))
	case code == http.StatusNotFound:
		err = status.Error(codes.NotFound, "no such path: "+refusal.Cut(r.URL.Path))
	}
	writeError(ctx, mux, m, w, r, &runtime.HTTPStatusError{HTTPStatus: code, Err: err})
}
