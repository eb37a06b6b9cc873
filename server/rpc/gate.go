package rpc

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/key"
	"routeguide/server/relay"
)

var errNoKey = errors.New("a key is required")

// A Gate decides which calls may be made: before their handlers, and while they go on. It is safe for concurrent use.
//
// Who is at this machine may do everything without a key. What such a caller sends under the name of a key and is none, as for
// an upstream, is left alone.
type Gate struct {
	keys   *key.Book
	open   key.Role
	native bool

	mu    sync.Mutex
	calls map[string]map[*call]struct{} // streams, by the key that they were begun with
}

// NewGate returns the gate of the holders of keys, which are not open yet. Open is what may be done without a key; native says
// that who calls by native gRPC is at this machine.
func NewGate(keys *key.Book, open key.Role, native bool) *Gate {
	g := &Gate{keys: keys, open: open, native: native, calls: make(map[string]map[*call]struct{})}
	keys.OnEnd(g.end)
	return g
}

// A caller is what somebody who calls may do.
type caller struct {
	role key.Role
	key  *key.Key // nil: without one
}

// trusted is what may be done without a key because of where a call comes from. A page makes no keys.
var trusted = map[relay.Trust]key.Role{relay.Guest: key.Write, relay.Local: key.Admin}

// identify returns who sends an authorization, which may be "".
func (g *Gate) identify(authorization string, trust relay.Trust) (who caller, secret string, err error) {
	who = caller{role: max(g.open, trusted[trust])}
	if secret = secretOf(authorization); secret == "" {
		return who, "", nil
	}
	k, err := g.keys.Check(secret)
	if trust != relay.Stranger && errors.Is(err, key.ErrUnknown) {
		return who, "", nil
	} else if err != nil {
		return caller{}, "", err
	}
	return caller{k.Role, &k}, secret, nil
}

// secretOf returns the secret in an authorization, or "".
func secretOf(authorization string) string {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest
	case strings.EqualFold(scheme, "Basic"):
		plain, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return ""
		}
		_, password, _ := strings.Cut(string(plain), ":")
		return password
	}
	return ""
}

// may returns why a caller may not call a method, or nil.
func (who caller) may(a *routeguidev1.Access) error {
	if who.role < key.Role(a.Role) {
		if who.key == nil {
			return errNoKey
		}
		return status.Errorf(codes.PermissionDenied, "the key does not allow this: it takes one for %s", roleNames[key.Role(a.Role)])
	}
	if who.key == nil {
		return nil
	}
	l := who.key.Limit
	switch {
	case a.Live && l.Sight == key.Past:
		return status.Error(codes.PermissionDenied, "the key does not show what happens now")
	case a.Past && l.Sight == key.Live:
		return status.Error(codes.PermissionDenied, "the key does not show what happened")
	}
	for _, one := range []struct {
		set   bool
		limit routeguidev1.Limit
		what  string
	}{
		{l.Area != nil, routeguidev1.Limit_LIMIT_AREA, "an area"},
		{l.Route != "", routeguidev1.Limit_LIMIT_ROUTE, "a route"},
		{l.Traveler != "", routeguidev1.Limit_LIMIT_TRAVELER, "a traveler"},
		{l.Sight != key.All || !l.From.IsZero(), routeguidev1.Limit_LIMIT_SIGHT, "a time"},
	} {
		if one.set && !slices.Contains(a.Limits, one.limit) {
			return status.Errorf(codes.PermissionDenied, "the key is limited to %s, which this cannot be", one.what)
		}
	}
	return nil
}

var roleNames = map[key.Role]string{key.View: "viewing", key.Write: "writing", key.Admin: "admins"}

// Caller returns what the sender of an authorization, which may be "", may do. The error, with a status, is for a key
// that is of no use.
func (g *Gate) Caller(authorization string, trust relay.Trust) (*routeguidev1.Caller, error) {
	who, _, err := g.identify(authorization, trust)
	if err != nil {
		return nil, fail(err)
	}
	return who.message(), nil
}

// admit lets a call go on to its handler, or says why not. leave must be called when it has ended.
func (g *Gate) admit(c *call) (leave func(), err error) {
	leave = func() {}
	if g == nil {
		c.caller.role = key.Admin
		return leave, nil
	}
	inMemory, trust := g.origin(c.ctx)
	who, secret, err := g.identify(strings.Join(metadata.ValueFromIncomingContext(c.ctx, mdAuthorization), ","), trust)
	if err != nil {
		return leave, err
	}
	if err := who.may(accessOf(c.method)); err != nil {
		return leave, err
	}
	c.caller = who
	if inMemory || who.key != nil {
		md, _ := metadata.FromIncomingContext(c.ctx) // a copy
		relay.ForgetTrust(md)
		if who.key != nil { // no handler needs the secret, and no upstream is told it
			delete(md, mdAuthorization)
			delete(md, "grpcgateway-"+mdAuthorization)
		}
		c.ctx = metadata.NewIncomingContext(c.ctx, md)
	}
	if who.key == nil || c.cancel == nil { // a unary call is allowed to its end what it was when it began
		return leave, nil
	}
	leave = g.hold(c)
	if _, err := g.keys.Check(secret); err != nil { // it was revoked before the call could be found
		leave()
		return func() {}, err
	}
	return leave, nil
}

// origin tells whether a call comes over a connection in memory, and how far its caller is trusted. Who comes through a proxy at
// this machine, if that says that it is one, is a stranger.
func (g *Gate) origin(ctx context.Context) (inMemory bool, trust relay.Trust) {
	if trust, said := relay.TrustOf(ctx); said {
		return false, trust
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr.Network() == "bufconn" {
		return true, relay.ToldTrust(ctx)
	}
	if !g.native || slices.ContainsFunc(relay.Forwarded, func(name string) bool { return value(ctx, name) != "" }) {
		return false, relay.Stranger
	}
	return false, relay.Local
}

// hold keeps a stream among those that end with its key.
func (g *Gate) hold(c *call) (leave func()) {
	id := c.caller.key.ID
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls[id] == nil {
		g.calls[id] = make(map[*call]struct{})
	}
	g.calls[id][c] = struct{}{}
	stop := func() bool { return true }
	if expires := c.caller.key.Expires; !expires.IsZero() {
		stop = time.AfterFunc(time.Until(expires), func() { c.cut(key.ErrExpired) }).Stop
	}
	return func() {
		stop()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.calls[id], c)
		if len(g.calls[id]) == 0 {
			delete(g.calls, id)
		}
	}
}

// end ends the streams that were begun with a key.
func (g *Gate) end(id string) {
	g.mu.Lock()
	calls := slices.Collect(maps.Keys(g.calls[id]))
	g.mu.Unlock()
	for _, c := range calls {
		c.cut(key.ErrRevoked)
	}
}
