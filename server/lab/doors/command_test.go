package doors

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/app"
	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

// do runs the program with these arguments to its end.
func do(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var found, said bytes.Buffer
	err = app.Command(t.Context(), args, &found, &said)
	t.Logf("routeguide %s: %v\n%s", strings.Join(args, " "), err, said.String())
	return found.String(), err
}

// everyNote returns every note of a program, and the cursor after the last.
func everyNote(t *testing.T, p *program) (all []*routeguidev1.Note, cursor string) {
	t.Helper()
	notes := routeguidev1.NewNoteServiceClient(p.conn())
	for req := (&routeguidev1.ListNotesRequest{PageSize: 1000}); ; {
		page, err := notes.ListNotes(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		all, cursor = append(all, page.Notes...), page.Cursor
		if req.PageToken = page.NextPageToken; req.PageToken == "" {
			return all, cursor
		}
	}
}

// watchFrom returns the first n notes after a cursor, with their cursors.
func watchFrom(t *testing.T, p *program, cursor string, n int) (all []*routeguidev1.WatchNotesResponse) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := routeguidev1.NewNoteServiceClient(p.conn()).WatchNotes(ctx, &routeguidev1.WatchNotesRequest{Cursor: cursor})
	if err != nil {
		t.Fatal(err)
	}
	for len(all) < n {
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if resp.Note != nil {
			all = append(all, resp)
		}
	}
	return all
}

// What was acknowledged before a backup of a running server is in it, while others write; elsewhere every note, route and
// cursor is as it was.
func TestBackupOfARunningServer(t *testing.T) {
	const writers = 6
	dir, file, moved := t.TempDir(), filepath.Join(t.TempDir(), "backup.db"), t.TempDir()
	p := start(t, "-data", dir)
	guide := routeguidepb.NewRouteGuideClient(p.conn())
	finished := map[string]int32{}
	for i := range 5 {
		id := fmt.Sprintf("finished-%d", i)
		finished[id] = resume(t, guide, id, 250*i+1)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	wrote := make(chan struct{})
	var wg sync.WaitGroup
	for i := range writers {
		chatter := &witness{id: fmt.Sprintf("chat-%d", i), place: &routeguidepb.Point{Latitude: int32(i)}}
		recorder := &witness{id: fmt.Sprintf("track-%d", i), finished: map[string]int32{}}
		wg.Go(func() { t.Logf("%s ended: %v", chatter.id, chatter.chat(ctx, guide, wrote)) })
		wg.Go(func() { t.Logf("%s ended: %v", recorder.id, recorder.record(ctx, guide, wrote)) })
	}
	for range 300 {
		<-wrote
	}
	before, _ := everyNote(t, p)
	copied := make(chan error, 1)
	go func() {
		_, err := do(t, "backup", "-data", dir, file)
		if err == nil {
			_, err = do(t, "check", "-data", dir)
		}
		copied <- err
	}()
	done := make(chan struct{})
	for running := true; running; {
		select {
		case <-wrote:
		case err := <-copied:
			if err != nil {
				t.Fatal(err)
			}
			running = false
			stop()
			go func() { wg.Wait(); close(done) }()
		}
	}
	for running := true; running; {
		select {
		case <-wrote:
		case <-done:
			running = false
		}
	}
	here, _ := everyNote(t, p)

	if _, err := do(t, "restore", "-data", moved, file); err != nil {
		t.Fatal(err)
	}
	q := start(t, "-data", moved)
	there, end := everyNote(t, q)
	t.Logf("%d notes were acknowledged before, %d are in the backup, %d stored in the end", len(before), len(there), len(here))
	if len(there) < len(before) || len(there) > len(here) {
		t.Fatalf("%d notes are there, want %d to %d", len(there), len(before), len(here))
	}
	for i, n := range there {
		if !proto.Equal(n, here[i]) {
			t.Fatalf("note %d is %v, was %v", i, n, here[i])
		}
	}
	// A cursor that a client holds goes on at the same note, and the cursors that follow are the same.
	half := len(before) / 2
	page, err := routeguidev1.NewNoteServiceClient(p.conn()).ListNotes(t.Context(), &routeguidev1.ListNotesRequest{PageSize: int32(half)})
	if err != nil {
		t.Fatal(err)
	}
	want := watchFrom(t, p, page.Cursor, len(there)-half)
	for i, got := range watchFrom(t, q, page.Cursor, len(there)-half) {
		if !proto.Equal(got, want[i]) {
			t.Fatalf("after the cursor comes %v, want %v", got, want[i])
		}
	}
	for id, n := range finished {
		if got := resume(t, routeguidepb.NewRouteGuideClient(q.conn()), id, 0); got != n {
			t.Errorf("route %s has %d points, want %d", id, got, n)
		}
	}
	if err := (side{visitor{t, q, doors[0]}, pb(1, 1)}).chat(strings.Repeat("s", 22), "", "new"); err != nil {
		t.Fatal(err)
	}
	if next := watchFrom(t, q, end, 1); next[0].Note.Message != "new" {
		t.Errorf("after all that was restored comes %v", next)
	}
}

// A page of the file is damaged: the calls that need it fail and say why, all others are served, and whoever looks after the
// server is told.
func TestDamagedPage(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "-data", dir)
	resume(t, routeguidepb.NewRouteGuideClient(p.conn()), "kept", 250)
	if err := (side{visitor{t, p, doors[0]}, pb(1, 1)}).chat(strings.Repeat("a", 22), "", "a note to be lost"); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := do(t, "check", "-data", dir); err != nil || !strings.Contains(out, "is whole") {
		t.Fatalf("before the damage: %v, %q", err, out)
	}
	path := filepath.Join(dir, store.FileName)
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all[bytes.Index(all, []byte("to be lost"))] ^= 1
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}

	p = start(t, "-data", dir)
	for range 2 {
		_, err = routeguidev1.NewNoteServiceClient(p.conn()).ListNotes(t.Context(), &routeguidev1.ListNotesRequest{})
		if status.Code(err) != codes.DataLoss || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("the damaged page: %v", err)
		}
	}
	if n := resume(t, routeguidepb.NewRouteGuideClient(p.conn()), "kept", 250); n != 250 {
		t.Errorf("what is whole has %d points", n)
	}
	if said := p.out.String(); strings.Count(said, "the store is damaged") != 1 {
		t.Errorf("the log is\n%s", said)
	}
	if code, body := get(t, "http://"+p.admin+"/readyz"); code != 200 || !strings.Contains(body, "damaged") {
		t.Errorf("/readyz: %d %q", code, body)
	}
	if _, body := get(t, "http://"+p.admin+"/metrics"); !strings.Contains(body, "\nrouteguide_store_damage 2") {
		t.Errorf("the metrics do not tell:\n%s", body)
	}
	for _, when := range []string{"running", "stopped"} {
		out, err := do(t, "check", "-data", dir)
		if err == nil || !strings.Contains(out, "is damaged; it belongs to the table note") {
			t.Errorf("%s: check: %v, %q", when, err, out)
		}
		if _, err := do(t, "backup", "-data", dir, filepath.Join(t.TempDir(), "x")); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: backup: %v", when, err)
		}
		if when == "running" {
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "check", "-data", dir)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("the exit status of check: %v", err)
	}
}

