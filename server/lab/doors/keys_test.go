package doors

import (
	"context"
	"encoding/base64"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/edgetest"
)

// A guarded program is one that others than its machine can reach, where somebody is an admin.
type guarded struct {
	*program
	admin string // an authorization
	keys  routeguidev1.KeyServiceClient
}

// startGuarded runs a program on all addresses.
func startGuarded(t *testing.T, args ...string) guarded {
	t.Helper()
	p := start(t, append([]string{"-grpc-addr", "0.0.0.0:0", "-http-addr", "0.0.0.0:0", "-log-level=debug"}, args...)...)
	for _, addr := range []*string{&p.grpc, &p.http} {
		_, port, err := net.SplitHostPort(*addr)
		if err != nil {
			t.Fatal(err)
		}
		*addr = "127.0.0.1:" + port
	}
	g := guarded{program: p, keys: routeguidev1.NewKeyServiceClient(p.conn())}
	link := p.out.wait(regexp.MustCompile(`/#key=(\w{26,})`))
	if link == nil {
		t.Fatalf("there is no link for an admin:\n%s", p.out)
	}
	g.admin = "Bearer " + link[1]
	return g
}

func as(ctx context.Context, authorization string) context.Context {
	if authorization == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
}

// key makes a key and returns it and its authorization.
func (g guarded) key(k *routeguidev1.Key) (*routeguidev1.Key, string) {
	g.t.Helper()
	if k.Name == "" {
		k.Name = g.t.Name()
	}
	made, err := g.keys.CreateKey(as(g.t.Context(), g.admin), &routeguidev1.CreateKeyRequest{Key: k})
	if err != nil {
		g.t.Fatal(err)
	}
	return made.Key, "Bearer " + made.Secret
}

func (g guarded) revoke(id string) {
	g.t.Helper()
	if _, err := g.keys.RevokeKey(as(g.t.Context(), g.admin), &routeguidev1.RevokeKeyRequest{Id: id}); err != nil {
		g.t.Fatal(err)
	}
}

const mayView, mayWrite, mayAll = routeguidev1.Role_ROLE_VIEW, routeguidev1.Role_ROLE_WRITE, routeguidev1.Role_ROLE_ADMIN

// everyMethod is each method of our contracts and of the tutorials', with what a key must allow.
func everyMethod(t *testing.T) map[string]*routeguidev1.Access {
	all := make(map[string]*routeguidev1.Access)
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(f.Path(), "routeguide/") && !strings.HasPrefix(f.Path(), "tutorial/") {
			return true
		}
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				m := s.Methods().Get(j)
				path := "/" + string(s.FullName()) + "/" + string(m.Name())
				all[path] = &routeguidev1.Access{Role: mayWrite}
				if f.Package() == "routeguide.v1" {
					access, _ := proto.GetExtension(m.Options(), routeguidev1.E_Access).(*routeguidev1.Access)
					if access == nil || !proto.HasExtension(m.Options(), routeguidev1.E_Access) {
						t.Fatalf("%s does not say who may call it", path)
					}
					all[path] = access
				}
			}
		}
		return true
	})
	v1 := "/routeguide.v1."
	all[getFeature], all[listFeatures] = all[v1+"FeatureService/SearchFeatures"], all[v1+"FeatureService/SearchFeatures"]
	all[recordRoute] = all[v1+"RouteService/RecordTrack"]
	all[routeChat] = proto.CloneOf(all[watchNotes])
	all[routeChat].Role = mayWrite
	return all
}

// code makes a call with an authorization and returns how it ended, or OK with its first answer.
func (v visitor) code(method, authorization string) codes.Code {
	v.t.Helper()
	ctx, cancel := context.WithCancel(as(v.t.Context(), authorization))
	defer cancel()
	name := protoreflect.FullName(strings.ReplaceAll(method[1:], "/", "."))
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		v.t.Fatal(err)
	}
	m := d.(protoreflect.MethodDescriptor)
	call, err := v.conn(v.p).NewStream(ctx, streams(method), method)
	if err != nil {
		return status.Code(err)
	}
	if !m.IsStreamingClient() {
		_ = call.SendMsg(requestFor(m)) // RecvMsg knows how it ended
	}
	_ = call.CloseSend()
	return status.Code(asOK(call.RecvMsg(dynamicpb.NewMessage(m.Output()))))
}

func asOK(err error) error {
	if err != nil && err.Error() == "EOF" {
		return nil
	}
	return err
}

// requestFor returns a request that REST has a path for.
func requestFor(m protoreflect.MethodDescriptor) proto.Message {
	r := dynamicpb.NewMessage(m.Input())
	rule := edgetest.Rules["/"+string(m.Parent().FullName())+"/"+string(m.Name())]
	for _, name := range regexp.MustCompile(`\{([\w.]+)\}`).FindAllStringSubmatch(rule.Path, -1) {
		in := r.ProtoReflect()
		path := strings.Split(name[1], ".")
		for _, outer := range path[:len(path)-1] {
			in = in.Mutable(in.Descriptor().Fields().ByTextName(outer)).Message()
		}
		if f := in.Descriptor().Fields().ByTextName(path[len(path)-1]); f.Kind() == protoreflect.StringKind {
			in.Set(f, protoreflect.ValueOfString("x"))
		}
	}
	if strings.HasPrefix(rule.Method, "POST one") || rule.Method == http.MethodPatch { // part of the request is the body
		in := r.Mutable(m.Input().Fields().Get(0)).Message()
		in.Set(in.Descriptor().Fields().ByName("name"), protoreflect.ValueOfString("x"))
	}
	return r
}

