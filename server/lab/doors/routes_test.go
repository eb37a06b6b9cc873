package doors

import (
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
)

func TestRoutesThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		v.cases(routeCases)
		if v.streams {
			v.cases(trackCases)
		}
	})
}

// recorded is a route that was recorded natively, by a traveler whom no other case has.
func (v visitor) recorded(fixes ...*routeguidev1.Fix) *routeguidev1.Route {
	v.t.Helper()
	return visitor{v.t, v.p, doors[0]}.record(v.t.Name(), fixes...)
}

func (v visitor) record(traveler string, fixes ...*routeguidev1.Fix) *routeguidev1.Route {
	v.t.Helper()
	c := v.begin(v.t.Context(), recordTrack, "traveler", url.PathEscape(short(traveler)))
	v.ask(c, requests(fixes)...)
	done := new(routeguidev1.RecordTrackResponse)
	if err := c.RecvMsg(done); err != nil {
		v.t.Fatal(err)
	}
	return done.Route
}

func requests(fixes []*routeguidev1.Fix) (all []proto.Message) {
	for _, f := range fixes {
		all = append(all, &routeguidev1.RecordTrackRequest{Fix: f})
	}
	return all
}

// short is a traveler's name of a test: names have 64 characters.
func short(name string) string { return name[max(0, len(name)-60):] }

var noon = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

// at is a point of a test's track, some seconds after noon.
func at(seconds int, lat, lng int32) *routeguidev1.Fix {
	return &routeguidev1.Fix{Location: pb(lat, lng), Time: timestamppb.New(noon.Add(time.Duration(seconds) * time.Second))}
}

// measured is a point with everything that a receiver may measure.
func measured(seconds int, lat, lng int32) *routeguidev1.Fix {
	f := at(seconds, lat, lng)
	f.Elevation, f.Accuracy, f.Speed = proto.Float64(-12.5), proto.Float64(4.2), proto.Float64(13.37)
	f.Heading, f.Battery = proto.Float64(359.9), proto.Float64(81)
	return f
}

func sameFixes(a, b []*routeguidev1.Fix) bool {
	return slices.EqualFunc(a, b, func(a, b *routeguidev1.Fix) bool { return proto.Equal(a, b) })
}

// track reads a route's points.
func (v visitor) track(route string) (all []*routeguidev1.Fix, err error) {
	v.t.Helper()
	c := v.begin(v.t.Context(), readTrack)
	v.ask(c, &routeguidev1.ReadTrackRequest{Route: route})
	answers, err := rest[routeguidev1.ReadTrackResponse](c)
	for _, a := range answers {
		all = append(all, a.Fixes...)
	}
	return all, err
}

