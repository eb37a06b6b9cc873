package doors

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/lab/natstest"
)

// A walk is a route that is being recorded.
type walk struct {
	call
	v visitor
}

// walk begins to record a route natively.
func (v visitor) walk(name string) walk {
	v.t.Helper()
	c := visitor{v.t, v.p, doors[0]}.begin(v.t.Context(), recordTrack, "traveler", name, "resume-token", token(v.t.Name()+name))
	return walk{c, v}
}

// to has somebody be at points now.
func (w walk) to(points ...*routeguidepb.Point) {
	w.v.t.Helper()
	for _, p := range points {
		f := &routeguidev1.Fix{Location: p, Heading: proto.Float64(90), Battery: proto.Float64(55)}
		if err := w.SendMsg(&routeguidev1.RecordTrackRequest{Fix: f}); err != nil {
			w.v.t.Fatal(err)
		}
	}
}

// finish ends the route and returns it.
func (w walk) finish() *routeguidev1.Route {
	w.v.t.Helper()
	w.v.ask(w.call)
	done := new(routeguidev1.RecordTrackResponse)
	if err := w.RecvMsg(done); err != nil {
		w.v.t.Fatal(err)
	}
	return done.Route
}

// A lookout watches who is on the way in an area.
type lookout struct {
	t *testing.T
	call
}

func (v visitor) lookout(b *routeguidev1.Bounds) lookout {
	v.t.Helper()
	w := lookout{v.t, v.begin(v.t.Context(), watchTravelers)}
	v.ask(w.call, &routeguidev1.WatchTravelersRequest{Bounds: b})
	return w
}

func (w lookout) next() *routeguidev1.WatchTravelersResponse {
	w.t.Helper()
	defer time.AfterFunc(patience, w.Cancel).Stop()
	m := new(routeguidev1.WatchTravelersResponse)
	if err := w.RecvMsg(m); err != nil {
		w.t.Fatal(err)
	}
	if age := time.Since(m.ServerTime.AsTime()); m.ServerTime == nil || age < -time.Minute || age > patience {
		w.t.Errorf("the server's clock says %v", m.ServerTime)
	}
	return m
}

// current waits until all who are on the way have been told, and returns how many.
func (w lookout) current() (before int) {
	w.t.Helper()
	for !w.next().GetCurrent() {
		before++
	}
	return before
}

// at waits until a traveler is at a point.
func (w lookout) at(name string, p *routeguidepb.Point) *routeguidev1.Traveler {
	w.t.Helper()
	for {
		if m := w.next().GetMoved(); m.GetName() == name && proto.Equal(m.GetPosition().GetLocation(), p) {
			return m
		}
	}
}

// left waits until somebody has left.
func (w lookout) left(route string) {
	w.t.Helper()
	for w.next().GetLeft() != route {
	}
}

// around is an area of so many E7 degrees around a point.
func around(p *routeguidepb.Point, by int32) *routeguidev1.Bounds {
	return &routeguidev1.Bounds{Southwest: pb(p.Latitude-by, p.Longitude-by), Northeast: pb(p.Latitude+by, p.Longitude+by)}
}

// onTheWay lists an area in pages of one.
func (v visitor) onTheWay(b *routeguidev1.Bounds) (names []string) {
	v.t.Helper()
	for page := ""; ; {
		resp := new(routeguidev1.ListTravelersResponse)
		if err := v.unary(listTravelers, &routeguidev1.ListTravelersRequest{Bounds: b, PageSize: 1, PageToken: page}, resp); err != nil {
			v.t.Fatal(err)
		}
		for _, t := range resp.Travelers {
			names = append(names, t.Name)
			if t.Trail != nil || t.Position == nil || t.Route == "" || !t.ExpireTime.AsTime().After(t.UpdateTime.AsTime()) {
				v.t.Errorf("listed %v", t)
			}
		}
		if page = resp.NextPageToken; page == "" {
			return names
		}
	}
}

func TestTravelersThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) { v.cases(travelerCases) })
}

