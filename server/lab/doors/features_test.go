package doors

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/natstest"
)

const (
	searchFeatures  = "/routeguide.v1.FeatureService/SearchFeatures"
	nearestFeatures = "/routeguide.v1.FeatureService/NearestFeatures"
	createFeature   = "/routeguide.v1.FeatureService/CreateFeature"
	updateFeature   = "/routeguide.v1.FeatureService/UpdateFeature"
	deleteFeature   = "/routeguide.v1.FeatureService/DeleteFeature"
	importFeatures  = "/routeguide.v1.FeatureService/ImportFeatures"
	watchFeatures   = "/routeguide.v1.FeatureService/WatchFeatures"
)

func TestFeaturesThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		v.cases(featureCases)
		if v.streams {
			v.cases(importCases)
		}
	})
}

// create adds a feature, through this door.
func (v visitor) create(f *routeguidev1.MapFeature) *routeguidev1.MapFeature {
	v.t.Helper()
	created := new(routeguidev1.MapFeature)
	if err := v.unary(createFeature, &routeguidev1.CreateFeatureRequest{Feature: f}, created); err != nil {
		v.t.Fatal(err)
	}
	return created
}

func (v visitor) update(f *routeguidev1.MapFeature, paths ...string) (*routeguidev1.MapFeature, error) {
	v.t.Helper()
	updated := new(routeguidev1.MapFeature)
	r := &routeguidev1.UpdateFeatureRequest{Feature: f}
	if len(paths) > 0 {
		r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
	}
	return updated, v.unary(updateFeature, r, updated)
}

func (v visitor) remove(id string) error {
	v.t.Helper()
	return v.unary(deleteFeature, &routeguidev1.DeleteFeatureRequest{Feature: id}, new(routeguidev1.DeleteFeatureResponse))
}

// named returns what the classic service says is at a point, natively.
func (v visitor) named(p *routeguidepb.Point) string {
	v.t.Helper()
	f := new(routeguidepb.Feature)
	if err := (visitor{v.t, v.p, doors[0]}).unary(getFeature, p, f); err != nil {
		v.t.Fatal(err)
	}
	return f.Name
}

// A mapWatch is told of features.
type mapWatch struct {
	t      *testing.T
	call   call
	cursor string
}

func (v visitor) watchMap(area *routeguidev1.Bounds, cursor string) *mapWatch {
	v.t.Helper()
	w := &mapWatch{v.t, v.begin(v.t.Context(), watchFeatures), cursor}
	v.ask(w.call, &routeguidev1.WatchFeaturesRequest{Bounds: area, Cursor: cursor})
	return w
}

// next waits for the next answer: "+" and a name, "-" and an identifier, or "current".
func (w *mapWatch) next() string {
	w.t.Helper()
	defer time.AfterFunc(patience, w.call.Cancel).Stop()
	m := new(routeguidev1.WatchFeaturesResponse)
	if err := w.call.RecvMsg(m); err != nil {
		w.t.Fatal(err)
	}
	w.cursor = m.Cursor
	switch e := m.Event.(type) {
	case *routeguidev1.WatchFeaturesResponse_Feature:
		return "+" + e.Feature.Name
	case *routeguidev1.WatchFeaturesResponse_Deleted:
		return "-" + e.Deleted
	}
	return "current"
}

func (w *mapWatch) expect(want ...string) {
	w.t.Helper()
	for _, s := range want {
		if got := w.next(); got != s {
			w.t.Fatalf("watched %q, want %q", got, s)
		}
	}
}

var allFields = []string{"location", "name", "description", "category", "web_address"}

