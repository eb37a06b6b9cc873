// Package edge is the HTTP port: it finds out which door a request came to and lets it in. gRPC, gRPC-Web, gRPC over
// WebSocket, REST and the requests of phones' apps all end at the one grpc.Server it is given; the rest are documents.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"

	"routeguide/openapi"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/edge/basemap"
	"routeguide/server/edge/exchange"
	"routeguide/server/edge/ingest"
	"routeguide/server/edge/mcp"
	"routeguide/server/edge/rest"
	"routeguide/server/edge/socket"
	"routeguide/server/edge/web"
	"routeguide/server/refusal"
	"routeguide/server/relay"
	"routeguide/server/schema"
	"routeguide/static"
)

// Options says what an Edge stands before.
type Options struct {
	// GRPC answers every call. It was made with ServerOptions, its services are registered, and a connection to it may have
	// 64 calls at a time or more. The Edge serves it on an in-memory listener; stopping it is up to the caller, after Close.
	GRPC *grpc.Server
	// Ending is done when calls have to end with UNAVAILABLE. Nil: Close alone ends them.
	Ending context.Context
	// AllowOrigins are the web origins ("https://example.com") that may use the port besides its own; "*" means any.
	AllowOrigins []string
	// Hosts are the names that browsers may know the port by, besides those of this machine to itself and IP addresses. Nil: any.
	Hosts []string
	// Who returns what the sender of an Authorization header, which may be "", may do, and a status for a key that is of no use;
	// trust is due to where the request comes from. Nil: everybody may do everything. It decides about documents alone: the
	// grpc.Server decides about calls.
	Who func(authorization string, trust relay.Trust) (*routeguidev1.Caller, error)
	// Local says that only this machine reaches the port.
	Local bool
	// Ready reports why the process cannot serve now, or nil. It gets a second to know. A nil Ready is always ready.
	Ready func(context.Context) error
	// Damage says what is missing of what was stored, a sentence each; /readyz shows it, since the process serves all the
	// same. Nil: nothing.
	Damage func() []string
	// Metrics answers /metrics. Nil: there are none.
	Metrics http.Handler
	// Tiles returns what answers GET and HEAD below /v1/tiles/ with what lies in an area; nil is everywhere. Nil: there are none.
	Tiles func(area *routeguidev1.Bounds) http.Handler
	// Authority is the certificate (PEM) of who has signed that of this port, where browsers may have to be told to trust it:
	// /ca.pem has it. Nil: they know it.
	Authority []byte
	// Logger gets what no caller can be told. Required.
	Logger *slog.Logger
	// Basemaps are the maps that the page offers besides its own. Nil: none.
	Basemaps *basemap.Maps
	// Schemas are those of services that GRPC has beside its own, which REST reaches too. Nil: none.
	Schemas func(context.Context) []*schema.Schema
	// Agents are the tools that agents are offered. Nil: there are none.
	Agents []mcp.Tool
	// Limits bounds what a peer can make the process hold; zero fields mean the defaults.
	Limits Limits
	// Budget is asked for memory before a long message is kept. Nil: there is always enough.
	Budget exchange.Budget
}

// Limits are bounds on peers.
type Limits = exchange.Limits

// Edge is the http.Handler of the HTTP port, for HTTP/1.1 and HTTP/2. It is safe for concurrent use.
type Edge struct {
	hosts   hosts
	origins origins
	who     func(authorization string, trust relay.Trust) (*routeguidev1.Caller, error)
	local   bool
	log     *slog.Logger
	ready   func(context.Context) error
	damage  func() []string
	metrics http.Handler
	tiles   func(area *routeguidev1.Bounds) http.Handler
	maps    *basemap.Maps
	schemas func(context.Context) []*schema.Schema
	calls   *exchange.Calls
	conns   *conns
	served  chan struct{} // closed once the grpc.Server has left the listener of conns

	web                       *web.Door
	rest, socket, ingest, mcp http.Handler
	files                     files
}

