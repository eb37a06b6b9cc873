package doors

import (
	"errors"
	"io"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
)

// Clients that lost their connection go on by their secret, through every door that carries streams; whoever knows only
// what others can read goes on with nothing.
func TestResumeThroughEveryDoor(t *testing.T) {
	p := start(t)
	for _, d := range doors {
		if !d.streams {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Run("chat", func(t *testing.T) { visitor{t, p, d}.resumeChat() })
			t.Run("route", func(t *testing.T) { visitor{t, p, d}.resumeRoute() })
			t.Run("thief of a chat", func(t *testing.T) { visitor{t, p, d}.stealChat() })
			t.Run("thief of a route", func(t *testing.T) { visitor{t, p, d}.stealRoute() })
		})
	}
}

// chat writes messages in a call of their own, which ends when they are stored.
func (s side) chat(secret, first string, messages ...string) error {
	s.t.Helper()
	md := []string{"resume-token", secret}
	if first != "" {
		md = append(md, "chat-notes", first)
	}
	c := s.begin(s.t.Context(), routeChat, md...)
	var notes []proto.Message
	for _, m := range messages {
		notes = append(notes, &routeguidepb.RouteNote{Location: s.here, Message: m})
	}
	s.ask(c, notes...)
	_, err := rest[routeguidepb.RouteNote](c)
	return err
}

func (v visitor) resumeChat() {
	s, secret := side{v, v.place()}, v.token("resumed")
	for _, call := range []struct {
		first    string
		messages []string
	}{
		{"", []string{"0", "1"}},
		{"2", []string{"2"}},
		{"0", []string{"0", "1", "2", "3"}}, // its client was never told anything
		{"", []string{"4"}},
	} {
		if err := s.chat(secret, call.first, call.messages...); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := s.chat(secret, "3", "another"); status.Code(err) != codes.AlreadyExists {
		v.t.Errorf("another note under a number that is taken: %v, want ALREADY_EXISTS", err)
	}
	if err := s.chat(secret, "6", "6"); status.Code(err) != codes.OutOfRange {
		v.t.Errorf("a number that leaves out notes: %v, want OUT_OF_RANGE", err)
	}
	if got, want := s.stored(), []string{"0", "1", "2", "3", "4"}; !slices.Equal(got, want) {
		v.t.Errorf("stored are %q, want %q", got, want)
	}
}

func (v visitor) resumeRoute() {
	secret := v.token("resumed")
	broken := v.begin(v.t.Context(), recordRoute, "resume-token", secret)
	v.ask(broken, pb(1, 1), pb(2, 2), pb(0, -1800000001))
	v.refused(broken.RecvMsg(new(routeguidepb.RouteSummary)), "longitude")
	for _, more := range [][]proto.Message{{pb(3, 3)}, nil} { // then its client asks for the summary that it never got
		c := v.begin(v.t.Context(), recordRoute, "resume-token", secret)
		v.ask(c, more...)
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 3 {
			v.t.Errorf("summary %v, %v, want 3 points", sum, err)
		}
	}
}

// stealChat has a thief who read the public name of a chat try to write its next note: the victim's own note is stored,
// and everything under the victim's name is the victim's.
func (v visitor) stealChat() {
	s, secret := side{v, v.place()}, v.token("victim")
	if err := s.chat(secret, "", "mine 0"); err != nil {
		v.t.Fatal(err)
	}
	public := s.notes()[0].Id
	name := public[:len(public)-len(".0")]
	for _, md := range [][2]string{{"chat-id", name}, {"resume-token", name}, {"resume-token", public}} {
		c := s.begin(v.t.Context(), routeChat, md[0], md[1], "chat-notes", "1")
		s.ask(c, &routeguidepb.RouteNote{Location: s.here, Message: "stolen"})
		if _, err := rest[routeguidepb.RouteNote](c); err == nil || errors.Is(err, io.EOF) {
			v.t.Errorf("%s %q goes on with another's chat", md[0], md[1])
		}
	}
	if err := s.chat(secret, "1", "mine 1"); err != nil {
		v.t.Fatal(err)
	}
	if got, want := s.stored(), []string{"mine 0", "mine 1"}; !slices.Equal(got, want) {
		v.t.Errorf("stored are %q, want %q", got, want)
	}
	if notes := s.notes(); notes[1].Id != name+".1" {
		v.t.Errorf("the victim's notes are %v", notes)
	}
}

// stealRoute has a thief who knows the public name of a route try to go on with it.
func (v visitor) stealRoute() {
	secret := v.token("victim")
	c := v.begin(v.t.Context(), recordRoute, "resume-token", secret)
	v.ask(c, pb(1, 1), pb(0, -1800000001))
	v.refused(c.RecvMsg(new(routeguidepb.RouteSummary)), "longitude")
	head, err := c.Header()
	if err != nil || len(head.Get("route-id")) != 1 {
		v.t.Fatalf("header %v, %v", head, err)
	}
	public := head.Get("route-id")[0]
	sum := new(routeguidepb.RouteSummary)
	thief := v.begin(v.t.Context(), recordRoute, "route-id", public)
	v.ask(thief, pb(9, 9))
	v.refused(thief.RecvMsg(sum), "route-id")
	thief = v.begin(v.t.Context(), recordRoute, "resume-token", public)
	v.ask(thief, pb(9, 9))
	if err := thief.RecvMsg(sum); err != nil || sum.PointCount != 1 {
		v.t.Errorf("the thief's route: %v, %v, want one of its own", sum, err)
	}
	c = v.begin(v.t.Context(), recordRoute, "resume-token", secret)
	v.ask(c, pb(2, 2))
	if err := c.RecvMsg(sum); err != nil || sum.PointCount != 2 {
		v.t.Errorf("the victim's route: %v, %v, want 2 points", sum, err)
	}
}
