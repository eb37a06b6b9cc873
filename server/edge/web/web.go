// Package web is the door of gRPC over the HTTP port: of gRPC-Web, binary and text, by the wrapper of improbable-eng/grpc-web
// around the grpc.Server's own HTTP handler, and of gRPC itself by that handler alone.
package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
)

// Door is the door of gRPC-Web.
type Door struct {
	wrapper *grpcweb.WrappedGrpcServer
	server  *grpc.Server
	methods map[string]grpc.MethodInfo // by path
	calls   *exchange.Calls
}

// New returns the door to a server, which was made with ServerOptions and has all its services.
func New(server *grpc.Server, calls *exchange.Calls) *Door {
	d := &Door{server: server, methods: map[string]grpc.MethodInfo{}, calls: calls}
	for service, info := range server.GetServiceInfo() {
		for _, m := range info.Methods {
			d.methods["/"+service+"/"+m.Name] = m
		}
	}
	d.wrapper = grpcweb.WrapHandler(http.HandlerFunc(d.serveGRPC))
	return d
}

// types are what calls come as.
var types = []string{"application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text", "application/grpc-web-text+proto"}

// Is tells whether r comes to this door.
func Is(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return slices.Contains(types, strings.TrimSpace(media)) || isGRPC(r)
}

// isGRPC tells whether r is a call of gRPC, which needs HTTP/2.
func isGRPC(r *http.Request) bool {
	kind, ok := strings.CutPrefix(r.Header.Get("Content-Type"), "application/grpc")
	return ok && r.ProtoMajor == 2 && (kind == "" || kind[0] == '+' || kind[0] == ';')
}

// Explain answers a request for a method that is no call, with what would be one.
func Explain(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST, OPTIONS")
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		w.Header().Set("Accept-Post", strings.Join(types, ", "))
		exchange.Refuse(w, http.StatusUnsupportedMediaType, "This is a method: call it as gRPC-Web, with the content type "+
			"application/grpc-web+proto or application/grpc-web-text. JSON has paths of its own, which /openapi/ lists.")
	default:
		exchange.Refuse(w, http.StatusMethodNotAllowed, "This is a method: it is called with POST.")
	}
}

// Has tells whether path is that of a method.
func (d *Door) Has(path string) bool {
	_, known := d.methods[path]
	return known
}

type requestKey struct{}

// ServeHTTP runs one call. Origins have been checked: the wrapper's own rule is not used.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		Explain(w, r)
		return
	}
	w.Header().Set("Grpc-Accept-Encoding", gzip.Name)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	res := exchange.NewResponse(w, d.calls, cancel)
	defer res.Finish()
	body := exchange.NewBody(w, r, d.calls.Limits, cancel)
	defer body.Close()
	method, known := d.methods[r.URL.Path]
	res.OneMessage = known && !method.IsServerStream
	reading, giveUp := context.WithCancel(ctx)
	defer giveUp()
	in := &request{
		calls: d.calls, body: body, stream: !known || method.IsClientStream, acceptsGzip: acceptsGzip(r.Header),
		acquire: func(bytes int) error { return d.calls.Acquire(reading, bytes) }, giveUp: giveUp, fail: cancel,
	}
	in.change.L = &in.mu
	if in.stream {
		body.MayBeSilent()
		body.BeforeAnswer()
	}
	r.Body = body
	r = r.WithContext(context.WithValue(ctx, requestKey{}, in))
	if isGRPC(r) {
		d.serveGRPC(res, r)
	} else {
		d.wrapper.HandleGrpcWebRequest(res, r)
	}
}

// serveGRPC gets a call of gRPC, or what the wrapper has made one of.
func (d *Door) serveGRPC(w http.ResponseWriter, r *http.Request) {
	if err := wire.CheckHeaders(r.Header); err != nil {
		setStatus(w.Header(), status.Convert(err))
		return
	}
	in := requestOf(r.Context())
	in.frames = r.Body
	r.Body = in
	d.server.ServeHTTP(w, r)
	in.free()
	// Where a call was ended here, the server says CANCELLED, or nothing, or that it cannot read.
	if st, ok := status.FromError(context.Cause(r.Context())); ok && st != nil && w.Header().Get("Grpc-Status") != "0" {
		setStatus(w.Header(), st)
	}
}

// setStatus ends a call without the server.
func setStatus(h http.Header, s *status.Status) {
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/grpc")
	}
	for name, values := range wire.StatusMetadata(s) {
		h.Set(name, wire.Value(name, values[0]))
	}
}

func requestOf(ctx context.Context) *request {
	in, _ := ctx.Value(requestKey{}).(*request)
	return in
}

// ServerOptions are what the grpc.Server must be made with. Calls that come in at other doors are not touched.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, m any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := compressIfAccepted(ctx); err != nil {
				return nil, err
			}
			return next(ctx, m)
		}),
		grpc.ChainStreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := compressIfAccepted(s.Context()); err != nil {
				return err
			}
			if in := requestOf(s.Context()); in != nil {
				s = stream{s, in}
			}
			return next(srv, s)
		}),
	}
}

// compressIfAccepted keeps gRPC from answering a compressed request in its own way where the client did not ask for it.
func compressIfAccepted(ctx context.Context) error {
	in := requestOf(ctx)
	if in == nil || in.acceptsGzip {
		return nil
	}
	return grpc.SetSendCompressor(ctx, "identity")
}

func acceptsGzip(h http.Header) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(h.Values("Grpc-Accept-Encoding"), ","), ","), func(name string) bool {
		return strings.TrimSpace(name) == gzip.Name
	})
}

// stream tells the request what the handler has taken of it.
type stream struct {
	grpc.ServerStream
	in *request
}

func (s stream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.in.taken()
	}
	return err
}