var featureCases = map[string]func(visitor){
	"a feature's life": func(v visitor) {
		here := v.place()
		there := pb(here.Latitude, here.Longitude+5)
		watched := v.watchMap(around(here, 2), "")
		watched.expect("current")
		want := &routeguidev1.MapFeature{
			Location: here, Name: "Hütte", Description: "Two\nbeds", Category: "hut", WebAddress: "https://example.org/?a=b",
		}
		f := v.create(want)
		if f.Id == "" {
			v.t.Error("the feature has no identifier")
		}
		want.Id = f.Id
		if !proto.Equal(f, want) || v.named(here) != "Hütte" {
			v.t.Errorf("created %v, and there is %q", f, v.named(here))
		}
		want.Name = "Hut"
		if f, err := v.update(&routeguidev1.MapFeature{Id: f.Id, Name: "Hut"}, "name"); err != nil || !proto.Equal(f, want) || v.named(here) != "Hut" {
			v.t.Errorf("renamed to %v, %v", f, err)
		}
		watched.expect("+Hütte", "+Hut")
		want.Location = there
		if f, err := v.update(&routeguidev1.MapFeature{Id: f.Id, Location: there}, "location"); err != nil || !proto.Equal(f, want) || v.named(here) != "" || v.named(there) != "Hut" {
			v.t.Errorf("moved to %v, %v", f, err)
		}
		watched.expect("-" + f.Id)
		want = &routeguidev1.MapFeature{Id: f.Id, Location: here, Name: "all"}
		if f, err := v.update(want, allFields...); err != nil || !proto.Equal(f, want) {
			v.t.Errorf("made to %v, %v", f, err)
		}
		watched.expect("+all")
		for range 2 {
			if err := v.remove(f.Id); err != nil {
				v.t.Error(err)
			}
		}
		if v.named(here) != "" {
			v.t.Error("a deleted feature is there")
		}
		watched.expect("-" + f.Id)
		if _, err := v.update(want, "name"); status.Code(err) != codes.NotFound {
			v.t.Errorf("an update of a deleted feature: %v, want NOT_FOUND", err)
		}
	},
	"a feature that is kept elsewhere": func(v visitor) {
		here := v.place()
		id := fmt.Sprintf("mine-%x", here.Latitude)
		put := func(f *routeguidev1.MapFeature, paths ...string) (*routeguidev1.MapFeature, error) {
			put := new(routeguidev1.MapFeature)
			return put, v.unary(updateFeature, &routeguidev1.UpdateFeatureRequest{Feature: f, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, AllowMissing: true}, put)
		}
		want := &routeguidev1.MapFeature{Id: id, Location: here, Name: "one"}
		for range 2 {
			if f, err := put(want, "location", "name"); err != nil || !proto.Equal(f, want) || v.named(here) != "one" {
				v.t.Errorf("put %v, %v", f, err)
			}
			if err := v.remove(id); err != nil {
				v.t.Error(err)
			}
		}
		_, err := put(&routeguidev1.MapFeature{Id: id + "-2", Name: "x"}, "name")
		v.refused(err, "feature.location")
		_, err = put(&routeguidev1.MapFeature{Id: "1,1", Location: here, Name: "x"}, "location", "name")
		v.refused(err, "feature.id")
	},
	"a feature of the file": func(v visitor) {
		// Each door has another one.
		n := 0
		for i, d := range doors {
			if d.name == v.door.name {
				n = i
			}
		}
		at := []*routeguidepb.Point{pb(407838351, -746143763), pb(408122808, -743999179), pb(413628156, -749015468),
			pb(419999544, -740371136), pb(414008389, -743951297), pb(419611318, -746524769)}[n]
		was := v.named(at)
		id := fmt.Sprintf("%d,%d", at.Latitude, at.Longitude)
		f, err := v.update(&routeguidev1.MapFeature{Id: id, Category: "path"}, "category")
		if want := (&routeguidev1.MapFeature{Id: id, Location: at, Name: was, Category: "path"}); err != nil || was == "" || !proto.Equal(f, want) {
			v.t.Errorf("updated %v, %v, want %v", f, err, want)
		}
		near := new(routeguidev1.NearestFeaturesResponse)
		if err := v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: at, Limit: 1}, near); err != nil ||
			len(near.Neighbors) != 1 || !proto.Equal(near.Neighbors[0].Feature, f) || near.Neighbors[0].Distance != 0 {
			v.t.Errorf("nearest is %v, %v", near, err)
		}
		if err := v.remove(id); err != nil || v.named(at) != "" {
			v.t.Errorf("deleted: %v, and there is %q", err, v.named(at))
		}
	},
	"features that cannot be": func(v visitor) {
		here := v.place()
		id := v.create(&routeguidev1.MapFeature{Location: here}).Id
		for field, f := range map[string]*routeguidev1.MapFeature{
			"feature.location.latitude": {Location: pb(900000001, 0)},
			"feature.name":              {Location: here, Name: strings.Repeat("n", 4097)},
			"feature.description":       {Location: here, Description: strings.Repeat("é", 2049)},
			"feature.category":          {Location: here, Category: "Hut!"},
			"feature.web_address":       {Location: here, WebAddress: "ftp://example.org"},
			"feature.location":          {Name: "nowhere"},
		} {
			v.refused(v.unary(createFeature, &routeguidev1.CreateFeatureRequest{Feature: f}, new(routeguidev1.MapFeature)), field)
			f.Id = id
			_, err := v.update(f, allFields...)
			v.refused(err, field)
		}
		v.refused(v.unary(createFeature, &routeguidev1.CreateFeatureRequest{Feature: &routeguidev1.MapFeature{Id: "mine", Location: here}}, new(routeguidev1.MapFeature)), "feature.id")
		_, err := v.update(&routeguidev1.MapFeature{Id: id, Location: here}, "icon")
		v.refused(err, "update_mask")
		for _, id := range []string{"1,1", "none"} {
			if _, err := v.update(&routeguidev1.MapFeature{Id: id, Name: "x"}, "name"); status.Code(err) != codes.NotFound {
				v.t.Errorf("an update of %q: %v, want NOT_FOUND", id, err)
			}
			if err := v.remove(id); status.Code(err) != codes.NotFound {
				v.t.Errorf("a deletion of %q: %v, want NOT_FOUND", id, err)
			}
		}
	},
	"questions that cannot be": func(v visitor) {
		search, nearest := new(routeguidev1.SearchFeaturesResponse), new(routeguidev1.NearestFeaturesResponse)
		v.refused(v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{}, search), "query")
		v.refused(v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{Query: strings.Repeat("é", 201)}, search), "query")
		v.refused(v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{Query: "a", Limit: 101}, search), "limit")
		v.refused(v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{Query: "a", Bounds: &routeguidev1.Bounds{Southwest: pb(1, 1)}}, search), "bounds.northeast")
		v.refused(v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{}, nearest), "point")
		v.refused(v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: pb(0, 1800000001)}, nearest), "point.longitude")
		v.refused(v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: pb(0, 1), Limit: -1}, nearest), "limit")
		v.refused(v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: pb(0, 1), MaxDistance: -1}, nearest), "max_distance")
		c := v.begin(v.t.Context(), watchFeatures)
		v.ask(c, &routeguidev1.WatchFeaturesRequest{Cursor: "made up"})
		_, err := rest[routeguidev1.WatchFeaturesResponse](c)
		v.refused(err, "cursor")
	},
	"search": func(v visitor) {
		here := v.place()
		word := "w" + strings.ToLower(fmt.Sprintf("%x", here.Latitude))
		f := v.create(&routeguidev1.MapFeature{Location: here, Name: "Café " + strings.ToUpper(word) + "É"})
		v.create(&routeguidev1.MapFeature{Location: pb(-here.Latitude, 0), Name: word + " elsewhere"})
		found := new(routeguidev1.SearchFeaturesResponse)
		for _, r := range []*routeguidev1.SearchFeaturesRequest{
			{Query: word + "e cafe"}, {Query: word, Limit: 2, Bounds: around(here, 10)},
		} {
			if err := v.unary(searchFeatures, r, found); err != nil || len(found.Features) != 1 || !proto.Equal(found.Features[0], f) || found.Truncated {
				v.t.Errorf("%v found %v, %v, want %v", r, found, err, f)
			}
		}
		if err := v.unary(searchFeatures, &routeguidev1.SearchFeaturesRequest{Query: word}, found); err != nil || len(found.Features) != 2 || found.Features[0].Name != word+" elsewhere" {
			v.t.Errorf("found %v, %v, want the one whose name begins so first", found, err)
		}
	},
	"the nearest across the antimeridian": func(v visitor) {
		// 0.002° along the equator are 222.390 m on the sphere, 0.003° are 333.585 m.
		lat := v.place().Latitude / 1e6
		west, east := v.create(&routeguidev1.MapFeature{Location: pb(lat, 1799990000)}), v.create(&routeguidev1.MapFeature{Location: pb(lat, -1799980000)})
		defer func() {
			if err := errors.Join(v.remove(west.Id), v.remove(east.Id)); err != nil {
				v.t.Error(err)
			}
		}()
		near := new(routeguidev1.NearestFeaturesResponse)
		if err := v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: pb(lat, -1799990000), MaxDistance: 300}, near); err != nil {
			v.t.Fatal(err)
		}
		for i, want := range []struct {
			id     string
			metres float64
		}{{east.Id, 111.195}, {west.Id, 222.390}} {
			if len(near.Neighbors) != 2 || near.Neighbors[i].Feature.Id != want.id || math.Abs(near.Neighbors[i].Distance-want.metres) > 0.001 {
				v.t.Fatalf("nearest are %v, want %s %v m away as number %d of 2", near, want.id, want.metres, i)
			}
		}
	},
	"going on with a cursor": func(v visitor) {
		here := v.place()
		f := v.create(&routeguidev1.MapFeature{Location: here, Name: "one"})
		w := v.watchMap(around(here, 2), "")
		w.expect("+one", "current")
		w.call.Cancel()
		if _, err := v.update(&routeguidev1.MapFeature{Id: f.Id, Name: "two"}, "name"); err != nil {
			v.t.Fatal(err)
		}
		v.create(&routeguidev1.MapFeature{Location: here, Name: "three"})
		w = v.watchMap(around(here, 2), w.cursor)
		w.expect("+two", "+three", "current")
	},
}

