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
	"regexp"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/app"
	"routeguide/server/backup"
	"routeguide/server/store"
	"routeguide/server/lab/natstest"
)

// do runs the program with these arguments to its end.
func do(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var data, said bytes.Buffer
	err = app.Command(t.Context(), args, strings.NewReader(""), &data, &said)
	t.Logf("routeguide %s: %v\n%s", strings.Join(args, " "), err, said.String())
	return data.String(), err
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

// What was acknowledged before an export of a running server is in it, while others write; elsewhere every note, track and
// cursor is as it was.
func TestMoveARunningServer(t *testing.T) {
	const writers = 6
	dir, file, moved := t.TempDir(), filepath.Join(t.TempDir(), "export.ndjson"), t.TempDir()
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
	exported := make(chan error, 1)
	go func() {
		_, err := do(t, "export", "-data", dir, "-out", file)
		exported <- err
	}()
	done := make(chan struct{})
	for running := true; running; {
		select {
		case <-wrote:
		case err := <-exported:
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
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}

	if _, err := do(t, "import", "-data", moved, file); err != nil {
		t.Fatal(err)
	}
	q := start(t, "-data", moved)
	there, end := everyNote(t, q)
	t.Logf("%d notes were acknowledged before, %d exported, %d stored in the end", len(before), len(there), len(here))
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
	conn := q.conn()
	for id, n := range finished {
		if got := resume(t, routeguidepb.NewRouteGuideClient(conn), id, 0); got != n {
			t.Errorf("route %s has %d points, want %d", id, got, n)
		}
	}
	// The next note is the next after the cursor.
	chat, err := routeguidepb.NewRouteGuideClient(conn).RouteChat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := chat.Send(&routeguidepb.RouteNote{Location: &routeguidepb.Point{Latitude: 99}, Message: "new"}); err != nil {
		t.Fatal(err)
	}
	if got := watchFrom(t, q, end, 1)[0]; got.Note.Message != "new" {
		t.Errorf("after the end comes %v", got.Note)
	}

	// What is not empty, or in use, is refused; a stopped server can be exported as well.
	if _, err := do(t, "import", "-data", moved, file); !errors.Is(err, store.ErrLocked) {
		t.Errorf("import into a running server: %v", err)
	}
	if err := q.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "import", "-data", moved, file); !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), "NOTES") {
		t.Errorf("import into what was written since: %v", err)
	}
	if out, err := do(t, "export", "-data", moved); err != nil || strings.Count(out, `"log":"NOTES"`) != len(there)+1 {
		t.Errorf("export of a stopped server: %d notes, %v", strings.Count(out, `"log":"NOTES"`), err)
	}
}

// Both ends may be a cluster.
func TestMoveByCommandToACluster(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "export.ndjson")
	p := start(t, "-data", dir)
	if n := resume(t, routeguidepb.NewRouteGuideClient(p.conn()), "moved", 250); n != 250 {
		t.Fatalf("the route has %d points", n)
	}
	if _, err := do(t, "export", "-data", dir, "-out", file); err != nil {
		t.Fatal(err)
	}
	c := natstest.Start(t)
	if _, err := do(t, "import", "-nats-url", c.URL(), file); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, "export", "-nats-url", c.URL())
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if events(out) != events(string(want)) || events(out) == "" {
		t.Errorf("the cluster has\n%s\nwant\n%s", events(out), events(string(want)))
	}
	q := start(t, "-nats-url", c.URL())
	if n := resume(t, routeguidepb.NewRouteGuideClient(q.conn()), "moved", 0); n != 250 {
		t.Errorf("the route has %d points on the cluster", n)
	}
}