func TestCommandErrors(t *testing.T) {
	empty, dir := t.TempDir(), t.TempDir()
	good, bad := filepath.Join(t.TempDir(), "good.db"), filepath.Join(t.TempDir(), "bad.db")
	p := start(t, "-data", dir)
	if _, err := do(t, "backup", "-data", dir, good); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte(strings.Repeat("no store ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want error
		says string
	}{
		{[]string{"backup", "-h"}, flag.ErrHelp, "help"},
		{[]string{"restore", "-h"}, flag.ErrHelp, "help"},
		{[]string{"check", "-h"}, flag.ErrHelp, "help"},
		{[]string{"backup", "-data", empty, good}, nil, "there is no store in"},
		{[]string{"check", "-data", filepath.Join(empty, "none")}, nil, "there is no store in"},
		{[]string{"backup", "-data", dir}, nil, "no file is given"},
		{[]string{"backup", "-data", dir, filepath.Join(empty, "none", "x")}, os.ErrNotExist, "none"},
		{[]string{"backup", "-data", dir, filepath.Join(dir, "x.db")}, nil, "in the directory of the store"},
		{[]string{"backup", "-data", dir, empty}, nil, "is not a file"},
		{[]string{"backup", good, "x"}, nil, `unexpected argument "x"`},
		{[]string{"check", "x"}, nil, `unexpected argument "x"`},
		{[]string{"restore", "-data", filepath.Join(empty, "new")}, nil, "no file is given"},
		{[]string{"restore", "-data", filepath.Join(empty, "new"), filepath.Join(empty, "none")}, os.ErrNotExist, "none"},
		{[]string{"restore", "-data", filepath.Join(empty, "new"), bad}, store.ErrForeign, bad},
		{[]string{"restore", "-data", dir, good}, nil, "has a store already"},
		{[]string{"-data", dir, "-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0"}, store.ErrLocked, dir},
		{[]string{"backup", "-data", empty, "-nats-cert", "x", good}, nil, "-nats-url"},
		{[]string{"bakcup"}, nil, `unexpected argument "bakcup"`},
	} {
		_, err := do(t, c.args...)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %v that says %q", c.args, err, c.want, c.says)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// What one machine had is what an empty cluster begins with; another one is refused.
func TestRestoreToACluster(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	p := start(t, "-data", dir)
	if n := resume(t, routeguidepb.NewRouteGuideClient(p.conn()), "moved", 250); n != 250 {
		t.Fatalf("the route has %d points", n)
	}
	if err := (side{visitor{t, p, doors[0]}, pb(1, 1)}).chat(strings.Repeat("a", 22), "", "moved too"); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "backup", "-data", dir, file); err != nil {
		t.Fatal(err)
	}
	want, _ := everyNote(t, p)
	c := natstest.Start(t)
	if _, err := do(t, "restore", "-nats-url", c.URL(), file); err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	q := start(t, "-nats-url", c.URL(), "-data", own)
	if got, _ := everyNote(t, q); len(got) != 1 || !proto.Equal(got[0], want[0]) {
		t.Errorf("the cluster has %v, want %v", got, want)
	}
	if n := resume(t, routeguidepb.NewRouteGuideClient(q.conn()), "moved", 0); n != 250 {
		t.Errorf("the route has %d points on the cluster", n)
	}
	if _, err := do(t, "restore", "-nats-url", c.URL(), file); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("once more: %v", err)
	}
	for _, args := range [][]string{{"check", "-data", own}, {"backup", "-nats-url", c.URL(), "-data", own, file}} {
		if _, err := do(t, args...); err != nil {
			t.Errorf("%s of a process of a cluster: %v", args[0], err)
		}
	}
}

// The program says which version it is, when it is asked and when it begins.
func TestVersion(t *testing.T) {
	p := start(t)
	out, err := do(t, "version")
	if version := strings.Fields(out); err != nil || len(version) != 4 || version[0] != "routeguide" || version[1] != app.Version() {
		t.Errorf("%q, %v", out, err)
	}
	if !strings.Contains(p.out.String(), `msg="routeguide begins" version=`+app.Version()) {
		t.Errorf("the log does not say it:\n%s", p.out)
	}
}
