package rpc

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/key"
	"routeguide/server/store"
)

func openKeys(t testing.TB) *key.Book {
	t.Helper()
	st := store.New(store.Options{Dir: t.TempDir()})
	keys := key.New(st, nil)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return keys
}

func callFrom(ctx context.Context, method string, md ...string) *call {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}})
	return &call{method: method, ctx: metadata.NewIncomingContext(ctx, metadata.Pairs(md...))}
}

// Every method of our own says who may call it, and what may be called without a key is known.
func TestEveryMethodSaysWhoMayCallIt(t *testing.T) {
	open, all := 0, 0
	eachMethod(ownPackage, func(path string, m protoreflect.MethodDescriptor) {
		all++
		if !proto.HasExtension(m.Options(), routeguidev1.E_Access) {
			t.Errorf("%s has no option (access)", path)
		}
		if accessOf(path).Role == routeguidev1.Role_ROLE_UNSPECIFIED {
			open++
			if path != "/routeguide.v1.KeyService/GetCaller" {
				t.Errorf("everybody may call %s", path)
			}
		}
	})
	if open != 1 || all < 25 {
		t.Errorf("%d of %d methods may be called by everybody", open, all)
	}
	for method, want := range map[string]routeguidev1.Role{
		"/grpc.health.v1.Health/Check": 0, "/grpc.health.v1.Health/Watch": 0,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": routeguidev1.Role_ROLE_VIEW,
		"/RouteGuide/ListFeature":                                   routeguidev1.Role_ROLE_VIEW,
		"/RouteGuide/RouteChat":                                     routeguidev1.Role_ROLE_WRITE,
		"/some.Upstream/GetThing":                                   routeguidev1.Role_ROLE_WRITE,
		"/routeguide.v1.KeyService/NoSuchMethod":                    routeguidev1.Role_ROLE_WRITE,
		"":                                                          routeguidev1.Role_ROLE_WRITE,
		"/":                                                         routeguidev1.Role_ROLE_WRITE,
		"/grpc.health.v1.Health.Evil/Check":                         routeguidev1.Role_ROLE_WRITE,
	} {
		if got := accessOf(method).Role; got != want {
			t.Errorf("%q takes %v, want %v", method, got, want)
		}
	}
}

// A key reaches neither handlers nor upstreams; what is none at this machine does.
func TestAKeyGoesNoFurther(t *testing.T) {
	keys := openKeys(t)
	_, secret, err := keys.Create(t.Context(), key.Key{Role: key.Admin})
	if err != nil {
		t.Fatal(err)
	}
	for authorization, kept := range map[string]int{"Bearer " + secret: 0, "bearer   " + secret: 0, "Bearer of-an-upstream": 1, "Digest x": 1} {
		c := callFrom(t.Context(), "/some.Upstream/Do", "authorization", authorization, "grpcgateway-authorization", authorization, "x", "y")
		if _, err := NewGate(keys, key.Nobody, true).admit(c); err != nil {
			t.Fatal(err)
		}
		md, _ := metadata.FromIncomingContext(c.ctx)
		if len(md["authorization"]) != kept || len(md["grpcgateway-authorization"]) != kept || len(md["x"]) != 1 {
			t.Errorf("with %q the handler gets %v", authorization, md)
		}
	}
	for authorization, want := range map[string]codes.Code{
		"Bearer " + secret: codes.OK, "Bearer of-an-upstream": codes.Unauthenticated, "Digest x": codes.Unauthenticated, "Bearer": codes.Unauthenticated,
		"Basic !": codes.Unauthenticated, secret: codes.Unauthenticated, "Bearer " + secret + ",Bearer " + secret: codes.Unauthenticated,
	} {
		_, err := NewGate(keys, key.Nobody, false).admit(callFrom(t.Context(), "/some.Upstream/Do", "authorization", authorization))
		if got := status.Code(fail(err)); got != want {
			t.Errorf("%q elsewhere: %v, want %v", authorization, got, want)
		}
	}
}

// What the gate takes of a call that is let in: for who is at this machine, a stranger where it is open, and with a key.
func BenchmarkGate(b *testing.B) {
	keys := openKeys(b)
	_, secret, err := keys.Create(b.Context(), key.Key{Role: key.View})
	if err != nil {
		b.Fatal(err)
	}
	const method = "/routeguide.RouteGuide/GetFeature"
	for name, with := range map[string]struct {
		gate *Gate
		md   []string
	}{
		"local":    {NewGate(keys, key.Nobody, true), []string{"user-agent", "bench", "content-type", "application/grpc", ":authority", "x"}},
		"stranger": {NewGate(keys, key.View, false), []string{"user-agent", "bench", "content-type", "application/grpc", ":authority", "x"}},
		"key": {NewGate(keys, key.Nobody, false), []string{
			"user-agent", "bench", "content-type", "application/grpc", ":authority", "x", "authorization", "Bearer " + secret,
		}},
	} {
		b.Run(name, func(b *testing.B) {
			c := callFrom(b.Context(), method, with.md...)
			ctx := c.ctx
			b.ReportAllocs()
			for b.Loop() {
				c.ctx = ctx
				leave, err := with.gate.admit(c)
				if err != nil {
					b.Fatal(err)
				}
				leave()
			}
		})
	}
}
