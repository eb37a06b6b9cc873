package doors

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
)

const (
	replayArea    = "/routeguide.v1.AreaService/ReplayArea"
	getMapFeature = "/routeguide.v1.FeatureService/GetMapFeature"
	readFeatures  = "/routeguide.v1.FeatureService/ReadFeatures"
)

func TestThePastThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) { v.cases(pastCases) })
}

// tick returns a time after all that happened and before all that will.
func tick() *timestamppb.Timestamp {
	next := time.Now().Truncate(time.Millisecond).Add(time.Millisecond)
	for time.Now().Before(next.Add(time.Millisecond)) {
	}
	return timestamppb.New(next)
}

// leave writes a note natively.
func (v visitor) leave(p *routeguidepb.Point, text string) {
	v.t.Helper()
	native := visitor{v.t, v.p, doors[0]}
	c := native.begin(v.t.Context(), routeChat)
	native.ask(c, &routeguidepb.RouteNote{Location: p, Message: text})
	if _, err := rest[routeguidepb.RouteNote](c); err != nil {
		v.t.Fatal(err)
	}
}

// replay tells what happened, in a word each, and the cursor of each.
func (v visitor) replay(r *routeguidev1.ReplayAreaRequest) (told, cursors []string, err error) {
	v.t.Helper()
	c := v.begin(v.t.Context(), replayArea)
	v.ask(c, r)
	answers, err := rest[routeguidev1.ReplayAreaResponse](c)
	for i, a := range answers {
		if i > 0 && a.Time.AsTime().Before(answers[i-1].Time.AsTime()) {
			v.t.Errorf("%v comes after %v", a, answers[i-1])
		}
		cursors = append(cursors, a.Cursor)
		switch e := a.Event.(type) {
		case *routeguidev1.ReplayAreaResponse_Note:
			told = append(told, "note "+e.Note.Message)
		case *routeguidev1.ReplayAreaResponse_Step_:
			told = append(told, fmt.Sprint("step ", e.Step.Fix.Location.Latitude, " of ", e.Step.Route))
		case *routeguidev1.ReplayAreaResponse_Feature:
			told = append(told, "feature "+e.Feature.Name)
		case *routeguidev1.ReplayAreaResponse_DeletedFeature:
			told = append(told, "no "+e.DeletedFeature)
		}
	}
	return told, cursors, err
}

// names are those of the features of an area at a time.
func (v visitor) names(area *routeguidev1.Bounds, at *timestamppb.Timestamp) (names []string) {
	v.t.Helper()
	c := v.begin(v.t.Context(), readFeatures)
	v.ask(c, &routeguidev1.ReadFeaturesRequest{Bounds: area, At: at})
	features, err := rest[routeguidev1.MapFeature](c)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, f := range features {
		names = append(names, f.Name)
	}
	return names
}

