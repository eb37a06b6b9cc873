package doors

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
)

// Where Ada is there is one feature; where Bob is there are none.
var adas, bobs = pb(409146138, -746188906), pb(1e7, 1e7)

// A town is a program in which Ada and Bob have each written a note, finished a route and are on the way with another one.
type town struct {
	guarded
	finished, recording map[string]string // routes by their traveler
	then                *timestamppb.Timestamp
}

func newTown(t *testing.T) town {
	g := startGuarded(t)
	at := town{g, make(map[string]string), make(map[string]string), nil}
	guide := routeguidepb.NewRouteGuideClient(g.conn())
	ctx := as(t.Context(), g.admin)
	for name, place := range map[string]*routeguidepb.Point{"Ada": adas, "Bob": bobs} {
		if err := chatOnce(metadata.AppendToOutgoingContext(ctx, "traveler", name), guide, place); err != nil {
			t.Fatal(err)
		}
		for _, routes := range []map[string]string{at.finished, at.recording} {
			stream, err := guide.RecordRoute(metadata.AppendToOutgoingContext(ctx, "traveler", name))
			if err != nil {
				t.Fatal(err)
			}
			head, err := stream.Header()
			if err != nil {
				t.Fatal(err)
			}
			routes[name] = head.Get("route-id")[0]
			if err := stream.Send(place); err != nil {
				t.Fatal(err)
			}
			if _, kept := at.recording[name]; kept {
				continue
			}
			if _, err := stream.CloseAndRecv(); err != nil {
				t.Fatal(err)
			}
		}
	}
	watch, err := routeguidev1.NewTravelerServiceClient(g.conn()).WatchTravelers(ctx, &routeguidev1.WatchTravelersRequest{})
	for there := map[string]bool{}; len(there) < 2; {
		if err != nil {
			t.Fatal(err)
		}
		var m *routeguidev1.WatchTravelersResponse
		if m, err = watch.Recv(); m.GetMoved() != nil {
			there[m.GetMoved().Route] = true
		}
	}
	at.then = timestamppb.Now()
	return at
}

func chatOnce(ctx context.Context, guide routeguidepb.RouteGuideClient, place *routeguidepb.Point) error {
	chat, err := guide.RouteChat(ctx)
	if err != nil {
		return err
	}
	_ = chat.Send(&routeguidepb.RouteNote{Location: place, Message: "here"})
	_ = chat.CloseSend()
	for err == nil {
		_, err = chat.Recv()
	}
	return asOK(err)
}

