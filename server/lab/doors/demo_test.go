package doors

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/app"
	"routeguide/server/geo"
)

// With -demo there are travelers who move as fast as they say and write notes; when it ends, nothing is left of it.
func TestDemo(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	p := start(t, "-demo")
	v := visitor{t, p, doors[0]}
	watched := v.begin(t.Context(), watchNotes)
	v.ask(watched, &routeguidev1.WatchNotesRequest{})

	lookout, first, moved := v.lookout(nil), map[string]*routeguidev1.Fix{}, map[string]bool{}
	for len(moved) < 5 {
		m := lookout.next().GetMoved()
		if m == nil {
			continue
		}
		was, now := first[m.Name], m.Position
		if was == nil {
			first[m.Name] = now
			continue
		}
		from, to := geo.Point{Lat: was.Location.Latitude, Lng: was.Location.Longitude}, geo.Point{Lat: now.Location.Latitude, Lng: now.Location.Longitude}
		took := now.Time.AsTime().Sub(was.Time.AsTime()).Seconds()
		if took < 3 {
			continue
		}
		// A machine that is busy makes points late, never early by more than one.
		if speed := geo.Distance(from, to) / took; speed <= 0 || speed > 2*now.GetSpeed() {
			t.Errorf("%s moves %.1f m/s, and says %.1f", m.Name, speed, now.GetSpeed())
		}
		moved[m.Name] = true
	}
	for {
		m := new(routeguidev1.WatchNotesResponse)
		if err := watched.RecvMsg(m); err != nil {
			t.Fatal(err)
		}
		if m.Note != nil {
			if !moved[m.Note.Traveler] || m.Note.Message == "" {
				t.Errorf("a note is %v", m.Note)
			}
			break
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if said := p.out.String(); strings.Contains(said, "held up") || strings.Contains(said, "level=ERROR") {
		t.Errorf("the log is\n%s", said)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestDemoKeepsNothing(t *testing.T) {
	for _, args := range [][]string{{"-demo", "-data", t.TempDir()}, {"-nats-url", "nats://127.0.0.1:1", "-demo"}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := app.Run(ctx, args, io.Discard); err == nil || !strings.Contains(err.Error(), "-demo keeps nothing") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
