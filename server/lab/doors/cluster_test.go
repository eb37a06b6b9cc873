package doors

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/natstest"
)

// Two processes share a cluster. People chat, watch and record through both; one process is killed, and its people go on
// at the other one.
func TestTwoProcessesOnOneCluster(t *testing.T) {
	c := natstest.Start(t)
	stays := start(t, "-nats-url", c.URL())
	for _, d := range []door{doors[0], doors[1], doors[4]} {
		t.Run(d.name, func(t *testing.T) {
			dies, cmd := launch(t, "-nats-url", c.URL())
			here := visitor{t, stays, d}.place()
			our, their := side{visitor{t, stays, d}, here}, side{visitor{t, dies, d}, here}

			watches := []*watch{our.watch(""), their.watch("")}
			id := our.t.Name()
			ada, bob := their.begin(t.Context(), routeChat, "resume-token", token(id)), our.begin(t.Context(), routeChat)
			their.say(ada, "one")
			for _, w := range watches {
				w.expect("one") // at both sides, before anybody goes on
			}
			our.say(bob, "two")
			our.hear(bob, "one")
			their.hear(ada, "two")
			their.say(ada, "three")
			their.hear(ada, "one") // it is stored, which is known of this one only
			our.hear(bob, "three")
			for _, w := range watches {
				w.expect("two")
				w.expect("three")
			}

			const points = 250
			guide := routeguidepb.NewRouteGuideClient(dies.dial())
			track, err := guide.RecordRoute(metadata.AppendToOutgoingContext(t.Context(), "resume-token", token(id)))
			if err != nil {
				t.Fatal(err)
			}
			for i := range points {
				p := step(i)
				if err := track.Send(&routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := track.Header(); err != nil {
				t.Fatal(err)
			}
			before := our.cursor()
			c.Await("points to be stored", func() error {
				if our.cursor() == before {
					return errors.New("nothing was stored")
				}
				return nil
			})
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if _, err := rest[routeguidepb.RouteNote](ada); err == nil {
				t.Error("a chat with a killed process ended well")
			}

			ada = our.begin(t.Context(), routeChat, "resume-token", token(id), "chat-notes", "1")
			our.say(ada, "three")
			our.say(ada, "four")
			our.hear(bob, "four")
			watches[0].expect("four")
			our.watch(watches[1].cursor).expect("four")
			if got, want := our.stored(), []string{"one", "two", "three", "four"}; !slices.Equal(got, want) {
				t.Errorf("stored are %q, want %q", got, want)
			}
			if n := resume(t, routeguidepb.NewRouteGuideClient(stays.dial()), id, points); n != points {
				t.Errorf("the route has %d points, want %d", n, points)
			}
		})
	}
}

// A process on a cluster says when the cluster is gone, and recovers by itself.
func TestClusterGone(t *testing.T) {
	c := natstest.Start(t)
	p := start(t, "-nats-url", c.URL())
	ready := func(want int) {
		t.Helper()
		c.Await(fmt.Sprintf("/readyz to say %d", want), func() error {
			resp, err := http1.Get(p.base() + "/readyz")
			if err != nil {
				return err
			}
			if err := resp.Body.Close(); err != nil || resp.StatusCode != want {
				return errors.Join(err, errors.New(resp.Status))
			}
			return nil
		})
	}
	us := side{visitor{t, p, doors[0]}, pb(1, 2)}
	chat, watched := us.begin(t.Context(), routeChat), us.watch("")
	us.say(chat, "before")
	watched.expect("before")
	ready(200)
	for i := range 3 {
		c.Kill(i)
	}
	us.say(chat, "while") // waits for the cluster
	ready(503)
	for i := range 3 {
		c.Restart(i)
	}
	us.hear(chat, "before")
	watched.expect("while")
	ready(200)
}

// A side is somebody at one place who talks with one of the processes.
type side struct {
	visitor
	here *routeguidepb.Point
}

func (s side) bounds() *routeguidev1.Bounds {
	return &routeguidev1.Bounds{Southwest: s.here, Northeast: s.here}
}

func (s side) say(chat call, text string) {
	s.t.Helper()
	if err := chat.SendMsg(&routeguidepb.RouteNote{Location: s.here, Message: text}); err != nil {
		s.t.Fatal(err)
	}
}

func (s side) hear(chat call, want string) {
	s.t.Helper()
	defer time.AfterFunc(patience, chat.Cancel).Stop()
	n := new(routeguidepb.RouteNote)
	if err := chat.RecvMsg(n); err != nil || n.Message != want {
		s.t.Fatalf("heard %v, %v, want %q", n, err, want)
	}
}

// cursor is that of the newest change.
func (s side) cursor() string {
	s.t.Helper()
	page := new(routeguidev1.ListNotesResponse)
	if err := s.unary(listNotes, &routeguidev1.ListNotesRequest{}, page); err != nil {
		s.t.Fatal(err)
	}
	return page.Cursor
}

// notes returns what is stored here.
func (s side) notes() []*routeguidev1.Note {
	s.t.Helper()
	page := new(routeguidev1.ListNotesResponse)
	if err := s.unary(listNotes, &routeguidev1.ListNotesRequest{Bounds: s.bounds()}, page); err != nil {
		s.t.Fatal(err)
	}
	return page.Notes
}

// stored returns the messages that are stored here.
func (s side) stored() (messages []string) {
	s.t.Helper()
	for _, n := range s.notes() {
		messages = append(messages, n.Message)
	}
	return messages
}

// A watch is told what is written at a side's place.
type watch struct {
	t      *testing.T
	call   call
	cursor string
}

// watch begins after a cursor; without one, it returns when it has told all that is stored.
func (s side) watch(cursor string) *watch {
	s.t.Helper()
	w := &watch{t: s.t, call: s.begin(s.t.Context(), watchNotes), cursor: cursor}
	s.ask(w.call, &routeguidev1.WatchNotesRequest{Bounds: s.bounds(), Cursor: cursor})
	if cursor == "" {
		w.next()
	}
	return w
}

func (w *watch) next() *routeguidev1.WatchNotesResponse {
	w.t.Helper()
	defer time.AfterFunc(patience, w.call.Cancel).Stop()
	m := new(routeguidev1.WatchNotesResponse)
	if err := w.call.RecvMsg(m); err != nil {
		w.t.Fatal(err)
	}
	w.cursor = m.Cursor
	return m
}

// expect waits for the next note.
func (w *watch) expect(want string) {
	w.t.Helper()
	m := w.next()
	for m.Note == nil {
		m = w.next() // what follows is live
	}
	if m.Note.Message != want {
		w.t.Fatalf("watched %q, want %q", m.Note.Message, want)
	}
}