var travelerCases = map[string]func(visitor){
	"somebody walks by": func(v visitor) {
		here := v.place()
		near := around(here, 10_000)
		w := v.lookout(near)
		if n := w.current(); n > 0 {
			v.t.Fatalf("%d are here already", n)
		}
		ada := v.walk("Ada")
		ada.to(here)
		came := w.at("Ada", here)
		if came.Trail != nil || came.Position.GetHeading() != 90 || came.Position.GetBattery() != 55 || came.Position.Speed != nil || came.Position.Time == nil {
			v.t.Errorf("Ada came as %v", came)
		}
		if names := v.onTheWay(near); !slices.Equal(names, []string{"Ada"}) {
			v.t.Errorf("on the way are %q", names)
		}
		there := pb(here.Latitude+5000, here.Longitude)
		ada.to(there)
		if moved := w.at("Ada", there); moved.Trail != nil || moved.Route != came.Route {
			v.t.Errorf("Ada moved as %v", moved)
		}
		late := v.lookout(near)
		if seen := late.at("Ada", there); len(seen.Trail) != 1 || !proto.Equal(seen.Trail[0].Location, here) || seen.Trail[0].Time == nil {
			v.t.Errorf("who comes later sees Ada as %v", seen)
		}
		if late.current() != 0 {
			v.t.Error("who comes later sees others")
		}
		ben := v.walk("Ben")
		ben.to(here)
		w.at("Ben", here)
		if names := v.onTheWay(near); !slices.Equal(names, []string{"Ben", "Ada"}) {
			v.t.Errorf("on the way are %q", names)
		}
		ada.to(pb(here.Latitude, here.Longitude+20_000))
		w.left(came.Route)
		if route := ada.finish(); route.Id != came.Route {
			v.t.Errorf("Ada is on route %s, and has recorded %s", came.Route, route.Id)
		}
		w.left(ben.finish().Id)
		if names := v.onTheWay(near); len(names) > 0 {
			v.t.Errorf("on the way are still %q", names)
		}
	},
	"across the antimeridian": func(v visitor) {
		here := v.place()
		south, north := here.Latitude/10, here.Latitude/10+10
		area := &routeguidev1.Bounds{Southwest: pb(south, geo.MaxLng-10), Northeast: pb(north, -geo.MaxLng+10)}
		w := v.lookout(area)
		w.current()
		ada := v.walk("Ada")
		for _, p := range []*routeguidepb.Point{pb(south, geo.MaxLng-10), pb(north, -geo.MaxLng+10)} {
			ada.to(p)
			w.at("Ada", p)
		}
		if names := v.onTheWay(area); !slices.Equal(names, []string{"Ada"}) {
			v.t.Errorf("on the way are %q", names)
		}
		ada.to(pb(south, 0))
		w.left(ada.finish().Id)
	},
	"what cannot be asked": func(v visitor) {
		for field, r := range map[string]*routeguidev1.ListTravelersRequest{
			"page_size":                 {PageSize: 1001},
			"page_token":                {PageToken: "made up"},
			"bounds.northeast":          {Bounds: &routeguidev1.Bounds{Southwest: pb(1, 1)}},
			"bounds.northeast.latitude": {Bounds: &routeguidev1.Bounds{Southwest: pb(1, 1), Northeast: pb(0, 1)}},
		} {
			v.refused(v.unary(listTravelers, r, new(routeguidev1.ListTravelersResponse)), field)
		}
		w := v.lookout(&routeguidev1.Bounds{Northeast: pb(1, 1)})
		v.refused(w.RecvMsg(new(routeguidev1.WatchTravelersResponse)), "bounds.southwest")
	},
}

// Whose newest point is too old leaves, however many there are, and also if their clock is ahead.
func TestTravelersLeave(t *testing.T) {
	v := visitor{t, start(t, "-traveler-max-age", "6s"), doors[0]}
	w := v.lookout(nil)
	w.current()
	at := func(name string, when time.Time) {
		f := &routeguidev1.Fix{Location: pb(1, 1), Time: timestamppb.New(when)}
		if err := v.walk(name).SendMsg(&routeguidev1.RecordTrackRequest{Fix: f}); err != nil {
			t.Fatal(err)
		}
	}
	at("long ago", time.Now().Add(-time.Minute))
	for i := range 5 {
		at(fmt.Sprint("w", i), time.Now().Add(time.Hour))
	}
	here := map[string]bool{}
	for came := 0; came < 5 || len(here) > 0; {
		switch e := w.next(); {
		case e.GetMoved() != nil && e.GetMoved().Name == "long ago":
			t.Error("a point of long ago has somebody be on the way now")
		case e.GetMoved() != nil:
			here[e.GetMoved().Route] = true
			came++
		default:
			delete(here, e.GetLeft())
		}
	}
	if names := v.onTheWay(nil); len(names) > 0 {
		t.Errorf("on the way are still %q", names)
	}
}