var pastCases = map[string]func(visitor){
	"a replay across the antimeridian, and on from anywhere in it": func(v visitor) {
		lat := v.place().Latitude
		west, east := pb(lat, 1799999990), pb(lat, -1799999990)
		area := &routeguidev1.Bounds{Southwest: pb(lat, 1799999900), Northeast: pb(lat, -1799999900)}
		start := tick()
		hour := func(n int, p *routeguidepb.Point) *routeguidev1.Fix {
			return &routeguidev1.Fix{Location: p, Time: timestamppb.New(start.AsTime().Add(time.Duration(n-3) * time.Hour))}
		}
		one := v.recorded(hour(0, west), hour(2, east), hour(2, pb(lat+1, 0))).Id
		two := v.recorded(hour(1, east)).Id
		v.leave(west, "here")
		f := v.create(&routeguidev1.MapFeature{Location: east, Name: "hut"})
		if _, err := v.update(&routeguidev1.MapFeature{Id: f.Id, Name: "house"}, "name"); err != nil {
			v.t.Fatal(err)
		}
		if err := v.remove(f.Id); err != nil {
			v.t.Fatal(err)
		}
		end := tick()
		want := []string{
			fmt.Sprintf("step %d of %s", lat, one), fmt.Sprintf("step %d of %s", lat, two), fmt.Sprintf("step %d of %s", lat, one),
			"note here", "feature hut", "feature house", "no " + f.Id,
		}
		r := &routeguidev1.ReplayAreaRequest{Bounds: area, StartTime: timestamppb.New(start.AsTime().Add(-3 * time.Hour)), EndTime: end}
		told, cursors, err := v.replay(r)
		if err != nil || !slices.Equal(told, want) {
			v.t.Fatalf("told %q, %v, want %q", told, err, want)
		}
		for i, c := range cursors {
			r.Cursor = c
			if rest, _, err := v.replay(r); err != nil || !slices.Equal(rest, want[i+1:]) {
				v.t.Errorf("after %q: %q, %v", want[i], rest, err)
			}
		}
		r.Cursor, r.EndTime, r.StartTime, r.Speed = "", nil, start, 1e6
		if rest, _, err := v.replay(r); err != nil || !slices.Equal(rest, want[3:]) {
			v.t.Errorf("until now, fast: %q, %v", rest, err)
		}
	},
	"a feature as it was": func(v visitor) {
		here := v.place()
		before := tick()
		f := v.create(&routeguidev1.MapFeature{Location: here, Name: "old " + v.door.name})
		young := tick()
		if _, err := v.update(&routeguidev1.MapFeature{Id: f.Id, Name: "new"}, "name"); err != nil {
			v.t.Fatal(err)
		}
		got := new(routeguidev1.MapFeature)
		for at, want := range map[*timestamppb.Timestamp]string{young: f.Name, nil: "new"} {
			if err := v.unary(getMapFeature, &routeguidev1.GetMapFeatureRequest{Feature: f.Id, At: at}, got); err != nil || got.Name != want {
				v.t.Errorf("at %v it is %v, %v, want %s", at, got, err, want)
			}
			if names := v.names(around(here, 1), at); !slices.Equal(names, []string{want}) {
				v.t.Errorf("at %v there are %q, want %s", at, names, want)
			}
		}
		if err := v.unary(getMapFeature, &routeguidev1.GetMapFeatureRequest{Feature: f.Id, At: before}, got); status.Code(err) != codes.NotFound {
			v.t.Errorf("before it was there: %v, %v", got, err)
		}
		near, found := new(routeguidev1.NearestFeaturesResponse), new(routeguidev1.SearchFeaturesResponse)
		if err := v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: here, Limit: 1, At: young}, near); err != nil || len(near.Neighbors) != 1 || near.Neighbors[0].Feature.Name != f.Name {
			v.t.Errorf("nearest then is %v, %v", near, err)
		}
		if err := v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{Query: f.Name, Bounds: around(here, 1), At: young}, found); err != nil || len(found.Features) != 1 {
			v.t.Errorf("found then %v, %v", found, err)
		}
		file := &routeguidev1.GetMapFeatureRequest{Feature: "409146138,-746188906", At: timestamppb.New(time.Unix(0, 0))}
		if err := v.unary(getMapFeature, file, got); err != nil || got.Name == "" || got.Id != file.Feature {
			v.t.Errorf("a feature of the file was %v, %v", got, err)
		}
	},
	"who was on the way, where, and with which notes": func(v visitor) {
		here := v.place()
		there := pb(here.Latitude+50, here.Longitude)
		id := v.recorded(at(0, here.Latitude, here.Longitude), at(60, there.Latitude, there.Longitude), at(120, here.Latitude, here.Longitude)).Id
		when := timestamppb.New(noon.Add(90 * time.Second))
		travelers := new(routeguidev1.ListTravelersResponse)
		if err := v.unary(listTravelers, &routeguidev1.ListTravelersRequest{Bounds: around(there, 1), At: when}, travelers); err != nil || len(travelers.Travelers) != 1 ||
			travelers.Travelers[0].Route != id || travelers.Travelers[0].Name != short(v.t.Name()) || travelers.Travelers[0].UpdateTime != nil ||
			!travelers.Travelers[0].Position.Time.AsTime().Equal(noon.Add(time.Minute)) {
			v.t.Errorf("there were %v, %v", travelers, err)
		}
		routes := new(routeguidev1.ListRoutesResponse)
		if err := v.unary(listRoutes, &routeguidev1.ListRoutesRequest{Bounds: around(there, 1), At: when}, routes); err != nil || len(routes.Routes) != 1 ||
			routes.Routes[0].Id != id || routes.Routes[0].PointCount != 2 || routes.Routes[0].State != routeguidev1.RouteState_ROUTE_STATE_RECORDING {
			v.t.Errorf("there were the routes %v, %v", routes, err)
		}
		v.leave(here, "first")
		between := tick()
		v.leave(here, "second")
		notes := new(routeguidev1.ListNotesResponse)
		if err := v.unary(listNotes, &routeguidev1.ListNotesRequest{Bounds: around(here, 1), At: between}, notes); err != nil || len(notes.Notes) != 1 || notes.Notes[0].Message != "first" {
			v.t.Errorf("there were the notes %v, %v", notes, err)
		}
	},
	"pasts that cannot be": func(v visitor) {
		for field, r := range map[string]*routeguidev1.ReplayAreaRequest{
			"start_time": {},
			"end_time":   {StartTime: timestamppb.New(noon), EndTime: timestamppb.New(noon.Add(-time.Hour))},
			"speed":      {StartTime: timestamppb.New(noon), Speed: -1},
			"cursor":     {StartTime: timestamppb.New(noon), Cursor: "made up"},
		} {
			_, _, err := v.replay(r)
			v.refused(err, field)
		}
		if !v.rest() {
			v.refused(v.unary(getMapFeature, &routeguidev1.GetMapFeatureRequest{At: timestamppb.New(noon)}, new(routeguidev1.MapFeature)), "feature")
		}
	},
}
