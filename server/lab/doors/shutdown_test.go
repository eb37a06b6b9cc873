package doors

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/leaktest"
)

// More than a thousand streams of all kinds are open, through all doors, when the program is told to end: it does so before
// it has to cut anybody off, every client hears UNAVAILABLE, and no goroutine is left. A machine that is too slow to end so
// many in time ends fewer.
func TestShutdownWithOpenStreams(t *testing.T) {
	all := ports(t)
	for name, most := range map[string]int{"two ports": 60, "one port with TLS": 30} { // the second has twice as many doors
		t.Run(name, func(t *testing.T) {
			for each := most; !endsInTime(t, all[name], each); each /= 2 {
				if each < 10 {
					t.Fatalf("the program took longer than %v to end", shutdownBound)
				}
			}
		})
	}
}

// endsInTime ends a program below so many streams of each kind at each door.
func endsInTime(t *testing.T, at port, each int) bool {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	p := start(t, at.args...)
	p.secure = at.secure
	by := clients(at.secure)
	doors := doorsBy(by["HTTP/1.1"])
	if at.secure != nil {
		doors = append(doors, doorsBy(by["HTTP/2"])[2:]...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	open := []struct {
		method string
		first  func(*routeguidepb.Point) proto.Message // what is sent at once, from a place of its own
		answer proto.Message
	}{
		{watchNotes, func(p *routeguidepb.Point) proto.Message {
			return &routeguidev1.WatchNotesRequest{Bounds: &routeguidev1.Bounds{Southwest: p, Northeast: p}}
		}, new(routeguidev1.WatchNotesResponse)},
		{routeChat, func(p *routeguidepb.Point) proto.Message {
			return &routeguidepb.RouteNote{Location: p, Message: "hello"}
		}, new(routeguidepb.RouteNote)},
		{recordRoute, func(p *routeguidepb.Point) proto.Message { return p }, new(routeguidepb.RouteSummary)},
	}
	type stream struct {
		name   string
		answer proto.Message
		call
	}
	var all []stream
	for _, d := range doors {
		for _, o := range open {
			if !d.streams && o.method != watchNotes {
				continue
			}
			for range each {
				v := visitor{t, p, d}
				c := v.begin(ctx, o.method)
				if err := c.SendMsg(o.first(pb(int32(len(all)), 0))); err != nil {
					t.Fatal(err)
				}
				if o.method == watchNotes {
					v.ask(c)
					if err := c.RecvMsg(proto.Clone(o.answer)); err != nil {
						t.Fatalf("%s %s: %v", d.name, o.method, err)
					}
				}
				all = append(all, stream{d.name + " " + o.method, proto.Clone(o.answer), c})
			}
		}
	}
	var clients sync.WaitGroup
	var mu sync.Mutex
	wrong := map[string]int{}
	for _, s := range all {
		clients.Go(func() {
			var err error
			for err == nil {
				err = s.RecvMsg(s.answer)
			}
			if status.Code(err) != codes.Unavailable {
				mu.Lock()
				wrong[fmt.Sprintf("%s ended with %v", s.name, err)]++
				mu.Unlock()
			}
		})
	}
	began := time.Now()
	err := p.stop()
	took := time.Since(began)
	t.Logf("%d streams ended in %v", len(all), took)
	if took > shutdownBound {
		cancel()
		clients.Wait()
		return false
	}
	if err != nil {
		t.Error(err)
	}
	// A client of a connection that was cut off while it had nothing to send does not notice; it must not hang the test.
	defer time.AfterFunc(patience, cancel).Stop()
	clients.Wait()
	for what, n := range wrong {
		t.Errorf("%s (%d times), want UNAVAILABLE", what, n)
	}
	cancel()
	p.conn().Close()
	for _, client := range by {
		client.CloseIdleConnections()
	}
	leaktest.VerifyNone(t, goroutines)
	return true
}

// Under load, and with points that are not stored yet, the program ends as fast. A machine that is too slow does it with
// less.
func TestShutdownUnderLoad(t *testing.T) {
	for each := 64; !endsUnderLoad(t, each); each /= 2 {
		if each < 8 {
			t.Fatalf("the program took longer than %v to end", shutdownBound)
		}
	}
}

func endsUnderLoad(t *testing.T, each int) bool {
	t.Helper()
	p := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients sync.WaitGroup
	ends := make(chan error, each) // of routes
	for range each {
		v := visitor{t, p, doors[0]}
		record := v.begin(ctx, recordRoute)
		clients.Go(func() {
			for err := error(nil); err == nil; {
				err = record.SendMsg(pb(1, 1))
			}
			ends <- record.RecvMsg(new(routeguidepb.RouteSummary))
		})
		clients.Go(func() {
			for err := error(nil); err == nil; {
				err = v.connection().Invoke(ctx, getFeature, pb(1, 1), new(routeguidepb.Feature))
			}
		})
	}
	began := time.Now()
	err := p.stop()
	took := time.Since(began)
	t.Logf("ended in %v", took)
	cancel()
	clients.Wait()
	close(ends)
	if err != nil {
		t.Error(err)
	}
	if took >= shutdownBound { // who had not ended by then was cut off
		return false
	}
	for err := range ends {
		if status.Code(err) != codes.Unavailable {
			t.Errorf("a route ended with %v, want UNAVAILABLE", err)
		}
	}
	return true
}