// Who watches while travelers move ten thousand times sees each of them where it is last, at every door.
func TestTravelersOfACrowd(t *testing.T) {
	const each, points = 50, 200
	p := start(t)
	native := visitor{t, p, doors[0]}
	var watches []lookout
	for _, d := range doors {
		w := visitor{t, p, d}.lookout(nil)
		w.current()
		watches = append(watches, w)
	}
	var walks []walk
	for i := range each {
		walks = append(walks, native.walk(fmt.Sprint("w", i)))
	}
	var walking sync.WaitGroup
	for i, w := range walks {
		walking.Go(func() {
			for k := range points {
				f := &routeguidev1.Fix{Location: pb(int32(i), int32(k*1000))}
				if err := w.SendMsg(&routeguidev1.RecordTrackRequest{Fix: f}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n, w := range watches {
		told, there := 0, map[string]bool{}
		for len(there) < each {
			m := w.next().GetMoved()
			if told++; m.GetPosition().GetLocation().GetLongitude() == (points-1)*1000 {
				there[m.Route] = true
			}
		}
		t.Logf("%s: %d of %d moves were told", doors[n].name, told, each*points)
	}
	walking.Wait()
	if names := native.onTheWay(nil); len(names) != each {
		t.Errorf("%d are listed, want %d", len(names), each)
	}
}

// Somebody records a route at one process of a cluster, which is killed, and goes on at another; who watches sees it at each
// process, also at one that comes later.
func TestTravelersOnACluster(t *testing.T) {
	c := natstest.Start(t)
	p := start(t, "-nats-url", c.URL())
	q, cmd := launch(t, "-nats-url", c.URL())
	ours, theirs := visitor{t, p, doors[0]}, visitor{t, q, doors[0]}
	here := pb(10, 10)
	watches := []lookout{ours.lookout(nil), theirs.lookout(around(here, 5))}
	for _, w := range watches {
		w.current()
	}
	theirs.walk("Ada").to(here)
	for _, w := range watches {
		w.at("Ada", here)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	ada := ours.walk("Ada")
	ada.to(pb(1e7, 10))
	watches[0].at("Ada", pb(1e7, 10))
	later := visitor{t, start(t, "-nats-url", c.URL()), doors[0]}
	w := later.lookout(nil)
	if seen := w.at("Ada", pb(1e7, 10)); len(seen.Trail) != 1 || !proto.Equal(seen.Trail[0].Location, here) {
		t.Errorf("who comes later sees %v", seen)
	}
	if names := later.onTheWay(nil); !slices.Equal(names, []string{"Ada"}) {
		t.Errorf("on the way are %q", names)
	}
	id := ada.finish().Id
	watches[0].left(id)
	w.left(id)
}

// A program that starts again knows who is on the way.
func TestTravelersAfterARestart(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "-data", dir)
	v := visitor{t, p, doors[0]}
	w := v.lookout(nil)
	w.current()
	v.walk("Ada").to(pb(1, 1), pb(2000, 1))
	w.at("Ada", pb(2000, 1))
	v.walk("Ben").to(pb(3, 3))
	ben := w.at("Ben", pb(3, 3))
	if got := v.walk("Ben").finish(); got.Id != ben.Route { // the one that was begun
		t.Fatalf("Ben finished %s, not %s", got.Id, ben.Route)
	}
	w.left(ben.Route)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	v.p = start(t, "-data", dir)
	if names := v.onTheWay(nil); !slices.Equal(names, []string{"Ada"}) {
		t.Errorf("on the way are %q", names)
	}
	v.lookout(nil).at("Ada", pb(2000, 1))
}