// sees is all that somebody is shown, and "no …" for what is refused.
func (at town) sees(authorization string) []string {
	t, ctx := at.t, as(at.t.Context(), authorization)
	t.Helper()
	var seen []string
	say := func(what string, err error, of ...string) {
		switch {
		case status.Code(err) == codes.PermissionDenied:
			seen = append(seen, "no "+what)
		case err != nil:
			t.Errorf("%s: %v", what, err)
		default:
			for _, name := range of {
				seen = append(seen, what+" "+name)
			}
		}
	}
	notes := routeguidev1.NewNoteServiceClient(at.conn())
	listed, err := notes.ListNotes(ctx, &routeguidev1.ListNotesRequest{})
	var names []string
	for _, n := range listed.GetNotes() {
		names = append(names, n.Traveler)
	}
	say("notes", err, names...)

	watch, err := notes.WatchNotes(ctx, &routeguidev1.WatchNotesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	names = nil
	m, err := watch.Recv()
	for ; err == nil && m.Note != nil; m, err = watch.Recv() {
		names = append(names, m.Note.Traveler)
	}
	say("watched notes", err, names...)

	routes := routeguidev1.NewRouteServiceClient(at.conn())
	page, err := routes.ListRoutes(ctx, &routeguidev1.ListRoutesRequest{})
	names = nil
	for _, r := range page.GetRoutes() {
		names = append(names, r.Traveler+" "+r.State.String())
	}
	say("routes", err, names...)
	for which, ids := range map[string]map[string]string{"finished": at.finished, "recording": at.recording} {
		for who, id := range ids {
			first := func(what string, err error, recv func() error) {
				if err == nil {
					err = recv()
				}
				say(what, asOK(err), who+" "+which)
			}
			_, err := routes.GetRoute(ctx, &routeguidev1.GetRouteRequest{Route: id})
			first("route", err, func() error { return nil })
			read, err := routes.ReadTrack(ctx, &routeguidev1.ReadTrackRequest{Route: id})
			first("track", err, func() error { _, err := read.Recv(); return err })
			export, err := routes.ExportRoute(ctx, &routeguidev1.ExportRouteRequest{Route: id, Format: routeguidev1.RouteFormat_ROUTE_FORMAT_GPX})
			first("file", err, func() error { _, err := export.Recv(); return err })
			follow, err := routes.WatchRoute(ctx, &routeguidev1.WatchRouteRequest{Route: id})
			first("watched route", err, func() error { _, err := follow.Recv(); return err })
		}
	}
	travelers := routeguidev1.NewTravelerServiceClient(at.conn())
	there, err := travelers.ListTravelers(ctx, &routeguidev1.ListTravelersRequest{})
	names = nil
	for _, one := range there.GetTravelers() {
		names = append(names, one.Name)
	}
	say("travelers", err, names...)
	follow, err := travelers.WatchTravelers(ctx, &routeguidev1.WatchTravelersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	names = nil
	w, err := follow.Recv()
	for ; err == nil && !w.GetCurrent(); w, err = follow.Recv() {
		names = append(names, w.GetMoved().GetName())
	}
	say("watched travelers", err, names...)

	replay, err := routeguidev1.NewAreaServiceClient(at.conn()).ReplayArea(ctx, &routeguidev1.ReplayAreaRequest{StartTime: &timestamppb.Timestamp{}})
	if err != nil {
		t.Fatal(err)
	}
	names = nil
	past, err := replay.Recv()
	for ; err == nil; past, err = replay.Recv() {
		names = append(names, past.GetNote().GetTraveler()+past.GetStep().GetTraveler())
	}
	say("replay", asOK(err), names...)
	listed, err = notes.ListNotes(ctx, &routeguidev1.ListNotesRequest{At: at.then})
	names = nil
	for _, n := range listed.GetNotes() {
		names = append(names, n.Traveler)
	}
	say("notes then", err, names...)
	there, err = travelers.ListTravelers(ctx, &routeguidev1.ListTravelersRequest{At: at.then})
	names = nil
	for _, one := range there.GetTravelers() {
		names = append(names, one.Name)
	}
	say("travelers then", err, names...)

	guide := routeguidepb.NewRouteGuideClient(at.conn())
	for who, place := range map[string]*routeguidepb.Point{"Ada's": adas, "Bob's": bobs} {
		_, err := guide.GetFeature(ctx, place)
		say("feature", err, who)
	}
	list, err := guide.ListFeatures(ctx, world)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for ; err == nil; _, err = list.Recv() {
		count++
	}
	say("features", asOK(err), map[bool]string{true: "everywhere", false: "few"}[count > 10])
	features := routeguidev1.NewFeatureServiceClient(at.conn())
	read, err := features.ReadFeatures(ctx, &routeguidev1.ReadFeaturesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for count = 0; err == nil; _, err = read.Recv() {
		count++
	}
	say("read features", asOK(err), map[bool]string{true: "everywhere", false: "few"}[count > 10])
	found, err := features.SearchFeatures(ctx, &routeguidev1.SearchFeaturesRequest{Query: "nj", Limit: 50})
	say("found features", err, map[bool]string{true: "everywhere", false: "few"}[len(found.GetFeatures()) > 10])
	near, err := features.NearestFeatures(ctx, &routeguidev1.NearestFeaturesRequest{Point: adas, Limit: 50})
	say("near features", err, map[bool]string{true: "everywhere", false: "few"}[len(near.GetNeighbors()) > 10])
	slices.Sort(seen)
	return slices.Compact(seen)
}

func TestWhatALimitedKeyShows(t *testing.T) {
	at := newTown(t)
	both := func(texts ...string) (all []string) {
		for _, s := range texts {
			all = append(all, s+" Ada", s+" Bob")
		}
		return all
	}
	ofRoute := func(of ...string) (all []string) {
		for _, s := range of {
			all = append(all, "route "+s, "track "+s, "file "+s, "watched route "+s)
		}
		return all
	}
	features := []string{"feature Ada's", "feature Bob's", "features everywhere", "found features everywhere", "near features everywhere", "read features everywhere"}
	noFeatures := []string{"no feature", "no features", "no found features", "no near features", "no read features"}
	noRoutes := []string{"no route", "no track", "no file", "no watched route"}
	ofAda := []string{
		"notes Ada", "watched notes Ada", "travelers Ada", "watched travelers Ada", "replay Ada", "notes then Ada", "travelers then Ada",
	}
	states := func(who string) []string {
		return []string{"routes " + who + " ROUTE_STATE_FINISHED", "routes " + who + " ROUTE_STATE_RECORDING"}
	}
	for name, test := range map[string]struct {
		key  *routeguidev1.Key
		want [][]string
	}{
		"everything": {&routeguidev1.Key{}, [][]string{
			both("notes", "watched notes", "travelers", "watched travelers", "replay", "notes then", "travelers then"), states("Ada"), states("Bob"),
			ofRoute("Ada finished", "Ada recording", "Bob finished", "Bob recording"), features,
		}},
		"an area": {&routeguidev1.Key{Limit: &routeguidev1.Key_Area{Area: &routeguidev1.Bounds{
			Southwest: pb(adas.Latitude-1000, adas.Longitude-1000), Northeast: pb(adas.Latitude+1000, adas.Longitude+1000),
		}}}, [][]string{
			ofAda, states("Ada"), ofRoute("Ada finished", "Ada recording"), noRoutes,
			{"feature Ada's", "no feature", "features few", "found features few", "near features few", "read features few"},
		}},
		"a traveler": {&routeguidev1.Key{Limit: &routeguidev1.Key_Traveler{Traveler: "Ada"}}, [][]string{
			ofAda, states("Ada"), ofRoute("Ada finished", "Ada recording"), noRoutes, noFeatures,
		}},
		"a route": {&routeguidev1.Key{Limit: &routeguidev1.Key_Route{Route: at.recording["Ada"]}}, [][]string{
			{"no notes", "no watched notes", "no routes", "travelers Ada", "watched travelers Ada", "replay Ada", "no notes then", "travelers then Ada"},
			ofRoute("Ada recording"), noRoutes, noFeatures,
		}},
		"what happens now": {&routeguidev1.Key{Sight: routeguidev1.Sight_SIGHT_LIVE}, [][]string{
			{"no notes", "no routes", "no replay", "no notes then", "no travelers then"}, both("travelers", "watched travelers"), noRoutes, features,
		}},
		"what happened": {&routeguidev1.Key{Sight: routeguidev1.Sight_SIGHT_PAST}, [][]string{
			both("notes", "notes then"), {"no watched notes", "no travelers", "no watched travelers", "no replay", "no travelers then"}, noRoutes, features,
			{"routes Ada ROUTE_STATE_FINISHED", "routes Bob ROUTE_STATE_FINISHED", "route Ada finished", "track Ada finished", "file Ada finished"},
			{"route Bob finished", "track Bob finished", "file Bob finished"},
		}},
		"from now on": {&routeguidev1.Key{HistoryStart: timestamppb.New(at.then.AsTime().Add(time.Millisecond))}, [][]string{
			both("travelers", "watched travelers"), {"no notes then", "no travelers then"}, noRoutes, features,
		}},
	} {
		test.key.Role = mayView
		_, authorization := at.key(test.key)
		want := slices.Concat(test.want...)
		slices.Sort(want)
		if got := at.sees(authorization); !slices.Equal(got, want) {
			t.Errorf("a key for %s shows\n%q, want\n%q", name, got, want)
		}
	}
}

// wrote is what somebody could write as Ada where she is, and as Bob where he is.
func (at town) wrote(authorization string) (done []string) {
	t := at.t
	for who, place := range map[string]*routeguidepb.Point{"Ada": adas, "Bob": bobs} {
		ctx := metadata.AppendToOutgoingContext(as(t.Context(), authorization), "traveler", who)
		say := func(what string, err error) {
			switch status.Code(asOK(err)) {
			case codes.OK:
				done = append(done, who+": "+what)
			case codes.PermissionDenied:
			default:
				t.Errorf("%s, %s: %v", who, what, err)
			}
		}
		guide := routeguidepb.NewRouteGuideClient(at.conn())
		say("note", chatOnce(ctx, guide, place))
		record, err := guide.RecordRoute(ctx)
		if err == nil {
			_ = record.Send(place)
			_, err = record.CloseAndRecv()
		}
		say("route", err)
		routes := routeguidev1.NewRouteServiceClient(at.conn())
		fix := &routeguidev1.Fix{Location: place, Time: timestamppb.Now()}
		track, err := routes.RecordTrack(ctx)
		if err == nil {
			_ = track.Send(&routeguidev1.RecordTrackRequest{Fix: fix})
			_, err = track.CloseAndRecv()
		}
		say("track", err)
		_, err = routes.ReportFixes(ctx, &routeguidev1.ReportFixesRequest{Device: who, Traveler: who, Fixes: []*routeguidev1.Fix{fix}})
		say("fixes", err)
		_, err = routes.UpdateRoute(ctx, &routeguidev1.UpdateRouteRequest{Route: &routeguidev1.Route{Id: at.finished[who], Name: "x"}})
		say("edit", err)
		files, err := routes.ImportRoutes(ctx)
		if err == nil {
			_ = files.Send(&routeguidev1.ImportRoutesRequest{Data: []byte(oneTrack)})
			_ = files.CloseSend()
			for err == nil {
				_, err = files.Recv()
			}
		}
		say("import", err)
		features := routeguidev1.NewFeatureServiceClient(at.conn())
		made, err := features.CreateFeature(ctx, &routeguidev1.CreateFeatureRequest{Feature: &routeguidev1.MapFeature{Name: "x", Location: place}})
		say("feature", err)
		if err != nil {
			made, err = features.CreateFeature(as(t.Context(), at.admin), &routeguidev1.CreateFeatureRequest{
				Feature: &routeguidev1.MapFeature{Name: "x", Location: place},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		made.Location = bobs
		_, err = features.UpdateFeature(ctx, &routeguidev1.UpdateFeatureRequest{Feature: made})
		say("moved feature", err)
		_, err = features.DeleteFeature(ctx, &routeguidev1.DeleteFeatureRequest{Feature: made.Id})
		say("deleted feature", err)
		_, err = routes.DeleteRoute(ctx, &routeguidev1.DeleteRouteRequest{Route: at.recording[who]})
		say("deletion", err)
	}
	slices.Sort(done)
	return done
}

func TestWhatALimitedKeyWrites(t *testing.T) {
	for name, test := range map[string]struct {
		key  func(town) *routeguidev1.Key
		want []string
	}{
		"an area": {func(town) *routeguidev1.Key {
			return &routeguidev1.Key{Limit: &routeguidev1.Key_Area{Area: &routeguidev1.Bounds{Southwest: adas, Northeast: adas}}}
		}, []string{"Ada: deleted feature", "Ada: deletion", "Ada: edit", "Ada: feature", "Ada: fixes", "Ada: note", "Ada: route", "Ada: track"}},
		"a traveler": {func(town) *routeguidev1.Key {
			return &routeguidev1.Key{Limit: &routeguidev1.Key_Traveler{Traveler: "Ada"}}
		}, []string{"Ada: deletion", "Ada: edit", "Ada: fixes", "Ada: import", "Ada: note", "Ada: route", "Ada: track"}},
		"a route": {func(at town) *routeguidev1.Key {
			return &routeguidev1.Key{Limit: &routeguidev1.Key_Route{Route: at.recording["Ada"]}}
		}, []string{"Ada: deletion"}},
	} {
		t.Run(name, func(t *testing.T) {
			at := newTown(t)
			key := test.key(at)
			key.Role = mayWrite
			_, authorization := at.key(key)
			if got := at.wrote(authorization); !slices.Equal(got, test.want) {
				t.Errorf("it could write\n%q, want\n%q", got, test.want)
			}
		})
	}
}

// Who writes as Ada alone adds nothing to Bob's route by naming his phone.
func TestADeviceOfAnotherTraveler(t *testing.T) {
	g := startGuarded(t)
	_, ada := g.key(&routeguidev1.Key{Role: mayWrite, Limit: &routeguidev1.Key_Traveler{Traveler: "Ada"}})
	routes := routeguidev1.NewRouteServiceClient(g.conn())
	var last *routeguidev1.ReportFixesResponse
	for _, r := range []struct{ authorization, traveler string }{{g.admin, "Bob"}, {ada, "Ada"}} {
		fix := &routeguidev1.Fix{Location: bobs, Time: timestamppb.Now()}
		made, err := routes.ReportFixes(as(t.Context(), r.authorization), &routeguidev1.ReportFixesRequest{
			Device: "phone", Traveler: r.traveler, Fixes: []*routeguidev1.Fix{fix},
		})
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && made.Route == last.Route {
			t.Error("Ada added to the route of Bob")
		}
		last = made
	}
}

// Whoever has the token of a route goes on with it by a key for that route, and by no key for another.
func TestAKeyForARouteGoesOnWithIt(t *testing.T) {
	g := startGuarded(t)
	guide := routeguidepb.NewRouteGuideClient(g.conn())
	begun, err := guide.RecordRoute(as(t.Context(), g.admin))
	if err != nil {
		t.Fatal(err)
	}
	head, err := begun.Header()
	if err != nil {
		t.Fatal(err)
	}
	for route, want := range map[string]codes.Code{head.Get("route-id")[0]: codes.OK, "another": codes.PermissionDenied} {
		_, authorization := g.key(&routeguidev1.Key{Role: mayWrite, Limit: &routeguidev1.Key_Route{Route: route}})
		stream, err := guide.RecordRoute(metadata.AppendToOutgoingContext(as(t.Context(), authorization), "resume-token", head.Get("resume-token")[0]))
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(pb(1, 1)); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if _, err := stream.Header(); want == codes.OK && err != nil {
			t.Fatal(err)
		}
		if want != codes.OK {
			if _, err := stream.CloseAndRecv(); status.Code(err) != want {
				t.Errorf("a key for %s: %v, want %v", route, err, want)
			}
		}
	}
}
