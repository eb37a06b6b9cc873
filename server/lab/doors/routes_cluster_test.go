package doors

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/natstest"
)

// A route that is recorded at one of two processes, and named at both at once, is the same at both, point by point and name
// by name, in one order; when its process is killed, it is gone on with at the other one, and so are those who watch it.
func TestRouteOnTwoProcesses(t *testing.T) {
	c := natstest.Start(t)
	stays := start(t, "-nats-url", c.URL())
	dies, cmd := launch(t, "-nats-url", c.URL())
	here, there := visitor{t, stays, doors[0]}, visitor{t, dies, doors[0]}

	secret := here.token("route")
	recording := there.begin(t.Context(), recordTrack, "resume-token", secret)
	var sent []*routeguidev1.Fix
	send := func(to call, n int) {
		for range n {
			sent = append(sent, measured(len(sent), int32(len(sent)), 5))
			if err := to.SendMsg(&routeguidev1.RecordTrackRequest{Fix: sent[len(sent)-1]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(recording, 150)
	head, err := recording.Header()
	if err != nil {
		t.Fatal(err)
	}
	id := head.Get("route-id")[0]
	// At the other process the route is there as soon as anybody was told of it.
	if err := here.unary(getRoute, &routeguidev1.GetRouteRequest{Route: id}, new(routeguidev1.Route)); err != nil {
		t.Fatal(err)
	}
	watches := []*routeWatch{here.watchRoute(id, ""), there.watchRoute(id, "")}
	names := make([][]string, 2)
	seen := make([][]*routeguidev1.Fix, 2)
	take := func(i int, enough func() bool) {
		t.Helper()
		for !enough() {
			m := watches[i].next()
			seen[i] = append(seen[i], m.Fixes...)
			if name := m.Route.GetName(); name != "" && (len(names[i]) == 0 || names[i][len(names[i])-1] != name) {
				names[i] = append(names[i], name)
			}
		}
	}
	for i := range watches {
		take(i, func() bool { return len(seen[i]) == 150 })
	}
	done := make(chan error)
	for i, v := range []visitor{here, there} {
		go func() {
			for n := range 20 {
				edit := &routeguidev1.UpdateRouteRequest{
					Route:      &routeguidev1.Route{Id: id, Name: fmt.Sprint(i, " ", n)},
					UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
				}
				if _, err := routeguidev1.NewRouteServiceClient(v.conn(v.p)).UpdateRoute(t.Context(), edit); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range watches {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for i := range watches {
		take(i, func() bool { return len(names[i]) == 40 })
	}
	if !slices.Equal(names[0], names[1]) {
		t.Errorf("the processes saw the names\n%q and\n%q", names[0], names[1])
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	watches[1] = here.watchRoute(id, watches[1].cursor)
	recording = here.begin(t.Context(), recordTrack, "resume-token", secret)
	send(recording, 10)
	here.ask(recording)
	finished := new(routeguidev1.RecordTrackResponse)
	if err := recording.RecvMsg(finished); err != nil {
		t.Fatal(err)
	}
	for i, w := range watches {
		rest, err := rest[routeguidev1.WatchRouteResponse](w.call)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range rest {
			seen[i] = append(seen[i], m.Fixes...)
		}
		if !sameFixes(seen[i], sent) {
			t.Errorf("watch %d saw %d points, want %d", i, len(seen[i]), len(sent))
		}
	}
	if got, err := here.track(id); err != nil || !sameFixes(got, sent) || finished.Route.PointCount != int64(len(sent)) {
		t.Errorf("of %d points %d are stored, %v", len(sent), len(got), err)
	}
}
