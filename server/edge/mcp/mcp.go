// Package mcp is the door for agents: the Model Context Protocol (https://modelcontextprotocol.io), whose tools are methods of
// the services. Arguments and answers are the messages of the contract as JSON.
package mcp

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"google.golang.org/grpc"

	"routeguide/server/schema"
)

// Path is where the door is on the HTTP port.
const Path = "/mcp"

const instructions = "A live map: places, recorded routes, notes that travelers left at places, and who is on the way just now." +
	" Positions are in E7: degrees × 10,000,000, as whole numbers, so 40.9146138° is 409146138."

// Options are what a door stands before.
type Options struct {
	Conn    grpc.ClientConnInterface               // to the server
	Schemas func(context.Context) []*schema.Schema // of the services that it has
	Tools   []Tool
	Log     *slog.Logger
	Version string
	Header  http.Header // of callers that do not come over HTTP
	// MayWrite tells whether the caller, whose headers these are, is offered tools that write. The server decides about each call
	// all the same. Nil: nobody is.
	MayWrite func(context.Context, http.Header) bool
}

// A Door is safe for concurrent use.
type Door struct {
	Options
	http http.Handler

	mu    sync.Mutex
	known []*schema.Schema
	made  map[bool]*mcp.Server // by whether it writes, for known
}

// New returns a door. It is the http.Handler of Path.
func New(o Options) *Door {
	d := &Door{Options: o}
	d.http = mcp.NewStreamableHTTPHandler(
		func(r *http.Request) *mcp.Server { return d.Server(r.Context(), d.mayWrite(r)) },
		&mcp.StreamableHTTPOptions{
			JSONResponse: true,
			Stateless:    true, // any process of a cluster answers any request
			// The HTTP port has checked Host and Origin.
			DisableLocalhostProtection: true, PropagateRequestCancellation: true,
		})
	return d
}

// arrive is how long a request may take to be here, and its answer to be read.
const arrive = 30 * time.Second

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(arrive))
	_ = c.SetWriteDeadline(time.Now().Add(mostWait + arrive))
	d.http.ServeHTTP(w, r)
}

func (d *Door) mayWrite(r *http.Request) bool {
	return d.MayWrite != nil && d.MayWrite(r.Context(), r.Header)
}

// Server has the tools whose methods there are now, those that write only if it is to have them.
func (d *Door) Server(ctx context.Context, writes bool) *mcp.Server {
	schemas := d.Schemas(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(schemas, d.known) {
		d.known, d.made = schemas, make(map[bool]*mcp.Server)
	}
	if d.made[writes] == nil {
		d.made[writes] = d.make(schemas, writes)
	}
	return d.made[writes]
}

func (d *Door) make(schemas []*schema.Schema, writes bool) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "routeguide", Title: "RouteGuide", Version: d.Version}, &mcp.ServerOptions{Instructions: instructions, Logger: d.Log})
	for _, t := range d.Tools {
		if t.Writes && !writes {
			continue
		}
		for _, known := range schemas {
			if m := known.Method(t.Method); m != nil {
				c := d.newCall(t, m, known.Types)
				s.AddTool(c.tool(), c.handle)
				break
			}
		}
	}
	d.addResources(s, schemas)
	return s
}
