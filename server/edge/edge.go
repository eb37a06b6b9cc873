// Package edge is the HTTP port: it finds out which door a request came to and lets it in. gRPC-Web, gRPC over WebSocket
// and REST all end at the one grpc.Server it is given; the rest are documents.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"routeguide/openapi"
	"routeguide/server/relay"
	"routeguide/static"
)

// Options says what an Edge stands before.
type Options struct {
	// GRPC answers every call. It was made with ServerOptions, and its services are registered. The Edge serves it on an
	// in-memory listener; stopping it is up to the caller, after Close.
	GRPC *grpc.Server
	// AllowOrigins are the web origins ("https://example.com") that may use the port besides its own; "*" means any.
	AllowOrigins []string
	// Ready reports why the process cannot serve now, or nil. A nil Ready is always ready.
	Ready func(context.Context) error
	// Damage says what is missing of what was stored, a sentence each; /readyz shows it, since the process serves all the
	// same. Nil: nothing.
	Damage func() []string
	// Metrics answers /metrics. Nil: there are none.
	Metrics http.Handler
	// Logger gets what no caller can be told. Required.
	Logger *slog.Logger
	// Limits bounds what a peer can make the process hold; zero fields mean the defaults.
	Limits Limits
}

// Limits are bounds on peers.
type Limits struct {
	Sockets int // WebSockets open at a time: 20,000
	Message int // bytes of one message, not less than the grpc.Server takes: 4 MiB
	// Large is Message for requests that have a bound of their own, by URL path: of the method, and of its REST path.
	Large      map[string]int
	FirstFrame time.Duration // until a WebSocket has sent its request headers: 10 s
	Idle       time.Duration // until a silent peer is dropped; a pong breaks the silence of a WebSocket: 60 s
	Write      time.Duration // until a peer that does not read is dropped: 30 s
	Heartbeat  time.Duration // between signs of life in an idle event stream: 15 s
}

func (l Limits) withDefaults() Limits {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&l.FirstFrame, 10*time.Second)
	or(&l.Idle, 60*time.Second)
	or(&l.Write, 30*time.Second)
	or(&l.Heartbeat, 15*time.Second)
	if l.Sockets == 0 {
		l.Sockets = 20_000
	}
	if l.Message == 0 {
		l.Message = 4 << 20
	}
	return l
}

// of returns the limits of a call with that URL path.
func (l Limits) of(path string) Limits {
	if n, ok := l.Large[path]; ok {
		l.Message = n
	}
	return l
}

// Edge is the http.Handler of the HTTP port, for HTTP/1.1. It is safe for concurrent use.
type Edge struct {
	origins origins
	log     *slog.Logger
	limits  Limits
	ready   func(context.Context) error
	damage  func() []string
	metrics http.Handler
	calls   *calls

	listener *bufconn.Listener
	conn     *grpc.ClientConn
	served   chan struct{} // closed once Serve on the listener has returned

	web, rest, sockets http.Handler
	files              files
}

const streamBytes = 128 << 10 // of a call that may be on their way in memory

// New makes an Edge that is ready to serve. Close releases it.
func New(o Options) (*Edge, error) {
	if o.GRPC == nil || o.Logger == nil {
		return nil, errors.New("edge: GRPC and Logger are required")
	}
	allowed, err := parseOrigins(o.AllowOrigins)
	if err != nil {
		return nil, err
	}
	e := &Edge{
		origins:  allowed,
		log:      o.Logger,
		limits:   o.Limits.withDefaults(),
		ready:    o.Ready,
		damage:   o.Damage,
		metrics:  o.Metrics,
		calls:    newCalls(),
		listener: relay.Listen(),
		served:   make(chan struct{}),
	}
	e.conn, err = relay.Connect(e.listener, streamBytes,
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(e.limits.Message), grpc.MaxRetryRPCBufferSize(0)))
	if err != nil {
		return nil, fmt.Errorf("edge: connect in memory: %w", err)
	}
	if e.rest, err = newREST(e); err != nil {
		_ = e.conn.Close()
		return nil, err
	}
	e.web = newWeb(e, o.GRPC)
	e.sockets = newSockets(e)
	e.files = newFiles(static.Page())
	if err := addDocs(e.files, openapi.Swagger, openapi.Document); err != nil {
		_ = e.conn.Close()
		return nil, err
	}
	go func() {
		defer close(e.served)
		if err := o.GRPC.Serve(e.listener); err != nil && !e.calls.ending() {
			e.log.Error("the in-memory listener failed", "err", err)
		}
	}()
	return e, nil
}

// ServeHTTP finds the door of a request. A request from an origin that is not allowed gets 403 before anything runs.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !e.origins.admit(w, r) {
		e.log.Debug("not admitted", "origin", r.Header.Get("Origin"), "method", r.Method, "path", r.URL.Path, "peer", r.RemoteAddr)
		return
	}
	door := e.door(r)
	if door == nil {
		e.document(w, r)
		return
	}
	ctx, done, ok := e.calls.enter(r.Context())
	if !ok {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "The server is shutting down.")
		return
	}
	defer done()
	door.ServeHTTP(w, r.WithContext(ctx))
}

// door is the way into the grpc.Server that r takes, or nil when it asks for a document.
func (e *Edge) door(r *http.Request) http.Handler {
	switch {
	case isSocket(r):
		return e.sockets
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc-web"):
		return e.web
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		return e.rest
	}
	return nil
}

func (e *Edge) document(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Only GET and HEAD are possible here.")
		return
	case r.ContentLength != 0:
		refuse(w, http.StatusBadRequest, "A request for a document has no body.")
		return
	}
	w.Header().Set("Cache-Control", "no-store") // unless it is a file
	// Slow readers may take their time, but not for ever.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * e.limits.Write))
	switch path := r.URL.Path; {
	case path == "/openapi":
		http.Redirect(w, r, "openapi/", http.StatusMovedPermanently)
	case path == "/healthz":
		fmt.Fprintln(w, "ok")
	case path == "/readyz":
		e.readyz(w, r)
	case path == "/metrics" && e.metrics != nil:
		e.metrics.ServeHTTP(w, r)
	default:
		e.files.ServeHTTP(w, r)
	}
}

func (e *Edge) readyz(w http.ResponseWriter, r *http.Request) {
	err := context.Cause(e.calls.ctx)
	if err == nil && e.ready != nil {
		err = e.ready(r.Context())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
	if e.damage != nil {
		for _, what := range e.damage() {
			fmt.Fprintln(w, "damage:", what)
		}
	}
}

// Close refuses new calls, ends those under way with UNAVAILABLE and waits for all of their goroutines. When ctx ends
// first, what is left is cut off without an answer and Close returns the error of ctx.
func (e *Edge) Close(ctx context.Context) error {
	err := e.calls.close(ctx)
	_ = e.conn.Close()
	_ = e.listener.Close()
	<-e.served
	return err
}

// refuse answers without reading what else the peer may want to send.
func refuse(w http.ResponseWriter, code int, why string) {
	abandon(w)
	http.Error(w, why, code)
}
