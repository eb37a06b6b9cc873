package route_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/route"
	"routeguide/server/store"
)

// Who watches a route while it is recorded sees each point once, in order, however often they are cut off and go on from
// their mark, and is told when it is over.
func TestWatchersSeeEachPointOnce(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	rec := record(t, book, "r", 0)
	const points = 3000
	var watching sync.WaitGroup
	for seed := range uint64(4) {
		watching.Go(func() {
			r := rand.New(rand.NewPCG(seed, 0))
			var seen []int32
			var mark route.Mark
			for over := false; !over; {
				updates, stage := 1+r.IntN(20), route.Stored
				over = true
				for u, err := range book.Watch(t.Context(), "r", mark) {
					if err != nil {
						if over = false; !errors.Is(err, store.ErrSlow) {
							t.Error(err)
							return
						}
						break
					}
					if u.Stage < stage || u.Stage == route.Current && stage == route.Current {
						t.Errorf("after stage %d comes %d", stage, u.Stage)
					}
					for _, f := range u.Fixes {
						seen = append(seen, f.Point.Lat)
					}
					if mark, stage = u.Mark, u.Stage; int(mark.Points) != len(seen) || u.Stage != route.Stored && int(u.Route.Points) != len(seen) {
						t.Errorf("%d points were seen of %d, at %+v", len(seen), u.Route.Points, mark)
					}
					if updates--; updates == 0 && u.Route.State != route.Finished {
						over = false
						break
					}
				}
			}
			for i, lat := range seen {
				if lat != int32(i) {
					t.Errorf("point %d is %d", i, lat)
					return
				}
			}
			if len(seen) != points {
				t.Errorf("%d of %d points were seen", len(seen), points)
			}
		})
	}
	r := rand.New(rand.NewPCG(9, 9))
	for i := range int32(points) {
		add(t, rec, geo.Point{Lat: i})
		if r.IntN(15) == 0 {
			if err := rec.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := rec.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	watching.Wait()
}

func TestWatchEnds(t *testing.T) {
	book := open(t, t.TempDir(), &clock{time.Unix(1000, 0)})
	watch := func(ctx context.Context, id string, from route.Mark, each func(route.Update)) error {
		for u, err := range book.Watch(ctx, id, from) {
			if err != nil {
				return err
			}
			each(u)
		}
		return nil
	}
	if err := watch(t.Context(), "nobody", route.Mark{}, func(route.Update) {}); !errors.Is(err, route.ErrNotFound) {
		t.Errorf("a route that there is not: %v, want ErrNotFound", err)
	}
	rec := record(t, book, "r", 0)
	add(t, rec, home)
	if err := rec.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, beyond := range []route.Mark{{Position: 100}, {Position: 1, Points: 2}} {
		if err := watch(t.Context(), "r", beyond, func(route.Update) {}); !errors.Is(err, store.ErrBeyond) {
			t.Errorf("from %+v: %v, want ErrBeyond", beyond, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := watch(ctx, "r", route.Mark{}, func(u route.Update) {
		if u.Stage == route.Current {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a watch that is cancelled: %v", err)
	}
	err = watch(t.Context(), "r", route.Mark{}, func(u route.Update) {
		if u.Stage == route.Current {
			if err := book.Delete(t.Context(), "r"); err != nil {
				t.Fatal(err)
			}
		}
	})
	if !errors.Is(err, route.ErrNotFound) {
		t.Errorf("a route that is deleted: %v, want ErrNotFound", err)
	}
}

// What is proposed again, because nobody knew whether it was made, changes nothing: not what others have changed since, nor
// the points of a route, nor what they come to.
func TestRepeatedChanges(t *testing.T) {
	st := store.New(store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	book := route.New(st, route.Options{Feature: func(geo.Point) bool { return false }})
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	do := func(c *logv1.RouteChange) error {
		_, err := st.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Route{Route: c}})
		return err
	}
	update := func(id byte, name string) *logv1.RouteChange {
		return &logv1.RouteChange{Kind: &logv1.RouteChange_Updated{Updated: &logv1.RouteUpdated{RouteId: "r", Id: []byte{id}, Name: proto.String(name)}}}
	}
	extended := &logv1.RouteChange{Kind: &logv1.RouteChange_Extended{Extended: &logv1.RouteExtended{
		Token: []byte("token"), Call: []byte("call"), Points: route.Pack([]route.Fix{{Point: home, Time: time.Unix(1, 0)}, {Point: home, Time: time.Unix(999, 0)}}),
		Steps: []uint64{0, 0}, State: logv1.RouteState_ROUTE_STATE_RECORDING, Time: 1_000_000,
	}}}
	deleted := &logv1.RouteChange{Kind: &logv1.RouteChange_Deleted{Deleted: &logv1.RouteDeleted{RouteId: "r"}}}
	begun := &logv1.RouteChange{Kind: &logv1.RouteChange_Begun{Begun: &logv1.RouteBegun{Token: []byte("token"), RouteId: "r", Call: []byte("call"), Time: 1000}}}
	changes := []*logv1.RouteChange{begun, update(1, "mine"), extended, update(2, "yours"), update(1, "mine"), extended, begun}
	for _, c := range changes {
		if err := do(c); err != nil {
			t.Fatal(err)
		}
	}
	r, err := book.Get(t.Context(), "r")
	if err != nil || r.Name != "yours" || r.Points != 2 || r.Statistics.Stops != 1 || r.Newest.Time != time.Unix(999, 0) {
		t.Errorf("the route is %+v, %v", r, err)
	}
	if got := track(t, book, "r"); len(got) != 2 {
		t.Errorf("it has the points %v", got)
	}
	for range 2 {
		if err := do(deleted); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range changes {
		if err := do(c); !errors.Is(err, route.ErrNotFound) {
			t.Errorf("after the deletion %v ends with %v, want ErrNotFound", c, err)
		}
	}
	if all := pages(t, book, route.Query{Limit: 5, Hidden: true}); len(all) > 0 {
		t.Errorf("there are still %v", all)
	}
}
