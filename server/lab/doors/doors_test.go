package doors

import (
	"context"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/edgetest"
)

// A door is a way in. Every case runs through every door that can carry it.
type door struct {
	name    string
	streams bool // carries client and bidi streams, header metadata before the end included
	conn    func(*program) grpc.ClientConnInterface
}

const (
	getFeature     = "/routeguide.RouteGuide/GetFeature"
	listFeatures   = "/routeguide.RouteGuide/ListFeatures"
	recordRoute    = "/routeguide.RouteGuide/RecordRoute"
	routeChat      = "/routeguide.RouteGuide/RouteChat"
	listNotes      = "/routeguide.v1.NoteService/ListNotes"
	watchNotes     = "/routeguide.v1.NoteService/WatchNotes"
	deleteNote     = "/routeguide.v1.NoteService/DeleteNote"
	listRoutes     = "/routeguide.v1.RouteService/ListRoutes"
	listTravelers  = "/routeguide.v1.TravelerService/ListTravelers"
	watchTravelers = "/routeguide.v1.TravelerService/WatchTravelers"
	getRoute       = "/routeguide.v1.RouteService/GetRoute"
	readTrack      = "/routeguide.v1.RouteService/ReadTrack"
	watchRoute     = "/routeguide.v1.RouteService/WatchRoute"
	recordTrack    = "/routeguide.v1.RouteService/RecordTrack"
	updateRoute    = "/routeguide.v1.RouteService/UpdateRoute"
	deleteRoute    = "/routeguide.v1.RouteService/DeleteRoute"
)

var http1 = &http.Client{Transport: new(http.Transport)}

var doors = doorsBy(http1)

// doorsBy are the doors as they are used with a client.
func doorsBy(client *http.Client) []door {
	return []door{
		{"native", true, func(p *program) grpc.ClientConnInterface { return p.conn() }},
		{"WebSocket", true, func(p *program) grpc.ClientConnInterface { return edgetest.WebSocket{Base: p.base(), Client: client} }},
		{"gRPC-Web", true, func(p *program) grpc.ClientConnInterface { return edgetest.Web{Base: p.base(), Client: client} }},
		{"gRPC-Web text", false, func(p *program) grpc.ClientConnInterface {
			return edgetest.Web{Base: p.base(), Text: true, Client: client}
		}},
		{"REST", true, func(p *program) grpc.ClientConnInterface { return edgetest.REST{Base: p.base(), Client: client} }},
		{"server-sent events", true, func(p *program) grpc.ClientConnInterface {
			return edgetest.REST{Base: p.base(), Client: client, Events: true}
		}},
	}
}

// rest tells whether the door is one of REST, where a call of GET has its request in the path.
func (d door) rest() bool { return strings.HasPrefix(d.name, "REST") || d.name == "server-sent events" }

// A call is one call through a door.
type call struct {
	grpc.ClientStream
	Cancel context.CancelFunc
}

// A visitor makes calls through one door.
type visitor struct {
	t *testing.T
	p *program
	door
}

func (v visitor) begin(ctx context.Context, method string, md ...string) call {
	v.t.Helper()
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, md...))
	v.t.Cleanup(cancel)
	stream, err := v.conn(v.p).NewStream(ctx, streams(method), method)
	if err != nil {
		v.t.Fatal(err)
	}
	return call{stream, cancel}
}

// streams tells what of a method is a stream, by the contract.
func streams(method string) *grpc.StreamDesc {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, _ := protoregistry.GlobalFiles.FindDescriptorByName(name)
	m, ok := found.(protoreflect.MethodDescriptor)
	return &grpc.StreamDesc{ClientStreams: ok && m.IsStreamingClient(), ServerStreams: ok && m.IsStreamingServer()}
}

