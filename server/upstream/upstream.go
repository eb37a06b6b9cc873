// Package upstream puts other gRPC servers behind the doors of this one: calls of services that the server does not have
// itself are relayed, undecoded, and its reflection describes theirs too.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"routeguide/server/h2"
	"routeguide/server/relay"
	"routeguide/server/workers"
)

// Upstreams are other servers. It is safe for concurrent use once Behind has returned.
type Upstreams struct {
	all    []*upstream // in the order of the options
	named  map[string]*upstream
	own    map[string]grpc.ServiceInfo
	inside *h2.Relay     // for calls that do not come over a connection
	copies *workers.Pool // of requests
}

type upstream struct {
	Target
	far  *h2.Target
	conn *grpc.ClientConn // to far, by way of Upstreams.inside
}

const streamBytes = 64 << 10 // of a call that may be on their way in memory

// inMemory bounds callers that are in this process: what they make, others have bounded.
var inMemory = h2.Options{Calls: math.MaxInt32, Headers: 1 << 20, Greet: time.Minute, Patience: time.Hour, Idle: 24 * time.Hour}

// Open reads the files of the options. A target is connected to when it is first called: it need not run yet.
func Open(o Options) (*Upstreams, error) {
	secure, err := o.secure()
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	u := &Upstreams{named: make(map[string]*upstream), inside: h2.NewRelay(inMemory), copies: workers.New()}
	for _, t := range o.Targets {
		if u.named[t.Name] != nil {
			u.Close()
			return nil, fmt.Errorf("upstream: %s is given twice", t.Name)
		}
		up := &upstream{Target: t, far: t.open(secure)}
		u.named[t.Name], u.all = up, append(u.all, up)
		if up.conn, err = u.connect(up.far); err != nil {
			u.Close()
			return nil, fmt.Errorf("upstream: connect in memory: %w", err)
		}
	}
	return u, nil
}

// connect returns a connection over which all calls go to a target.
func (u *Upstreams) connect(to *h2.Target) (*grpc.ClientConn, error) {
	l := relay.Listen()
	u.copies.Go(func() {
		_ = u.inside.Serve(l, func(string) (h2.Route, error) { return h2.Route{To: to}, nil }) // it does not fail in memory
	})
	return relay.Connect(l, streamBytes)
}

// Close closes the connections. The server must have been stopped.
func (u *Upstreams) Close() {
	for _, up := range u.all {
		if up.conn != nil {
			_ = up.conn.Close() // it was not closed
		}
	}
	u.inside.Shutdown(context.Background())
	u.copies.Close()
	for _, up := range u.all {
		up.far.Close()
	}
}

// Any tells whether there is a target at all.
func (u *Upstreams) Any() bool { return len(u.all) > 0 }

// Has tells whether service is the name of a target.
func (u *Upstreams) Has(service string) bool { return u.named[service] != nil }

// Behind places the targets behind s, which was made with Serve as its grpc.UnknownServiceHandler, has all of its services
// but reflection, and does not serve yet. It registers reflection over own, which describes the services of s, and over
// that of the targets. A target with the name of a service of s is an error.
func (u *Upstreams) Behind(s *grpc.Server, own grpc_reflection_v1.ServerReflectionServer) error {
	registerReflection(s, &reflection{own: own, upstreams: u})
	u.own = s.GetServiceInfo()
	for _, up := range u.all {
		if _, ok := u.own[up.Name]; ok {
			return fmt.Errorf("upstream: %s is a service of this server", up.Name)
		}
	}
	return nil
}

// Serve relays a call of a method that the server does not have. It is a grpc.StreamHandler; how the target ends the call
// is returned as it is.
func (u *Upstreams) Serve(_ any, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	to, err := u.route(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(metadata.NewOutgoingContext(stream.Context(), outgoing(stream.Context())))
	defer cancel(nil)
	call, err := relay.Open(ctx, to.conn, path)
	if err == nil {
		u.copies.Go(func() {
			if err := relay.Requests(call, stream); err != nil && !errors.Is(err, relay.ErrOver) {
				cancel(err)
			}
		})
		err = relay.Responses(stream, call)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// route finds the upstream for a path, "/package.Service/Method".
func (u *Upstreams) route(path string) (*upstream, error) {
	path = strings.TrimPrefix(path, "/")
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return nil, status.Errorf(codes.Unimplemented, "malformed method name: %q", path)
	}
	service, method := path[:at], path[at+1:]
	if up := u.named[service]; up != nil && service != Any {
		return up, nil
	}
	if _, ok := u.own[service]; ok {
		return nil, status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
	}
	if up := u.named[Any]; up != nil {
		return up, nil
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown service %v", service)
}