var routeCases = map[string]func(visitor){
	"a route and its points": func(v visitor) {
		// Eastward along the equator across the antimeridian: 0.002°, 222.390 m on the sphere, in 100 s, then a rest.
		fixes := []*routeguidev1.Fix{measured(0, 0, 1799990000), at(100, 0, -1799990000), measured(300, 0, -1799990000)}
		id := v.recorded(fixes...).Id
		r := new(routeguidev1.Route)
		if err := v.unary(getRoute, &routeguidev1.GetRouteRequest{Route: id}, r); err != nil {
			v.t.Fatal(err)
		}
		if r.Id != id || r.Traveler != short(v.t.Name()) || r.State != routeguidev1.RouteState_ROUTE_STATE_FINISHED || r.PointCount != 3 || r.FeatureCount != 0 ||
			!r.StartTime.AsTime().Equal(noon) || !r.EndTime.AsTime().Equal(noon.Add(5*time.Minute)) ||
			!proto.Equal(r.Bounds, &routeguidev1.Bounds{Southwest: pb(0, 1799990000), Northeast: pb(0, -1799990000)}) || len(r.Sketch) != 3 {
			v.t.Errorf("route %v", r)
		}
		s := r.Statistics
		if math.Abs(s.Distance-222.390) > 0.001 || s.MovingTime.AsDuration() != 100*time.Second || s.StopCount != 1 ||
			math.Abs(s.AverageSpeed-2.2239) > 0.0001 || s.TopSpeed != 13.37 || s.Climb != 0 || s.Descent != 0 {
			v.t.Errorf("statistics %v", s)
		}
		if got, err := v.track(id); err != nil || !sameFixes(got, fixes) {
			v.t.Errorf("track %v, %v, want %v", got, err, fixes)
		}
	},
	"routes of a traveler, an area and a day": func(v visitor) {
		who, here := short(v.t.Name()), v.place()
		old := v.recorded(at(-86400, here.Latitude, here.Longitude))
		young := v.recorded(at(0, here.Latitude, here.Longitude+10))
		list := func(q *routeguidev1.ListRoutesRequest) (ids []string) {
			v.t.Helper()
			for q.Traveler = who; ; {
				page := new(routeguidev1.ListRoutesResponse)
				if err := v.unary(listRoutes, q, page); err != nil {
					v.t.Fatal(err)
				}
				for _, r := range page.Routes {
					ids = append(ids, r.Id)
				}
				if q.PageToken = page.NextPageToken; q.PageToken == "" {
					return ids
				}
			}
		}
		both := []string{young.Id, old.Id}
		for _, test := range []struct {
			q    *routeguidev1.ListRoutesRequest
			want []string
		}{
			{&routeguidev1.ListRoutesRequest{}, both},
			{&routeguidev1.ListRoutesRequest{PageSize: 1}, both},
			{&routeguidev1.ListRoutesRequest{StartTime: timestamppb.New(noon)}, both[:1]},
			{&routeguidev1.ListRoutesRequest{EndTime: timestamppb.New(noon)}, both[1:]},
			{&routeguidev1.ListRoutesRequest{Bounds: &routeguidev1.Bounds{Southwest: here, Northeast: here}}, both[1:]},
			{&routeguidev1.ListRoutesRequest{State: routeguidev1.RouteState_ROUTE_STATE_FINISHED}, both},
			{&routeguidev1.ListRoutesRequest{State: routeguidev1.RouteState_ROUTE_STATE_RECORDING}, nil},
		} {
			if got := list(test.q); !slices.Equal(got, test.want) {
				v.t.Errorf("%v lists %v, want %v", test.q, got, test.want)
			}
		}
		hide := &routeguidev1.UpdateRouteRequest{Route: &routeguidev1.Route{Id: young.Id, Hidden: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"hidden"}}}
		if err := v.unary(updateRoute, hide, new(routeguidev1.Route)); err != nil {
			v.t.Fatal(err)
		}
		if got := list(&routeguidev1.ListRoutesRequest{}); !slices.Equal(got, both[1:]) {
			v.t.Errorf("with one hidden there are %v", got)
		}
		if got := list(&routeguidev1.ListRoutesRequest{ShowHidden: true}); !slices.Equal(got, both) {
			v.t.Errorf("with hidden ones there are %v", got)
		}
	},
	"a route gets a name and a colour": func(v visitor) {
		id := v.recorded(at(0, 1, 1)).Id
		update := func(name, color string, paths ...string) (*routeguidev1.Route, error) {
			r := new(routeguidev1.Route)
			return r, v.unary(updateRoute, &routeguidev1.UpdateRouteRequest{
				Route: &routeguidev1.Route{Id: id, Name: name, Color: color}, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
			}, r)
		}
		if r, err := update("Zoës Runde", "#00ff7F", "name", "color"); err != nil || r.Name != "Zoës Runde" || r.Color != "#00ff7F" {
			v.t.Errorf("updated %v, %v", r, err)
		}
		if r, err := update("other", "", "color"); err != nil || r.Name != "Zoës Runde" || r.Color != "" {
			v.t.Errorf("updated %v, %v", r, err)
		}
		for field, call := range map[string]func() (*routeguidev1.Route, error){
			"update_mask": func() (*routeguidev1.Route, error) { return update("a", "", "name", "traveler") },
			"route.name":  func() (*routeguidev1.Route, error) { return update(strings.Repeat("é", 201), "", "name") },
			"route.color": func() (*routeguidev1.Route, error) { return update("", "red", "color") },
		} {
			_, err := call()
			v.refused(err, field)
		}
		if r, err := update(strings.Repeat("é", 200), "", "name"); err != nil || len(r.Name) != 400 {
			v.t.Errorf("updated %v, %v", r, err)
		}
	},
	"a route that is deleted": func(v visitor) {
		native := visitor{v.t, v.p, doors[0]}
		secret := v.token("deleted")
		recording := native.begin(v.t.Context(), recordTrack, "resume-token", secret)
		if err := recording.SendMsg(&routeguidev1.RecordTrackRequest{Fix: at(0, 1, 1)}); err != nil {
			v.t.Fatal(err)
		}
		head, err := recording.Header()
		if err != nil {
			v.t.Fatal(err)
		}
		id := head.Get("route-id")[0]
		watched := v.watchRoute(id, "")
		for watched.next().GetCurrent() == false {
		}
		for range 2 {
			if err := v.unary(deleteRoute, &routeguidev1.DeleteRouteRequest{Route: id}, new(routeguidev1.DeleteRouteResponse)); err != nil {
				v.t.Fatal(err)
			}
		}
		for {
			if err := watched.call.RecvMsg(new(routeguidev1.WatchRouteResponse)); status.Code(err) == codes.NotFound {
				break
			} else if err != nil {
				v.t.Fatalf("the watch ends with %v, want NOT_FOUND", err)
			}
		}
		v.ask(recording, requests([]*routeguidev1.Fix{at(1, 1, 2)})...)
		again := native.begin(v.t.Context(), recordTrack, "resume-token", secret)
		v.ask(again)
		_, track := v.track(id)
		for what, err := range map[string]error{
			"recording":               recording.RecvMsg(new(routeguidev1.RecordTrackResponse)),
			"recording again":         again.RecvMsg(new(routeguidev1.RecordTrackResponse)),
			"reading":                 track,
			"getting":                 v.unary(getRoute, &routeguidev1.GetRouteRequest{Route: id}, new(routeguidev1.Route)),
			"naming":                  v.unary(updateRoute, &routeguidev1.UpdateRouteRequest{Route: &routeguidev1.Route{Id: id, Name: "x"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}}, new(routeguidev1.Route)),
			"deleting what never was": v.unary(deleteRoute, &routeguidev1.DeleteRouteRequest{Route: "nobody"}, new(routeguidev1.DeleteRouteResponse)),
		} {
			if status.Code(err) != codes.NotFound {
				v.t.Errorf("%s ends with %v, want NOT_FOUND", what, err)
			}
		}
	},
	"a route as it is recorded": func(v visitor) {
		native := visitor{v.t, v.p, doors[0]}
		recording := native.begin(v.t.Context(), recordTrack, "traveler", "ada")
		var sent, seen []*routeguidev1.Fix
		send := func() {
			v.t.Helper()
			sent = append(sent, measured(len(sent), int32(len(sent)), 5))
			if err := recording.SendMsg(&routeguidev1.RecordTrackRequest{Fix: sent[len(sent)-1]}); err != nil {
				v.t.Fatal(err)
			}
		}
		send()
		head, err := recording.Header()
		if err != nil {
			v.t.Fatal(err)
		}
		id := head.Get("route-id")[0]
		w := v.watchRoute(id, "")
		m := w.next()
		if m.Route.GetId() != id || m.Route.Traveler != "ada" || m.Route.State != routeguidev1.RouteState_ROUTE_STATE_RECORDING {
			v.t.Errorf("the first answer is %v", m)
		}
		current := 0
		for {
			seen = append(seen, m.Fixes...)
			if m.Current {
				current++
			}
			if m.Route != nil && m.Route.Name == "" && current == 1 && len(seen) == 1 { // the one before was seen
				edit := &routeguidev1.UpdateRouteRequest{Route: &routeguidev1.Route{Id: id, Name: "Away"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}}
				if err := v.unary(updateRoute, edit, new(routeguidev1.Route)); err != nil {
					v.t.Fatal(err)
				}
			}
			if m.Route.GetName() == "Away" {
				break
			}
			m = w.next()
		}
		w.call.Cancel()
		send()
		send()
		v.ask(recording)
		done := new(routeguidev1.RecordTrackResponse)
		if err := recording.RecvMsg(done); err != nil {
			v.t.Fatal(err)
		}
		w = v.watchRoute(id, w.cursor)
		for {
			m = new(routeguidev1.WatchRouteResponse)
			if err := w.call.RecvMsg(m); err == io.EOF {
				break
			} else if err != nil {
				v.t.Fatal(err)
			}
			if w.cursor = m.Cursor; m.Current {
				current++
			}
			seen = append(seen, m.Fixes...)
			if m.Route != nil && !proto.Equal(m.Route, done.Route) {
				v.t.Errorf("finished it is %v, watched as %v", done.Route, m.Route)
			}
		}
		if !sameFixes(seen, sent) || current != 2 {
			v.t.Errorf("seen were %v, want %v, and %d times that this is all", seen, sent, current)
		}
		for _, r := range w.all(id, w.cursor) { // nothing is left
			if len(r.Fixes) > 0 {
				v.t.Errorf("after the last cursor there is %v", r)
			}
		}
	},
	"routes that cannot be": func(v visitor) {
		no := new(routeguidev1.Route)
		v.refused(v.unary(listRoutes, &routeguidev1.ListRoutesRequest{PageSize: -1}, new(routeguidev1.ListRoutesResponse)), "page_size")
		v.refused(v.unary(listRoutes, &routeguidev1.ListRoutesRequest{PageToken: "made up"}, new(routeguidev1.ListRoutesResponse)), "page_token")
		v.refused(v.unary(updateRoute, &routeguidev1.UpdateRouteRequest{Route: &routeguidev1.Route{Id: "x"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"id"}}}, no), "update_mask")
		if err := v.unary(getRoute, &routeguidev1.GetRouteRequest{Route: "nobody"}, no); status.Code(err) != codes.NotFound {
			v.t.Errorf("a route of nobody: %v, want NOT_FOUND", err)
		}
		if _, err := v.track("nobody"); status.Code(err) != codes.NotFound {
			v.t.Errorf("a track of nobody: %v, want NOT_FOUND", err)
		}
		w := v.begin(v.t.Context(), watchRoute)
		v.ask(w, &routeguidev1.WatchRouteRequest{Route: "nobody", Cursor: "made up"})
		v.refused(w.RecvMsg(new(routeguidev1.WatchRouteResponse)), "cursor")
		w = v.begin(v.t.Context(), watchRoute)
		v.ask(w, &routeguidev1.WatchRouteRequest{Route: "nobody"})
		if err := w.RecvMsg(new(routeguidev1.WatchRouteResponse)); status.Code(err) != codes.NotFound {
			v.t.Errorf("watching a route of nobody: %v, want NOT_FOUND", err)
		}
	},
}