// ask sends messages and half-closes. How a call ended that is over before, receiving tells.
func (v visitor) ask(c call, messages ...proto.Message) {
	v.t.Helper()
	for _, m := range messages {
		if err := c.SendMsg(m); err == io.EOF {
			return
		} else if err != nil {
			v.t.Fatal(err)
		}
	}
	if err := c.CloseSend(); err != nil {
		v.t.Fatal(err)
	}
}

// missDeadline makes calls of a stream that does not end, with ever longer deadlines until one of them is answered before.
func (v visitor) missDeadline(method string, in, out proto.Message) {
	v.t.Helper()
	desc := &grpc.StreamDesc{ServerStreams: true}
	for deadline := 300 * time.Millisecond; deadline < patience; deadline *= 2 {
		ctx, cancel := context.WithTimeout(v.t.Context(), deadline)
		defer cancel()
		stream, err := v.conn(v.p).NewStream(ctx, desc, method)
		if err == nil {
			if err = stream.SendMsg(in); err == nil || err == io.EOF {
				err = stream.CloseSend()
			}
		}
		answered := false
		for err == nil {
			if err = stream.RecvMsg(out); err == nil {
				answered = true
			}
		}
		if status.Code(err) != codes.DeadlineExceeded {
			v.t.Fatalf("ended with %v, want DEADLINE_EXCEEDED", err)
		}
		if answered {
			return
		}
	}
	v.t.Error("no call was answered")
}

func (v visitor) unary(method string, in, out proto.Message, md ...string) error {
	v.t.Helper()
	c := v.begin(v.t.Context(), method, md...)
	v.ask(c, in)
	return c.RecvMsg(out)
}

// rest receives all that is left of a stream.
func rest[M any, P interface {
	*M
	proto.Message
}](c call) (all []P, err error) {
	for {
		m := P(new(M))
		if err = c.RecvMsg(m); err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

// refused checks that err is INVALID_ARGUMENT and names the field.
func (v visitor) refused(err error, field string) {
	v.t.Helper()
	st := status.Convert(err)
	if st.Code() != codes.InvalidArgument {
		v.t.Errorf("error %v, want INVALID_ARGUMENT", err)
	}
	for _, d := range st.Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok && len(bad.FieldViolations) == 1 && bad.FieldViolations[0].Field == field {
			return
		}
	}
	v.t.Errorf("error %v with details %v, want a violation of %q", err, st.Details(), field)
}

// throughEachDoor runs a test with a program at every door.
func throughEachDoor(t *testing.T, test func(visitor), args ...string) {
	p := start(t, append(args, "-log-level=debug")...)
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) { test(visitor{t, p, d}) })
	}
}

// cases runs tests at a door.
func (v visitor) cases(tests map[string]func(visitor)) {
	for name, test := range tests {
		v.t.Run(name, func(t *testing.T) { test(visitor{t, v.p, v.door}) })
	}
}

func TestEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		v.cases(unaryAndListCases)
		if v.streams {
			v.cases(streamCases)
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	p := start(t)
	for _, d := range relayDoors {
		v := visitor{t, p, d}
		err := v.unary("/routeguide.RouteGuide/NoSuchMethod", pb(0, 0), new(routeguidepb.Feature))
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: error %v, want UNIMPLEMENTED", d.name, err)
		}
	}
	for path, want := range map[string]int{"/v1/nosuchpath": http.StatusNotFound, "/nosuchfile": http.StatusNotFound} {
		resp, err := http.Get(p.base() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
}

func pb(lat, lng int32) *routeguidepb.Point {
	return &routeguidepb.Point{Latitude: lat, Longitude: lng}
}

var world = &routeguidepb.Rectangle{Lo: pb(geo.MaxLat, geo.MaxLng), Hi: pb(-geo.MaxLat, -geo.MaxLng)}

var unaryAndListCases = map[string]func(visitor){
	"a feature by its position": func(v visitor) {
		f := new(routeguidepb.Feature)
		if err := v.unary(getFeature, pb(409146138, -746188906), f); err != nil {
			v.t.Fatal(err)
		}
		if want := "Berkshire Valley Management Area Trail, Jefferson, NJ, USA"; f.Name != want || f.Location.GetLatitude() != 409146138 {
			v.t.Errorf("feature %v, want %s", f, want)
		}
	},
	"no feature there": func(v visitor) {
		f := new(routeguidepb.Feature)
		if err := v.unary(getFeature, pb(1, -2), f); err != nil {
			v.t.Fatal(err)
		}
		if want := (&routeguidepb.Feature{Location: pb(1, -2)}); !proto.Equal(f, want) {
			v.t.Errorf("feature %v, want %v", f, want)
		}
	},
	"a position out of range": func(v visitor) {
		v.refused(v.unary(getFeature, pb(900000001, 0), new(routeguidepb.Feature)), "latitude")
		v.refused(v.unary(getFeature, pb(0, math.MinInt32), new(routeguidepb.Feature)), "longitude")
	},
	"all features in order": func(v visitor) {
		c := v.begin(v.t.Context(), listFeatures)
		v.ask(c, world)
		got, err := rest[routeguidepb.Feature](c)
		if err != nil {
			v.t.Fatal(err)
		}
		i := 0
		for f := range feature.Default().In(geo.World) {
			want := &routeguidepb.Feature{Name: f.Name, Location: pb(f.Location.Lat, f.Location.Lng)}
			if i >= len(got) || !proto.Equal(got[i], want) {
				v.t.Fatalf("of %d features number %d is not %v", len(got), i, want)
			}
			i++
		}
	},
	"an area without features": func(v visitor) {
		c := v.begin(v.t.Context(), listFeatures)
		v.ask(c, &routeguidepb.Rectangle{Lo: pb(1, 1), Hi: pb(2, 2)})
		if got, err := rest[routeguidepb.Feature](c); err != nil || len(got) != 0 {
			v.t.Errorf("%d features, %v, want none", len(got), err)
		}
	},
	"a rectangle without a corner": func(v visitor) {
		c := v.begin(v.t.Context(), listFeatures)
		v.ask(c, &routeguidepb.Rectangle{Lo: pb(1, 1)})
		_, err := rest[routeguidepb.Feature](c)
		v.refused(err, "hi")
	},
	"a page of notes that is too large": func(v visitor) {
		v.refused(v.unary(listNotes, &routeguidev1.ListNotesRequest{PageSize: 1001}, new(routeguidev1.ListNotesResponse)), "page_size")
	},
	"a cursor of nobody": func(v visitor) {
		c := v.begin(v.t.Context(), watchNotes)
		v.ask(c, &routeguidev1.WatchNotesRequest{Cursor: "made up"})
		_, err := rest[routeguidev1.WatchNotesResponse](c)
		v.refused(err, "cursor")
	},
	"a deadline": func(v visitor) {
		v.missDeadline(watchNotes, &routeguidev1.WatchNotesRequest{}, new(routeguidev1.WatchNotesResponse))
	},
	"a cancelled call ends its handler": func(v visitor) {
		id := "cancel-" + strings.ReplaceAll(v.name, " ", "-")
		c := v.begin(v.t.Context(), watchNotes, "traveler", id)
		v.ask(c, &routeguidev1.WatchNotesRequest{})
		if err := c.RecvMsg(new(routeguidev1.WatchNotesResponse)); err != nil {
			v.t.Fatal(err)
		}
		c.Cancel()
		if v.p.out.wait(regexp.MustCompile(`method=/routeguide.v1.NoteService/WatchNotes door=\S+ code=Canceled .*traveler=`+id)) == nil {
			v.t.Errorf("the handler did not end:\n%s", v.p.out)
		}
	},
	"notes as they come": func(v visitor) {
		here := v.place()
		watch := v.begin(v.t.Context(), watchNotes)
		v.ask(watch, &routeguidev1.WatchNotesRequest{Bounds: &routeguidev1.Bounds{Southwest: here, Northeast: here}})
		m := new(routeguidev1.WatchNotesResponse)
		if err := watch.RecvMsg(m); err != nil || m.Note != nil || m.Cursor == "" {
			v.t.Fatalf("first %v, %v, want a cursor without a note: nothing is stored here", m, err)
		}
		chat := visitor{v.t, v.p, doors[0]}.begin(v.t.Context(), routeChat, "traveler", "Zo%C3%AB")
		for _, text := range []string{"one", "two"} {
			if err := chat.SendMsg(&routeguidepb.RouteNote{Location: here, Message: text}); err != nil {
				v.t.Fatal(err)
			}
			m := new(routeguidev1.WatchNotesResponse)
			if err := watch.RecvMsg(m); err != nil || m.Note.GetMessage() != text || m.Note.GetTraveler() != "Zoë" || m.Note.GetCreateTime() == nil {
				v.t.Fatalf("watched %v, %v, want %q by Zoë", m, err, text)
			}
		}
		watch.Cancel()
		page := new(routeguidev1.ListNotesResponse)
		if err := v.unary(listNotes, &routeguidev1.ListNotesRequest{Bounds: &routeguidev1.Bounds{Southwest: here, Northeast: here}, PageSize: 1}, page); err != nil {
			v.t.Fatal(err)
		}
		if len(page.Notes) != 1 || page.Notes[0].Message != "one" || page.NextPageToken == "" {
			v.t.Errorf("page %v, want the first note and a token", page)
		}
	},
}

var streamCases = map[string]func(visitor){
	"a route through the default features": func(v visitor) {
		c := v.begin(v.t.Context(), recordRoute)
		if !strings.Contains(v.name, "REST") && v.name != "server-sent events" { // they carry headers with the summary
			head, err := c.Header()
			if err != nil || len(head.Get("route-id")) != 1 || len(head.Get("resume-token")) != 1 || !slices.Equal(head.Get("route-points"), []string{"0"}) {
				v.t.Errorf("header %v, %v before the first point, want route-id, resume-token, and route-points 0", head, err)
			}
		}
		var points []proto.Message
		for f := range feature.Default().In(geo.World) {
			points = append(points, pb(f.Location.Lat, f.Location.Lng))
		}
		v.ask(c, points...)
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil {
			v.t.Fatal(err)
		}
		if sum.PointCount != 100 || sum.FeatureCount != 100 || sum.Distance != 7_494_392 || sum.ElapsedTime > 60 {
			v.t.Errorf("summary %v, want 100 points, 100 features, 7494392 m", sum)
		}
	},
	"an empty route": func(v visitor) {
		c := v.begin(v.t.Context(), recordRoute)
		v.ask(c)
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 0 || sum.Distance != 0 {
			v.t.Errorf("summary %v, %v, want nothing", sum, err)
		}
	},
	"a point out of range keeps those before": func(v visitor) {
		secret := v.token("broken")
		c := v.begin(v.t.Context(), recordRoute, "resume-token", secret)
		v.ask(c, pb(1, 1), pb(2, 2), pb(0, -1800000001))
		v.refused(c.RecvMsg(new(routeguidepb.RouteSummary)), "longitude")

		c = v.begin(v.t.Context(), recordRoute, "resume-token", secret)
		v.ask(c, pb(3, 3))
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 3 {
			v.t.Errorf("summary %v, %v, want 3 points", sum, err)
		}
		if head, err := c.Header(); err != nil || !slices.Equal(head.Get("route-points"), []string{"2"}) {
			v.t.Errorf("header %v, %v, want route-points 2", head, err)
		}
		c = v.begin(v.t.Context(), recordRoute, "resume-token", secret)
		v.ask(c, pb(4, 4))
		if err := c.RecvMsg(sum); status.Code(err) != codes.FailedPrecondition {
			v.t.Errorf("a point after the end: %v, want FAILED_PRECONDITION", err)
		}
	},
	"metadata that cannot be": func(v visitor) {
		for _, kv := range [][2]string{{"resume-token", "too-short"}, {"resume-token", strings.Repeat("x", 65)}, {"route-id", "r1"}, {"chat-id", "c1"}, {"traveler", strings.Repeat("x", 65)}, {"traveler", "%zz"}} {
			c := v.begin(v.t.Context(), recordRoute, kv[0], kv[1])
			v.ask(c)
			v.refused(c.RecvMsg(new(routeguidepb.RouteSummary)), kv[0])
		}
		c := v.begin(v.t.Context(), routeChat, "chat-notes", "-1")
		v.ask(c)
		v.refused(c.RecvMsg(new(routeguidepb.RouteNote)), "chat-notes")
	},
	"a chat as the tutorials have it": func(v visitor) {
		here := v.place()
		there := pb(here.Latitude, here.Longitude+1)
		c := v.begin(v.t.Context(), routeChat)
		note := func(p *routeguidepb.Point, text string) *routeguidepb.RouteNote {
			return &routeguidepb.RouteNote{Location: p, Message: text}
		}
		v.ask(c, note(here, "1"), note(there, "2"), note(here, "3"), note(there, "4"), note(here, "5"))
		got, err := rest[routeguidepb.RouteNote](c)
		if err != nil {
			v.t.Fatal(err)
		}
		want := []*routeguidepb.RouteNote{note(here, "1"), note(there, "2"), note(here, "3")}
		if !slices.EqualFunc(got, want, func(a, b *routeguidepb.RouteNote) bool { return proto.Equal(a, b) }) {
			v.t.Errorf("notes %v, want %v", got, want)
		}
	},
	"two chats at once": func(v visitor) {
		here := v.place()
		note := func(text string) *routeguidepb.RouteNote {
			return &routeguidepb.RouteNote{Location: here, Message: text}
		}
		us := v.begin(v.t.Context(), routeChat)
		them := visitor{v.t, v.p, doors[0]}.begin(v.t.Context(), routeChat)
		send := func(c call, text string) {
			if err := c.SendMsg(note(text)); err != nil {
				v.t.Fatal(err)
			}
		}
		expect := func(c call, text string) {
			v.t.Helper()
			m := new(routeguidepb.RouteNote)
			if err := c.RecvMsg(m); err != nil || !proto.Equal(m, note(text)) {
				v.t.Fatalf("got %v, %v, want %s", m, err, text)
			}
		}
		send(us, "hello")
		send(us, "anybody?")
		expect(us, "hello")
		send(them, "me")
		expect(them, "hello")
		expect(them, "anybody?")
		expect(us, "me") // live, while our side is still open
		send(us, "good")
		expect(us, "anybody?")
		expect(them, "good")
		v.ask(us)
		if more, err := rest[routeguidepb.RouteNote](us); err != nil || len(more) != 0 {
			v.t.Errorf("after the half-close %v, %v, want nothing", more, err)
		}
	},
	"notes that cannot be": func(v visitor) {
		for field, n := range map[string]*routeguidepb.RouteNote{
			"location":          {Message: "nowhere"},
			"location.latitude": {Location: pb(-900000001, 0), Message: "too far"},
			"message":           {Location: pb(1, 1)},
		} {
			c := v.begin(v.t.Context(), routeChat)
			v.ask(c, n)
			v.refused(c.RecvMsg(new(routeguidepb.RouteNote)), field)
		}
		c := v.begin(v.t.Context(), routeChat)
		v.ask(c, &routeguidepb.RouteNote{Location: pb(1, 1), Message: strings.Repeat("é", 2049)})
		v.refused(c.RecvMsg(new(routeguidepb.RouteNote)), "message")
	},
}
