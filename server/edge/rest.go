package edge

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	mimeJSON   = "application/json"
	mimeLines  = "application/x-ndjson"
	mimeEvents = "text/event-stream"
)

// rest is the JSON door: the gateway over the in-memory connection.
type rest struct {
	mux    *runtime.ServeMux
	limits Limits
	calls  *calls
}

func newREST(e *Edge) (*rest, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler{}),
		runtime.WithMarshalerOption(mimeEvents, eventMarshaler{}),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(outgoingHeader),
		runtime.WithForwardResponseOption(beginStream),
		runtime.WithErrorHandler(writeError),
		runtime.WithStreamErrorHandler(streamError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithWriteContentLength(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
	)
	return &rest{mux: mux, limits: e.limits, calls: e.calls}, registerServices(mux, restConn{e.conn})
}

// ServeHTTP runs one REST call.
func (h *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	call := &restCall{limit: h.limits.of(r.URL.Path).Message, cancel: cancel, cause: func() error { return context.Cause(ctx) }}
	r = r.WithContext(context.WithValue(ctx, callKey{}, call))
	res := newResponse(w, h.limits, h.calls, cancel)
	res.streamType = mimeLines
	defer res.finish()

	if wantsEvents(r) {
		r.Header["Accept"] = []string{mimeEvents}
		res.streamType = mimeEvents
		resumeEvents(r)
	}
	if err := checkHeaders(r.Header); err != nil {
		h.fail(res, r, err)
		return
	}
	if q, err := url.QueryUnescape(r.URL.RawQuery); err == nil && !utf8.ValidString(q) { // the gateway would call it a fault of ours
		h.fail(res, r, status.Error(codes.InvalidArgument, "the query is not UTF-8"))
		return
	}
	if r.Method == http.MethodGet {
		if r.ContentLength != 0 {
			abandon(w)
			h.fail(res, r, status.Error(codes.InvalidArgument, "a GET request has no body"))
			return
		}
		r.Body = http.NoBody
	} else {
		call.body = newRequestBody(w, r, h.limits.Idle)
		defer call.body.Close()
		r.Body = &callBody{requestBody: call.body, call: call}
	}
	h.mux.ServeHTTP(res, r)
}

// fail answers without the gateway.
func (h *rest) fail(w http.ResponseWriter, r *http.Request, err error) {
	writeError(r.Context(), h.mux, marshaler{}, w, r, err)
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
	res, ok := w.(*response)
	if message != nil || !ok {
		return nil
	}
	if body := callOf(ctx).body; body != nil {
		body.beforeAnswer()
	}
	res.Header().Set("Content-Type", res.streamType)
	res.Header().Set("Cache-Control", "no-store")
	res.Header().Set("X-Accel-Buffering", "no") // a proxy in between would keep messages back
	if res.streamType == mimeEvents {
		res.startBeat()
	}
	res.Flush()
	return nil
}