var trackCases = map[string]func(visitor){
	"a track is a route": func(v visitor) {
		fixes := []*routeguidev1.Fix{measured(0, 1, 1), at(1, 2, 2), measured(2, -900000000, 1800000000)}
		r := v.record(v.t.Name(), fixes...)
		if r.PointCount != 3 || r.State != routeguidev1.RouteState_ROUTE_STATE_FINISHED || r.Statistics.GetTopSpeed() != 13.37 {
			v.t.Errorf("recorded %v", r)
		}
		if got, err := v.track(r.Id); err != nil || !sameFixes(got, fixes) {
			v.t.Errorf("track %v, %v, want %v", got, err, fixes)
		}
	},
	"a track goes on": func(v visitor) {
		secret := v.token("track")
		c := v.begin(v.t.Context(), recordTrack, "resume-token", secret)
		v.ask(c, requests([]*routeguidev1.Fix{at(0, 1, 1), at(1, 2, 2), {Location: pb(0, 0), Speed: proto.Float64(-1)}})...)
		v.refused(c.RecvMsg(new(routeguidev1.RecordTrackResponse)), "fix.speed")
		c = v.begin(v.t.Context(), recordRoute, "resume-token", secret) // the other call goes on with it too
		v.ask(c, pb(3, 3))
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 3 {
			v.t.Errorf("summary %v, %v, want 3 points", sum, err)
		}
		if head, err := c.Header(); err != nil || !slices.Equal(head.Get("route-points"), []string{"2"}) {
			v.t.Errorf("header %v, %v, want route-points 2", head, err)
		}
	},
	"points that cannot be": func(v visitor) {
		for field, f := range map[string]*routeguidev1.Fix{
			"fix":                    nil,
			"fix.location":           {},
			"fix.location.longitude": {Location: pb(0, 1800000001)},
			"fix.elevation":          {Location: pb(0, 0), Elevation: proto.Float64(100_000.1)},
			"fix.accuracy":           {Location: pb(0, 0), Accuracy: proto.Float64(math.NaN())},
			"fix.heading":            {Location: pb(0, 0), Heading: proto.Float64(360)},
			"fix.battery":            {Location: pb(0, 0), Battery: proto.Float64(math.Inf(1))},
		} {
			c := v.begin(v.t.Context(), recordTrack)
			v.ask(c, &routeguidev1.RecordTrackRequest{Fix: f})
			v.refused(c.RecvMsg(new(routeguidev1.RecordTrackResponse)), field)
		}
	},
}

// A routeWatch is told what becomes of a route.
type routeWatch struct {
	v      visitor
	call   call
	cursor string
}

func (v visitor) watchRoute(id, cursor string) *routeWatch {
	v.t.Helper()
	w := &routeWatch{v: v, call: v.begin(v.t.Context(), watchRoute), cursor: cursor}
	v.ask(w.call, &routeguidev1.WatchRouteRequest{Route: id, Cursor: cursor})
	return w
}

func (w *routeWatch) next() *routeguidev1.WatchRouteResponse {
	w.v.t.Helper()
	defer time.AfterFunc(patience, w.call.Cancel).Stop()
	m := new(routeguidev1.WatchRouteResponse)
	if err := w.call.RecvMsg(m); err != nil {
		w.v.t.Fatal(err)
	}
	w.cursor = m.Cursor
	return m
}

// all is what is told of a finished route after a cursor.
func (w *routeWatch) all(id, cursor string) []*routeguidev1.WatchRouteResponse {
	w.v.t.Helper()
	all, err := rest[routeguidev1.WatchRouteResponse](w.v.watchRoute(id, cursor).call)
	if err != nil {
		w.v.t.Fatal(err)
	}
	return all
}
