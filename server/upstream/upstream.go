// Package upstream puts other gRPC servers behind the doors of this one. It relays the calls of services that this server does
// not have, and adds theirs to its reflection.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	grpcreflection "google.golang.org/grpc/reflection"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

	"routeguide/server/relay"
)

// Upstreams are the other servers. They are safe for concurrent use once Behind has returned.
type Upstreams struct {
	all      []*upstream // in the order of the options
	named    map[string]*upstream
	own      map[string]grpc.ServiceInfo
	caller   func(context.Context) netip.Addr
	handled  func(upstream string, code codes.Code)
	ending   context.Context
	files    *protoregistry.Files // of services whose upstream does not describe them
	requests sync.WaitGroup       // goroutines that copy the requests of a call
}

type upstream struct {
	Target
	conn      *grpc.ClientConn
	resets    *resets
	described *description
}

// Open reads the files of the options. It connects to nobody: a target is connected to when it is first called.
func Open(o Options) (*Upstreams, error) {
	secure, err := o.secure()
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	u := &Upstreams{
		named: make(map[string]*upstream), caller: o.Caller, handled: o.Handled, ending: o.Ending, files: o.Descriptors,
	}
	if u.handled == nil {
		u.handled = func(string, codes.Code) {}
	}
	if u.files == nil {
		u.files = new(protoregistry.Files)
	}
	for _, t := range o.Targets {
		if u.named[t.Name] != nil {
			u.Close()
			return nil, fmt.Errorf("upstream: %s is given twice", t.Name)
		}
		made := new(connections)
		conn, err := t.connect(secure, o.MessageBytes, made)
		if err != nil {
			u.Close()
			return nil, fmt.Errorf("upstream: %s: %w", t.Name, err)
		}
		up := &upstream{t, conn, newResets(), &description{connections: made}}
		u.named[t.Name], u.all = up, append(u.all, up)
	}
	return u, nil
}

// Close closes the connections, and waits until nothing is left of their calls. Stop the server first.
func (u *Upstreams) Close() {
	for _, up := range u.all {
		_ = up.conn.Close() // it was not closed
	}
	u.requests.Wait()
}

// Names are those of the targets, in the order of the options.
func (u *Upstreams) Names() (names []string) {
	for _, up := range u.all {
		names = append(names, up.Name)
	}
	return names
}

// Connected tells whether there is a connection to a target, by its name.
func (u *Upstreams) Connected(name string) bool {
	return u.named[name].conn.GetState() == connectivity.Ready
}

// Has tells whether service is the name of a target.
func (u *Upstreams) Has(service string) bool { return u.named[service] != nil }

// Behind registers reflection at s, of its own services, which own describes, and of those of the targets. Serve must be the
// grpc.UnknownServiceHandler of s; all other services of s are registered before, and it does not serve yet. A target with
// the name of a service of s is an error.
func (u *Upstreams) Behind(s *grpc.Server, own grpc_reflection_v1.ServerReflectionServer) error {
	filed := grpcreflection.NewServerV1(grpcreflection.ServerOptions{Services: noServices{}, DescriptorResolver: u.files})
	registerReflection(s, &reflection{own: own, filed: filed, upstreams: u})
	u.own = s.GetServiceInfo()
	for _, up := range u.all {
		if _, ok := u.own[up.Name]; ok {
			return fmt.Errorf("upstream: %s is a service of this server", up.Name)
		}
	}
	return nil
}

// Serve is a grpc.StreamHandler for methods that the server does not have. It relays the call to its target, and returns the
// target's status as it is. When its caller leaves, the call stays open until it may be reset, and Serve returns then.
func (u *Upstreams) Serve(_ any, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	to, err := u.route(path)
	if err != nil {
		return err
	}
	err = u.relay(to, path, stream)
	code := status.Code(err)
	if code == codes.Unknown {
		code = status.FromContextError(err).Code() // its caller left, or had no time
	}
	u.handled(to.Name, code)
	return err
}

func (u *Upstreams) relay(to *upstream, path string, stream grpc.ServerStream) error {
	md := outgoing(stream.Context())
	if err := to.fits(path, md); err != nil {
		return err
	}
	caller, began := u.caller(stream.Context()), time.Now()
	if err := to.resets.admit(caller); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(metadata.NewOutgoingContext(lasting{stream.Context()}, md))
	ctx, answered := listenTo(ctx)
	var opened atomic.Bool
	var once sync.Once
	end := func(why error) {
		once.Do(func() {
			if opened.Load() && !answered.Load() {
				to.resets.wait(u.ending, caller, began)
			}
			cancel(why)
		})
	}
	defer end(nil)
	defer context.AfterFunc(stream.Context(), func() { end(context.Cause(stream.Context())) })()
	call, err := relay.Open(ctx, to.conn, path)
	if err == nil {
		opened.Store(true)
		u.requests.Go(func() {
			if err := relay.Requests(call, stream); err != nil && !errors.Is(err, relay.ErrOver) {
				end(err)
			}
		})
		err = relay.Responses(stream, call)
	}
	switch {
	case err != nil && stream.Context().Err() != nil:
		return context.Cause(stream.Context())
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case status.Code(err) == codes.Unavailable && !answered.Swap(true): // with its connection, nothing is left to be reset
		return status.Errorf(codes.Unavailable, "the upstream %s is unavailable: %s", to.Name, status.Convert(err).Message())
	}
	return err
}

// A lasting context has the values and the deadline of another, and does not end with it.
type lasting struct{ context.Context }

func (lasting) Done() <-chan struct{} { return nil }
func (lasting) Err() error            { return nil }

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