// New makes an Edge that is ready to serve. Close releases it.
func New(o Options) (*Edge, error) {
	if o.GRPC == nil || o.Logger == nil {
		return nil, errors.New("edge: GRPC and Logger are required")
	}
	allowed, err := parseOrigins(o.AllowOrigins)
	if err != nil {
		return nil, err
	}
	if o.Basemaps == nil {
		if o.Basemaps, err = basemap.Open(nil); err != nil {
			return nil, err
		}
	}
	e := &Edge{
		hosts:   parseHosts(o.Hosts),
		origins: allowed,
		who:     o.Who,
		local:   o.Local,
		log:     o.Logger,
		ready:   o.Ready,
		damage:  o.Damage,
		metrics: o.Metrics,
		tiles:   o.Tiles,
		maps:    o.Basemaps,
		schemas: o.Schemas,
		calls:   exchange.NewCalls(o.Ending, o.Limits, o.Budget),
		served:  make(chan struct{}),
		files:   newFiles(static.Page(), o.Basemaps.Origins()...),
	}
	if err := addDocs(e.files, openapi.Swagger, openapi.Document); err != nil {
		return nil, err
	}
	if o.Authority != nil {
		e.files.addAuthority(o.Authority)
	}
	e.conns = newConns(grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(e.calls.Limits.Message), grpc.MaxRetryRPCBufferSize(0)))
	if e.rest, err = rest.New(rest.Options{Conn: e.conns, Calls: e.calls, Log: o.Logger, Schemas: o.Schemas}); err != nil {
		return nil, err
	}
	if o.Schemas != nil && o.Agents != nil {
		e.mcp = mcp.New(mcp.Options{Conn: e.conns, Schemas: o.Schemas, Tools: o.Agents, Log: o.Logger, MayWrite: e.mayWrite})
	}
	e.web = web.New(o.GRPC, e.calls)
	e.socket = socket.New(e.conns, e.calls, o.Logger)
	e.ingest = ingest.New(e.conns, e.calls, o.Logger)
	go func() {
		defer close(e.served)
		if err := o.GRPC.Serve(e.conns.listener); err != nil && e.calls.Ending.Err() == nil {
			e.log.Error("the in-memory listener failed", "err", err)
		}
	}()
	return e, nil
}

// ServerOptions are what the grpc.Server behind an Edge must be made with. Other transports are not touched.
func ServerOptions() []grpc.ServerOption { return web.ServerOptions() }

// ServeHTTP finds the door of a request. A request for a foreign host gets 421, and one from an origin
// that is not allowed 403, before anything runs.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 2 {
		s := newStream(w)
		defer s.finish()
		w = s
	}
	secure(w.Header())
	// That of an earlier answer on this connection would still hold.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(e.calls.Patience()))
	if !e.hosts.admit(w, r) || !e.origins.admit(w, r) {
		e.log.Debug("not admitted", "host", refusal.Cut(r.Host), "origin", refusal.Cut(r.Header.Get("Origin")), "method", refusal.Cut(r.Method), "path", refusal.Cut(r.URL.Path), "peer", r.RemoteAddr)
		return
	}
	r = e.identified(r)
	if r.URL.Path == "/session" {
		e.session(w, r)
		return
	}
	door, name := e.door(r)
	if door == nil {
		e.document(w, r)
		return
	}
	ctx, done, ok := e.calls.Enter(r.Context())
	if !ok {
		w.Header().Set("Retry-After", "1")
		exchange.Refuse(w, http.StatusServiceUnavailable, "The server is shutting down.")
		return
	}
	defer done()
	door.ServeHTTP(w, r.WithContext(relay.WithDoor(ctx, name)))
}

// door is the way into the grpc.Server that r takes, and its name; or nil when r asks for a document.
func (e *Edge) door(r *http.Request) (way http.Handler, name string) {
	switch {
	case socket.Is(r):
		return e.socket, "websocket"
	case web.Is(r):
		return e.web, "grpc-web"
	case e.isTile(r):
		return nil, ""
	case rest.Is(r):
		return e.rest, "rest"
	case ingest.Is(r):
		return e.ingest, "ingest"
	case r.URL.Path == mcp.Path && e.mcp != nil:
		return e.mcp, "mcp"
	case e.schemas != nil && !e.isDocument(r) && !isNoCall(r):
		return e.rest, "rest"
	}
	return nil, ""
}

