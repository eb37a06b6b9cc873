package edge

import (
	"context"
	"errors"
	"net/http"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// web is gRPC-Web over fetch, binary and text: the wrapper around the server's own HTTP handler.
type web struct {
	wrapper *grpcweb.WrappedGrpcServer
	server  *grpc.Server
	methods map[string]grpc.MethodInfo // by path
	limits  Limits
	calls   *calls
}

func newWeb(e *Edge, server *grpc.Server) *web {
	h := &web{server: server, methods: map[string]grpc.MethodInfo{}, limits: e.limits, calls: e.calls}
	for service, info := range server.GetServiceInfo() {
		for _, m := range info.Methods {
			h.methods["/"+service+"/"+m.Name] = m
		}
	}
	h.wrapper = grpcweb.WrapHandler(http.HandlerFunc(h.serveGRPC))
	return h
}

// ServeHTTP runs one call. Origins have been checked: the wrapper's own rule is not used.
func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "gRPC-Web calls are made with POST.")
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	res := newResponse(w, h.limits, h.calls, cancel)
	defer res.finish()
	method, known := h.methods[r.URL.Path]
	res.oneMessage = known && !method.IsServerStream
	body := newRequestBody(w, r, h.limits.Idle)
	defer body.Close()
	if known && method.IsClientStream {
		body.mayBeSilent()
		body.beforeAnswer()
	}
	r.Body = body
	h.wrapper.HandleGrpcWebRequest(res, r.WithContext(ctx))
}

// serveGRPC gets what the wrapper has made of a call: a gRPC request.
func (h *web) serveGRPC(w http.ResponseWriter, r *http.Request) {
	ctx, limit := r.Context(), h.limits.of(r.URL.Path).Message
	if method, known := h.methods[r.URL.Path]; known && !method.IsClientStream {
		r.Body = http.MaxBytesReader(nil, r.Body, int64(limit+2*frameHeader))
	} else {
		c := newCredit(r.Body, limit)
		r.Body = c
		r = r.WithContext(withCredit(ctx, c))
	}
	if err := checkHeaders(r.Header); err != nil {
		setStatus(w.Header(), status.Convert(err))
		return
	}
	h.server.ServeHTTP(w, r)
	switch w.Header().Get("Grpc-Status") {
	case "", "1": // the server drops a call whose context has ended, or says CANCELLED
		if errors.Is(context.Cause(ctx), errClosing) {
			setStatus(w.Header(), status.Convert(errClosing))
		}
	}
}

// setStatus ends a call without the server.
func setStatus(h http.Header, s *status.Status) {
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/grpc")
	}
	for name, values := range statusMetadata(s) {
		h.Set(name, wireValue(name, values[0]))
	}
}
