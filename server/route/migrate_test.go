package route_test

import (
	"crypto/sha256"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/store"
)

// A file of the first version opens, with its routes, and who was recording one goes on.
func TestFirstVersion(t *testing.T) {
	dir, token := t.TempDir(), sha256.Sum256([]byte("r"))
	points, err := proto.Marshal(&logv1.Points{Latitude: []int32{10, 5}, Longitude: []int32{20, 5}, Time: []int64{1500, 10}})
	if err != nil {
		t.Fatal(err)
	}
	former := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	former.Register(store.Book{Name: "route", Schema: route.Schema[:1], Apply: func(tx *store.Tx, _ *logv1.Change) (any, error) {
		err := tx.Exec("INSERT INTO route VALUES(1, ?, 'r', x'00', 'ada', 1, 1000, 2000, 2, 1, 12.5, 10, 15, 20, 25, 15, 25)", token[:])
		if err == nil {
			err = tx.Exec("INSERT INTO route_box VALUES(1, 10, 15, 20, 25)")
		}
		if err == nil {
			err = tx.Exec("INSERT INTO chunk VALUES(1, 0, 2000, ?)", points)
		}
		return nil, err
	}})
	if err := former.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := former.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Route{Route: &logv1.RouteChange{}}}); err != nil {
		t.Fatal(err)
	}
	if err := former.Close(); err != nil {
		t.Fatal(err)
	}

	book := open(t, dir, &clock{time.UnixMilli(3000)})
	want := route.Route{
		ID: "r", Traveler: "ada", State: route.Recording, Began: time.UnixMilli(1000), Ended: time.UnixMilli(2000), Start: time.UnixMilli(1000),
		Newest: route.Fix{Point: geo.Point{Lat: 15, Lng: 25}, Time: time.UnixMilli(2000)}, Bounds: geo.Rect{South: 10, North: 15, West: 20, East: 25},
		Points: 2, Features: 1, Metres: 12.5,
	}
	if all := pages(t, book, route.Query{Limit: 10, Area: &geo.World}); len(all) != 1 || all[0] != want {
		t.Fatalf("there are %+v, want %+v", all, want)
	}
	if fixes := track(t, book, "r"); len(fixes) != 2 || fixes[1].Point != want.Newest.Point {
		t.Errorf("the track is %+v", fixes)
	}
	r := record(t, book, "r", 2)
	add(t, r, geo.Point{Lat: 15, Lng: 25})
	if got, err := r.Finish(t.Context()); err != nil || got.Points != 3 || got.Metres != 12.5 || got.Traveler != "ada" {
		t.Errorf("it ends as %+v, %v", got, err)
	}
}
