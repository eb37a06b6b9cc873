// Package rest is the JSON door: the handlers of grpc-gateway in front of the grpc.Server, with streams both ways.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
	"routeguide/server/schema"
)

const (
	mimeJSON   = "application/json"
	mimeLines  = "application/x-ndjson"
	mimeEvents = "text/event-stream"
)

type door struct {
	mux     *runtime.ServeMux
	conn    grpc.ClientConnInterface
	calls   *exchange.Calls
	log     *slog.Logger
	schemas func(context.Context) []*schema.Schema

	mu        sync.Mutex
	described []described // the schemas that were last asked for
}

// Is tells whether r comes to this door.
func Is(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

// Options are what a door stands before.
type Options struct {
	Conn  grpc.ClientConnInterface // to the server
	Calls *exchange.Calls
	Log   *slog.Logger // gets faults of ours
	// Schemas are those of services that the server has and that no code was generated for, or nil. Calls for one of them find
	// the same again until it changes.
	Schemas func(context.Context) []*schema.Schema
}

// New returns the door to a server.
func New(o Options) (http.Handler, error) {
	d := &door{conn: restConn{o.Conn}, calls: o.Calls, log: o.Log, schemas: o.Schemas, mux: newMux(nil)}
	return d, registerServices(d.mux, d.conn)
}

func newMux(types *schema.Types, more ...runtime.ServeMuxOption) *runtime.ServeMux {
	plain := marshaler{types}
	return runtime.NewServeMux(append(more,
		runtime.WithMarshalerOption(runtime.MIMEWildcard, plain),
		runtime.WithMarshalerOption(mimeEvents, eventMarshaler{plain}),
		runtime.WithMarshalerOption(mimeFile, fileMarshaler{plain}),
		runtime.WithIncomingHeaderMatcher(incoming),
		runtime.WithOutgoingHeaderMatcher(outgoing),
		runtime.WithForwardResponseOption(beginStream),
		runtime.WithErrorHandler(writeError),
		runtime.WithStreamErrorHandler(streamError),
		runtime.WithRoutingErrorHandler(notFound),
		runtime.WithMiddlewares(answerProbe),
		runtime.WithWriteContentLength(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
	)...)
}

// ServeHTTP runs one REST call.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	in := &request{
		limit: d.calls.Limits.Message, calls: d.calls, log: d.log, cancel: cancel, cause: func() error { return context.Cause(ctx) },
		patch:   r.Method == http.MethodPatch,
		acquire: func(bytes int) error { return d.calls.Acquire(ctx, bytes) },
	}
	defer in.end()
	defer cancel(nil)
	r = r.WithContext(context.WithValue(ctx, requestKey{}, in))
	res := exchange.NewResponse(w, d.calls, cancel)
	res.StreamType = mimeLines
	defer res.Finish()

	if wantsEvents(r) {
		r.Header["Accept"] = []string{mimeEvents}
		res.StreamType = mimeEvents
		resumeEvents(r)
	}
	res.Header().Set("Vary", "Accept-Encoding")
	res.Gzip = exchange.Accepts(r.Header, "gzip") && isWhole(r)
	if err := wire.CheckHeaders(r.Header); err != nil {
		if status.Code(err) == codes.ResourceExhausted {
			err = &runtime.HTTPStatusError{HTTPStatus: http.StatusRequestHeaderFieldsTooLarge, Err: err}
		}
		d.fail(res, r, err)
		return
	}
	if err := checkContent(res.Header(), r); err != nil {
		d.fail(res, r, err)
		return
	}
	if q, err := url.QueryUnescape(r.URL.RawQuery); err == nil && !utf8.ValidString(q) { // the gateway would call it a fault of ours
		d.fail(res, r, status.Error(codes.InvalidArgument, "the query is not UTF-8"))
		return
	}
	in.search = d.search()
	download(in, r, res)
	switch r.Method {
	case http.MethodOptions:
		d.options(res, r)
		return
	case http.MethodHead: // is GET as far as the headers go
		r.Method, in.head = http.MethodGet, true
	}
	in.query = r.URL.Query()
	if in.upload = uploadOf(r); in.upload != messages {
		r.Method = http.MethodPost
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		if r.ContentLength != 0 {
			exchange.Abandon(w)
			d.fail(res, r, status.Error(codes.InvalidArgument, "a "+r.Method+" request has no body"))
			return
		}
		r.Body = http.NoBody
	} else {
		in.length = r.ContentLength
		in.body = exchange.NewBody(w, r, d.calls.Limits, in.fail)
		defer in.body.Close()
		r.Body = in
	}
	d.mux.ServeHTTP(res, r)
	if in.torn {
		panic(http.ErrAbortHandler) // net/http then ends the connection, and not the answer
	}
}

// fail answers without the gateway.
func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	writeError(r.Context(), d.mux, marshaler{}, w, r, err)
}

// options says what a path can be asked.
func (d *door) options(w http.ResponseWriter, r *http.Request) {
	allow := allowed(d.mux, r)
	for in := requestOf(r.Context()); allow == ""; {
		next := in.search(r.Context())
		if next == nil {
			notFound(r.Context(), d.mux, marshaler{}, w, r, http.StatusNotFound)
			return
		}
		allow = allowed(next.mux, r)
	}
	w.Header().Set("Allow", allow)
	w.WriteHeader(http.StatusNoContent)
}

// isWhole tells whether the answer to r comes to an end by itself, so that its compressor does.
func isWhole(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasSuffix(r.URL.Path, ":watch") && !wantsEvents(r)
}

func wantsEvents(r *http.Request) bool {
	for _, v := range r.Header["Accept"] {
		if first, _, _ := strings.Cut(v, ","); strings.HasPrefix(strings.TrimSpace(first), mimeEvents) {
			return true
		}
	}
	return false
}

// resumeEvents makes a browser's EventSource go on where it lost its connection: an event's id is its cursor.
func resumeEvents(r *http.Request) {
	if id := r.Header.Get("Last-Event-Id"); id != "" {
		q := r.URL.Query()
		q.Set("cursor", id)
		r.URL.RawQuery = q.Encode()
	}
}

// beginStream sends status and headers of a stream as soon as the service has sent its header metadata; the gateway would
// keep them until the first message.
func beginStream(ctx context.Context, w http.ResponseWriter, message proto.Message) error {
	res, ok := w.(*exchange.Response)
	if message != nil || !ok {
		return nil
	}
	in := requestOf(ctx)
	if in.body != nil {
		in.body.BeforeAnswer()
	}
	if in.download != "" {
		res.Header().Set("Content-Disposition", in.download)
	}
	res.Header().Set("Content-Type", res.StreamType)
	res.Header().Set("Cache-Control", "no-store")
	res.Header().Set("X-Accel-Buffering", "no") // a proxy in between would keep messages back
	if res.StreamType == mimeEvents {
		res.StartBeat()
	}
	res.Flush()
	if in.head {
		in.cancel(context.Canceled)
	}
	return nil
}