// A stream ends with its key at every door, whether that is revoked or expires. Then the table of all that a key may do and may
// not, over every method and every door.
func TestKeys(t *testing.T) {
	g := startGuarded(t)
	for _, d := range doors {
		_, unused := g.key(&routeguidev1.Key{Role: mayView, ExpireTime: timestamppb.New(time.Now().Add(time.Hour))})
		if got := (visitor{t, g.program, d}).code(listNotes, unused); got != codes.OK {
			t.Fatalf("%s: a key that expires later: %v", d.name, got)
		}
	}
	expiring, expired := g.key(&routeguidev1.Key{Role: mayAll, ExpireTime: timestamppb.New(time.Now().Add(3 * time.Second))})
	revoked, useless := g.key(&routeguidev1.Key{Role: mayAll})
	var open []call
	for _, d := range doors {
		v := visitor{t, g.program, d}
		for _, authorization := range []string{expired, useless} {
			c := v.begin(t.Context(), watchNotes, "authorization", authorization)
			v.ask(c, &routeguidev1.WatchNotesRequest{})
			if authorization == useless {
				if err := c.RecvMsg(new(routeguidev1.WatchNotesResponse)); err != nil {
					t.Fatalf("%s: %v", d.name, err)
				}
			}
			open = append(open, c)
		}
	}
	g.revoke(revoked.Id)
	for i, c := range open {
		if _, err := rest[routeguidev1.WatchNotesResponse](c); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: a stream ended with %v when its key did, want UNAUTHENTICATED", doors[i/2].name, err)
		}
	}
	if !time.Now().After(expiring.ExpireTime.AsTime()) {
		t.Error("streams ended before their key expired")
	}

	limited := func(k *routeguidev1.Key) string {
		k.Role = mayWrite
		_, authorization := g.key(k)
		return authorization
	}
	_, viewing := g.key(&routeguidev1.Key{Role: mayView})
	_, writing := g.key(&routeguidev1.Key{Role: mayWrite})
	none := routeguidev1.Limit_LIMIT_UNSPECIFIED
	callers := map[string]struct {
		authorization string
		role          routeguidev1.Role
		limit         routeguidev1.Limit
		sight         routeguidev1.Sight
		useless       bool
	}{
		"a stranger":          {},
		"an unknown key":      {"Bearer AAAAAAAAAAAAAAAAAAAAAAAAAA", 0, none, 0, true},
		"an unknown password": {"Basic " + base64.StdEncoding.EncodeToString([]byte("me:mine")), 0, none, 0, true},
		"an expired key":      {expired, 0, none, 0, true},
		"a revoked key":       {useless, 0, none, 0, true},
		"a key to view":       {viewing, mayView, none, 0, false},
		"a key to write":      {writing, mayWrite, none, 0, false},
		"an admin":            {g.admin, mayAll, none, 0, false},
		"a key for an area": {limited(&routeguidev1.Key{Limit: &routeguidev1.Key_Area{Area: &routeguidev1.Bounds{
			Southwest: pb(0, 0), Northeast: pb(1e7, 1e7),
		}}}), mayWrite, routeguidev1.Limit_LIMIT_AREA, 0, false},
		"a key for a route": {
			limited(&routeguidev1.Key{Limit: &routeguidev1.Key_Route{Route: "y"}}), mayWrite, routeguidev1.Limit_LIMIT_ROUTE, 0, false,
		},
		"a key for a traveler": {
			limited(&routeguidev1.Key{Limit: &routeguidev1.Key_Traveler{Traveler: "Ada"}}), mayWrite, routeguidev1.Limit_LIMIT_TRAVELER, 0, false,
		},
		"a live key": {
			limited(&routeguidev1.Key{Sight: routeguidev1.Sight_SIGHT_LIVE}), mayWrite, routeguidev1.Limit_LIMIT_SIGHT, routeguidev1.Sight_SIGHT_LIVE, false,
		},
		"a key for the past": {
			limited(&routeguidev1.Key{Sight: routeguidev1.Sight_SIGHT_PAST}), mayWrite, routeguidev1.Limit_LIMIT_SIGHT, routeguidev1.Sight_SIGHT_PAST, false,
		},
	}
	methods := everyMethod(t)
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			v := visitor{t, g.program, d}
			for who, c := range callers {
				for _, method := range slices.Sorted(maps.Keys(methods)) {
					if _, there := edgetest.Rules[method]; !there {
						t.Fatalf("%s has no path of REST", method)
					}
					if d.name == "gRPC-Web text" && streams(method).ClientStreams {
						continue
					}
					access := methods[method]
					want := codes.OK
					switch {
					case c.useless, c.role < access.Role && c.authorization == "":
						want = codes.Unauthenticated
					case c.role < access.Role, c.limit != none && !slices.Contains(access.Limits, c.limit),
						access.Live && c.sight == routeguidev1.Sight_SIGHT_PAST, access.Past && c.sight == routeguidev1.Sight_SIGHT_LIVE:
						want = codes.PermissionDenied
					case method == "/Contact/getTask": // has no answer yet
						continue
					}
					got := v.code(method, c.authorization)
					refused := got == codes.Unauthenticated || got == codes.PermissionDenied
					// What is let in may still be refused for what it asks for, with the limit as the reason.
					beyond := want == codes.OK && got == codes.PermissionDenied && c.limit != none
					if want == codes.OK && refused && !beyond || want != codes.OK && got != want {
						t.Errorf("%s calls %s: %v, want %v", who, method, got, want)
					}
				}
			}
		})
	}
}