var importCases = map[string]func(visitor){
	"a file in pieces": func(v visitor) {
		here := v.place()
		file := []byte(fmt.Sprintf(`{"type": "Feature", "geometry": {"type": "Point", "coordinates": [%v, %v]}, "properties": {"name": "imported", "url": "http://example.org"}}`,
			float64(here.Longitude)/1e7, float64(here.Latitude)/1e7))
		for round := range 2 {
			c := v.begin(v.t.Context(), importFeatures)
			var pieces []proto.Message
			for b := range 4 {
				pieces = append(pieces, &routeguidev1.ImportFeaturesRequest{Data: file[len(file)*b/4 : len(file)*(b+1)/4]})
			}
			v.ask(c, pieces...)
			got, err := rest[routeguidev1.ImportFeaturesResponse](c)
			want := &routeguidev1.ImportFeaturesResponse{ByteCount: int64(len(file)), FeatureCount: int64(1 - round), DuplicateCount: int64(round)}
			if err != nil || len(got) == 0 || !proto.Equal(got[len(got)-1], want) {
				v.t.Errorf("imported %v, %v, want %v", got, err, want)
			}
		}
		if v.named(here) != "imported" {
			v.t.Error("the feature is not there")
		}
	},
	"a file that is wrong": func(v visitor) {
		c := v.begin(v.t.Context(), importFeatures)
		v.ask(c, &routeguidev1.ImportFeaturesRequest{Data: []byte("name,latitude,longitude\na,1,2\nb,x,2\n")})
		_, err := rest[routeguidev1.ImportFeaturesResponse](c)
		v.refused(err, "data")
		if want := `line 3: latitude: "x" is not a number`; !strings.Contains(status.Convert(err).Message(), want) {
			v.t.Errorf("error %v, want %s", err, want)
		}
	},
}

