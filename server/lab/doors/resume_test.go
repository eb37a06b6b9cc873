package doors

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/store"
	"routeguide/server/lab/natstest"
)

// Clients that lost their connection come back after the store has forgotten the identifiers that it saw before: in a
// directory and on a cluster, through every door.
func TestResumedAfterIdentifiersAreForgotten(t *testing.T) {
	dir := t.TempDir()
	makeForgetful(t, store.Options{Dir: dir})
	c := natstest.Start(t)
	makeForgetful(t, store.Options{Cluster: &store.Cluster{URL: c.URL()}})
	for name, args := range map[string][]string{"directory": {"-data", dir}, "cluster": {"-nats-url", c.URL()}} {
		t.Run(name, func(t *testing.T) {
			p := start(t, args...)
			for _, d := range doors {
				if !d.streams {
					continue
				}
				t.Run(d.name, func(t *testing.T) {
					t.Run("chat", func(t *testing.T) { visitor{t, p, d}.resumeChat() })
					t.Run("route", func(t *testing.T) { visitor{t, p, d}.resumeRoute() })
				})
			}
		})
	}
}

// makeForgetful makes the logs of a store that remember identifiers for no longer than they must.
func makeForgetful(t *testing.T, o store.Options) {
	t.Helper()
	o.Remember, o.Logger = 100*time.Millisecond, slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for log, subject := range map[string]string{"NOTES": "n.>", "TRACKS": "t.*"} {
		if _, err := st.Log(t.Context(), log, subject); err != nil {
			t.Error(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// forget returns when the identifiers of what was written before are forgotten: the same note is stored again then, if
// its chat is not one that is resumed.
func (v visitor) forget() {
	v.t.Helper()
	probe := side{v, pb(v.place().Latitude, -1)}
	before := len(probe.stored())
	id := v.id(fmt.Sprint("probe", before))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); len(probe.stored()) < before+2; <-tick.C {
		if time.Now().After(deadline) {
			v.t.Fatal("identifiers are remembered for ever")
		}
		probe.chat(id, "", "?")
	}
}

// chat writes messages in a call of their own, which ends when they are stored.
func (s side) chat(id, first string, messages ...string) {
	s.t.Helper()
	md := []string{"chat-id", id}
	if first != "" {
		md = append(md, "chat-notes", first)
	}
	c := s.begin(s.t.Context(), routeChat, md...)
	var notes []proto.Message
	for _, m := range messages {
		notes = append(notes, &routeguidepb.RouteNote{Location: s.here, Message: m})
	}
	s.ask(c, notes...)
	if _, err := rest[routeguidepb.RouteNote](c); err != nil {
		s.t.Fatal(err)
	}
}

func (v visitor) resumeChat() {
	s, id := side{v, v.place()}, v.id("resumed")
	s.chat(id, "", "0", "1")
	s.chat(id, "2", "2")
	v.forget()
	s.chat(id, "0", "0", "1", "2", "3") // its client was never told anything
	s.chat(id, "4", "4")
	if got, want := s.stored(), []string{"0", "1", "2", "3", "4"}; !slices.Equal(got, want) {
		v.t.Errorf("stored are %q, want %q", got, want)
	}
}

func (v visitor) resumeRoute() {
	id := v.id("resumed")
	broken := v.begin(v.t.Context(), recordRoute, "route-id", id)
	v.ask(broken, pb(1, 1), pb(2, 2), pb(0, -1800000001))
	v.refused(broken.RecvMsg(new(routeguidepb.RouteSummary)), "longitude")
	for _, more := range [][]proto.Message{{pb(3, 3)}, nil} { // then its client asks for the summary that it never got
		v.forget()
		c := v.begin(v.t.Context(), recordRoute, "route-id", id)
		v.ask(c, more...)
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 3 {
			v.t.Errorf("summary %v, %v, want 3 points", sum, err)
		}
	}
}