// An import that is killed in the middle goes on when it is run again; until it is complete, the server does not start.
func TestKilledImportGoesOn(t *testing.T) {
	const n = 20_000
	from, to, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "export.ndjson")
	st, err := store.Open(t.Context(), store.Options{Dir: from})
	if err != nil {
		t.Fatal(err)
	}
	l, err := st.Log(t.Context(), "NOTES", "n.>")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 1000 {
		wg.Go(func() {
			for i := w; i < n; i += 1000 {
				e := store.Entry{Subject: fmt.Sprintf("n.%d", w), ID: fmt.Sprint(i), Data: []byte(`{"message":"` + strings.Repeat("x", 200) + `"}`)}
				if _, err := l.Append(t.Context(), e); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "export", "-data", from, "-out", file); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []int{4, 8} {
		said := newOutput()
		cmd := exec.Command(self, "import", "-data", to, "-")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.Stderr = said
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// What does not fit into the pipe was read, and most of it stored, when this returns.
		if _, err := in.Write(whole[:len(whole)*part/10]); err != nil {
			t.Errorf("the import ended early: %v\n%s", err, said)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if _, err := do(t, "-data", to, "-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0"); !errors.Is(err, store.ErrUnavailable) ||
			!strings.Contains(err.Error(), "import is not complete") {
			t.Errorf("the server started with a part of an import: %v", err)
		}
		if _, err := do(t, "export", "-data", to); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a part was exported: %v", err)
		}
	}
	if _, err := do(t, "import", "-data", to, file); err != nil {
		t.Fatal(err)
	}
	out, err := do(t, "export", "-data", to)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := events(out), events(string(whole)); got != want {
		t.Error("what was imported is not what was exported")
	}
}

// events returns the lines of a file that are records, without their sums.
func events(file string) string {
	return strings.Join(regexp.MustCompile(`(?m)^\{"log":.*,"sum":`).FindAllString(file, -1), "\n")
}

// What a store lost is said by the export too, whether it is of a directory or of a RouteGuide, and what is left is in
// the file.
func TestExportOfADamagedStore(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "export.ndjson")
	p := start(t, "-data", dir)
	resume(t, routeguidepb.NewRouteGuideClient(p.conn()), "lost", 250)
	side{visitor{t, p, doors[0]}, pb(1, 1)}.chat("kept", "", "a note")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "export", "-data", dir); err != nil {
		t.Fatalf("before the damage: %v", err)
	}
	// As if a disk had forgotten what was written last.
	for _, path := range []string{"msgs/1.blk", "msgs/index.db"} {
		if err := os.Remove(filepath.Join(dir, "jetstream", "$G", "streams", "TRACKS", path)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	exported := func(when string) {
		t.Helper()
		os.Remove(file)
		_, err := do(t, "export", "-data", dir, "-out", file)
		if !errors.Is(err, backup.ErrLost) || !strings.Contains(err.Error(), "records after 0 were missing") {
			t.Errorf("%s: %v, want ErrLost", when, err)
		}
		if all, err := os.ReadFile(file); err != nil || !strings.Contains(string(all), "a note") {
			t.Errorf("%s: the file is %q, %v", when, all, err)
		}
	}
	exported("the directory")
	exported("the directory once more")
	p = start(t, "-data", dir)
	exported("a RouteGuide that has it open")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, "import", "-data", t.TempDir(), file); err != nil {
		t.Errorf("import: %v", err)
	}
}

func TestCommandErrors(t *testing.T) {
	empty, dir, bad := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "bad.ndjson")
	p := start(t, "-data", dir)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	good, err := do(t, "export", "-data", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte(good[:len(good)-10]), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want error
		says string
	}{
		{[]string{"export", "-h"}, flag.ErrHelp, "help"},
		{[]string{"import", "-h"}, flag.ErrHelp, "help"},
		{[]string{"export", "-data", empty}, nil, "there is no store"},
		{[]string{"export", "-data", filepath.Join(empty, "none")}, nil, "there is no store"},
		{[]string{"export", "-data", dir, "-out", filepath.Join(empty, "none", "x")}, os.ErrNotExist, "none"},
		{[]string{"export", "x"}, nil, `unexpected argument "x"`},
		{[]string{"import", "x", "y"}, nil, `unexpected argument "y"`},
		{[]string{"import", "-data", empty, filepath.Join(empty, "none")}, os.ErrNotExist, "none"},
		{[]string{"import", "-data", filepath.Join(empty, "new"), bad}, backup.ErrFile, bad},
		{[]string{"import", "-data", filepath.Join(empty, "new"), "-"}, backup.ErrFile, "line 1"},
		{[]string{"export", "-data", empty, "-nats-cert", "x"}, nil, "-nats-url"},
		{[]string{"exprot"}, nil, `unexpected argument "exprot"`},
	} {
		_, err := do(t, c.args...)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %v that says %q", c.args, err, c.want, c.says)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(empty, ".*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