func (e *Edge) isTile(r *http.Request) bool {
	return e.tiles != nil && strings.HasPrefix(r.URL.Path, "/v1/tiles/")
}

// isDocument tells whether the path is one of ours, whatever other servers have.
func (e *Edge) isDocument(r *http.Request) bool {
	switch path := r.URL.Path; path {
	case "/openapi", "/healthz", "/readyz", "/metrics":
		return true
	default:
		if isDescription(path) {
			return true
		}
		_, isFile := e.files.at(path)
		return isFile || e.maps.Has(path)
	}
}

// upstreamMethod is what a path looks like that may be a method of a server behind this one.
var upstreamMethod = regexp.MustCompile(`^/[A-Za-z][\w.]*/\w+$`)

// isNoCall tells whether r is sent to what looks like a method, as something that no door takes.
func isNoCall(r *http.Request) bool {
	return r.Method == http.MethodPost && upstreamMethod.MatchString(r.URL.Path) && !rest.Reads(r.Header.Get("Content-Type"))
}

const allow = "GET, HEAD, OPTIONS" // what a document can be asked

func (e *Edge) document(w http.ResponseWriter, r *http.Request) {
	switch {
	case e.web.Has(r.URL.Path) || r.Method == http.MethodPost && upstreamMethod.MatchString(r.URL.Path):
		web.Explain(w, r)
		return
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", allow)
		exchange.Refuse(w, http.StatusMethodNotAllowed, "Only GET and HEAD are possible here.")
		return
	case r.ContentLength != 0:
		exchange.Refuse(w, http.StatusBadRequest, "A request for a document has no body.")
		return
	}
	w.Header().Set("Cache-Control", "no-store") // unless it is a file
	// Slow readers may take their time, but not for ever.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * e.calls.Limits.Write))
	switch path := r.URL.Path; {
	case path == "/openapi":
		http.Redirect(w, r, "openapi/", http.StatusMovedPermanently)
	case path == "/healthz":
		fmt.Fprintln(w, "ok")
	case path == "/readyz":
		e.readyz(w, r)
	case path == "/metrics" && e.metrics != nil:
		if e.admitted(w, r, routeguidev1.Role_ROLE_ADMIN, false) != nil {
			e.metrics.ServeHTTP(w, r)
		}
	case e.isTile(r):
		if who := e.admitted(w, r, routeguidev1.Role_ROLE_VIEW, true); who != nil {
			compressed(e.tiles(who.Key.GetArea())).ServeHTTP(w, r)
		}
	case isDescription(path) && e.schemas != nil:
		if e.admitted(w, r, routeguidev1.Role_ROLE_VIEW, false) != nil { // as reflection
			e.describe(w, r)
		}
	case e.maps.Has(path):
		e.maps.ServeHTTP(w, r)
	default:
		e.files.ServeHTTP(w, r)
	}
}

// readyz tells strangers whether we are ready, and admins why not.
func (e *Edge) readyz(w http.ResponseWriter, r *http.Request) {
	err := context.Cause(e.calls.Ending)
	if err == nil && e.ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		err = e.ready(ctx)
	}
	who, _ := e.caller(r)
	admin := who.GetRole() == routeguidev1.Role_ROLE_ADMIN
	if err != nil {
		text := "not ready"
		if admin {
			text = err.Error()
		}
		http.Error(w, text, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
	if e.damage != nil && admin {
		for _, what := range e.damage() {
			fmt.Fprintln(w, "damage:", what)
		}
	}
}

// Close refuses new calls, ends those under way with UNAVAILABLE and waits for all of their goroutines. When ctx ends
// first, what is left is cut off without an answer and Close returns the error of ctx.
func (e *Edge) Close(ctx context.Context) error {
	err := e.calls.Close(ctx)
	e.conns.close()
	<-e.served
	return err
}