// What is edited at one process of a cluster is seen by the other, by its classic calls and by those who watch there, who go
// on at any of the two.
func TestFeaturesOnOneCluster(t *testing.T) {
	c := natstest.Start(t)
	ours, theirs := visitor{t, start(t, "-nats-url", c.URL()), doors[0]}, visitor{t, start(t, "-nats-url", c.URL()), doors[4]}
	here := pb(1, 1)
	watches := []*mapWatch{ours.watchMap(around(here, 5), ""), theirs.watchMap(around(here, 5), "")}
	expect := func(want string) {
		t.Helper()
		for _, w := range watches {
			w.expect(want)
		}
	}
	expect("current")
	f := ours.create(&routeguidev1.MapFeature{Location: here, Name: "ours"})
	expect("+ours")
	if _, err := theirs.update(&routeguidev1.MapFeature{Id: f.Id, Name: "theirs"}, "name"); err != nil {
		t.Fatal(err)
	}
	expect("+theirs")
	if got := ours.named(here); got != "theirs" {
		t.Errorf("there is %q, want what the other process was told", got)
	}
	watches[0].call.Cancel()
	watches[1].call.Cancel()
	const n = 300
	var file strings.Builder
	file.WriteString("name,latitude,longitude\n")
	for i := range n {
		fmt.Fprintf(&file, "%d,0,0\n", i)
	}
	call := theirs.begin(t.Context(), importFeatures)
	theirs.ask(call, &routeguidev1.ImportFeaturesRequest{Data: []byte(file.String())})
	if _, err := rest[routeguidev1.ImportFeaturesResponse](call); err != nil {
		t.Fatal(err)
	}
	// Each goes on where the other one was.
	watches = []*mapWatch{ours.watchMap(around(here, 5), watches[1].cursor), theirs.watchMap(around(here, 5), watches[0].cursor)}
	expectNext := func(want string) {
		t.Helper()
		for _, w := range watches {
			if got := w.next(); got != want && (got != "current" || w.next() != want) { // the other process may know more
				t.Fatalf("watched %q, want %q", got, want)
			}
		}
	}
	for i := range n {
		expectNext(fmt.Sprint("+", i))
		if i == n/2 {
			watches[0].call.Cancel()
			watches[0] = theirs.watchMap(around(here, 5), watches[0].cursor)
		}
	}
	if err := ours.remove(f.Id); err != nil {
		t.Fatal(err)
	}
	expectNext("-" + f.Id)
}

func TestTiles(t *testing.T) {
	p := start(t)
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/v1/tiles/0/0/0.mvt", http.StatusOK}, {http.MethodHead, "/v1/tiles/14/4836/6136.mvt", http.StatusOK},
		{http.MethodGet, "/v1/tiles/0/0/7.mvt", http.StatusNotFound}, {http.MethodPost, "/v1/tiles/0/0/0.mvt", http.StatusMethodNotAllowed},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, p.base()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http1.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if resp.StatusCode != test.want || test.want == http.StatusOK && resp.Header.Get("Content-Type") != "application/vnd.mapbox-vector-tile" {
			t.Errorf("%s %s is %s with %v, want %d", test.method, test.path, resp.Status, resp.Header, test.want)
		}
	}
}
