package doors

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/natstest"
)

func (v visitor) delete(id string, md ...string) error {
	v.t.Helper()
	return v.unary(deleteNote, &routeguidev1.DeleteNoteRequest{Id: id}, new(routeguidev1.DeleteNoteResponse), md...)
}

// Through every door a note is deleted by whom has the secret of its chat, and by nobody else; who watches is told once.
func TestDeleteThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		s, secret := side{v, v.place()}, v.token("writer")
		if err := (side{visitor{v.t, v.p, doors[0]}, s.here}).chat(secret, "", "zero", "one", "two"); err != nil {
			v.t.Fatal(err)
		}
		one, watched := s.notes()[1].Id, s.watch(s.cursor())
		watched.next() // what follows is live
		public := strings.TrimSuffix(one, ".1")
		for _, md := range [][]string{nil, {"resume-token", v.token("thief")}, {"resume-token", public}} {
			if err := v.delete(one, md...); status.Code(err) != codes.PermissionDenied {
				v.t.Errorf("with %v: %v, want PERMISSION_DENIED", md, err)
			}
		}
		for id, want := range map[string]codes.Code{public + ".3": codes.NotFound, "nobody's.0": codes.NotFound} {
			if err := v.delete(id, "resume-token", secret); status.Code(err) != want {
				v.t.Errorf("%s: %v, want %v", id, err, want)
			}
		}
		if !v.rest() { // there no path has an empty name
			v.refused(v.delete("", "resume-token", secret), "id")
		}
		v.refused(v.delete(one, "resume-token", "short"), "resume-token")
		for range 2 {
			if err := v.delete(one, "resume-token", secret); err != nil {
				v.t.Fatal(err)
			}
		}
		if got := s.stored(); !slices.Equal(got, []string{"zero", "two"}) {
			v.t.Errorf("stored are %q", got)
		}
		if err := (side{visitor{v.t, v.p, doors[0]}, s.here}).chat(secret, "", "three"); err != nil {
			v.t.Fatal(err)
		}
		if n := watched.next().Note; n.GetId() != one || !n.GetDeleted() || n.GetMessage() != "" || n.GetLocation() == nil {
			v.t.Errorf("watched %v, want that %s is deleted", n, one)
		}
		watched.expect("three")
	})
}

// One process stores a note, another deletes it, and who watches at either is told.
func TestDeleteOnACluster(t *testing.T) {
	c := natstest.Start(t)
	p, q := start(t, "-nats-url", c.URL()), start(t, "-nats-url", c.URL())
	ours, theirs := side{visitor{t, p, doors[0]}, pb(1, 2)}, side{visitor{t, q, doors[0]}, pb(1, 2)}
	watches := []*watch{ours.watch(""), theirs.watch("")}
	if err := ours.chat(token("writer"), "", "one"); err != nil {
		t.Fatal(err)
	}
	for _, w := range watches {
		w.expect("one")
	}
	id := ours.notes()[0].Id
	if err := theirs.delete(id, "resume-token", token("thief")); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a thief: %v, want PERMISSION_DENIED", err)
	}
	for _, s := range []side{theirs, ours} {
		if err := s.delete(id, "resume-token", token("writer")); err != nil {
			t.Fatal(err)
		}
		if got := s.stored(); len(got) != 0 {
			t.Errorf("stored are %q", got)
		}
	}
	if err := theirs.chat(token("writer"), "", "two"); err != nil {
		t.Fatal(err)
	}
	for _, w := range watches {
		if n := w.next().Note; n.GetId() != id || !n.GetDeleted() {
			t.Errorf("watched %v, want that %s is deleted", n, id)
		}
		w.expect("two")
	}
}
