package edge_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nhooyr.io/websocket"

	"routeguide/proto/routeguide"
)

// quick is less than peers are given to take what is sent to them while nothing is being closed.
const quick = 20 * time.Second

// TestCloseEndsEveryCall closes the Edge below calls of every kind at every door.
func TestCloseEndsEveryCall(t *testing.T) {
	p := open(t)
	type open struct {
		name string
		end  func() error // waits for the end of the call
	}
	var calls []open
	for _, d := range doors(p)[1:] {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		unary := make(chan error, 1)
		go func() {
			_, err := client.GetFeature(context.Background(), &routeguidepb.Point{Latitude: 999})
			unary <- err
		}()
		calls = append(calls, open{d.name + " unary", func() error { return within(t, unary, "the answer") }})

		list, err := client.ListFeatures(call(t), &routeguidepb.Rectangle{Lo: &routeguidepb.Point{Latitude: 1}, Hi: &routeguidepb.Point{Longitude: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := list.Recv(); err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		calls = append(calls, open{d.name + " server stream", func() error { _, err := list.Recv(); return err }})

		record, err := client.RecordRoute(call(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := record.Send(&routeguidepb.Point{}); err != nil {
			t.Fatal(err)
		}
		if d.early {
			if _, err := record.Header(); err != nil {
				t.Fatal(err)
			}
			calls = append(calls, open{d.name + " client stream", func() error { return record.RecvMsg(new(routeguidepb.RouteSummary)) }})
		}
		if d.duplex {
			bidi, err := client.RouteChat(call(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := bidi.Send(&routeguidepb.RouteNote{Message: "x"}); err != nil {
				t.Fatal(err)
			}
			if _, err := bidi.Recv(); err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			calls = append(calls, open{d.name + " bidi", func() error {
				_, err := bidi.Recv()
				if d.name == "WebSocket" {
					closedWith(t, bidi, websocket.StatusGoingAway)
				}
				return err
			}})
		}
	}
	waitFor(t, p, len(doors(p))-1) // the unary calls have arrived

	start := time.Now()
	if err := p.edge.Close(call(t)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > quick {
		t.Errorf("closing took %v", took)
	}
	for _, c := range calls {
		if err := c.end(); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "shutting down") {
			t.Errorf("%s ended with %v", c.name, err)
		}
	}
	for _, d := range doors(p)[1:] {
		_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(call(t), &routeguidepb.Point{})
		if err == nil {
			t.Errorf("%s answers after the end", d.name)
		}
	}
}

// waitFor waits until so many unary calls are in their handler.
func waitFor(t *testing.T, p *place, n int) {
	t.Helper()
	for range n {
		within(t, p.guide.waiting, "a call to arrive")
	}
}

// TestCloseCutsOffWhoDoesNotListen closes the Edge below peers that neither read nor answer.
func TestCloseCutsOffWhoDoesNotListen(t *testing.T) {
	p := open(t)
	for _, d := range doors(p)[1:] {
		if !d.duplex {
			continue
		}
		s, err := routeguidepb.NewRouteGuideClient(d.conn).RouteChat(call(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&routeguidepb.RouteNote{Message: "flood" + strings.Repeat("!", 4000)}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	start := time.Now()
	_ = p.edge.Close(ctx)
	if took := time.Since(start); took > quick {
		t.Errorf("closing took %v", took)
	}
}

func TestCloseTwice(t *testing.T) {
	p := open(t)
	for range 2 {
		if err := p.edge.Close(call(t)); err != nil {
			t.Fatal(err)
		}
	}
	res, err := p.http1.Get(p.base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("ready after the end: %s %s", res.Status, text)
	}
}
