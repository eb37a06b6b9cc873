package doors

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/store"
)

// What an older version stored opens in this one: it is all there, and who was in the middle of something goes on with it.
//
// Each file of testdata/stores is a backup that a version of the program made, numbered as the versions were. Ana has written
// two notes at (1, 2) and one at the pole, and the second may be deleted since; she has finished a route of three points, and
// Ben one of two points has not. Where a schema changes, the program before it is asked to do the same, and its backup added.
func TestStoresOfOlderVersions(t *testing.T) {
	files, err := filepath.Glob("testdata/stores/*.db.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".db.gz"), func(t *testing.T) {
			dir := t.TempDir()
			unpack(t, file, filepath.Join(dir, store.FileName))
			before := summary{notes: []string{"first", "at the pole"}, finished: 3, unfinished: 2}
			p := start(t, "-data", dir)
			before.check(t, p)
			v := visitor{t, p, doors[0]}
			if err := (side{v, pb(1, 2)}).chat("chatchatchatchatchatchat", "", "after the update"); err != nil {
				t.Errorf("the chat does not go on: %v", err)
			}
			ctx := metadata.AppendToOutgoingContext(t.Context(), "resume-token", "unfinishedunfinishedunfin")
			stream, err := routeguidepb.NewRouteGuideClient(p.conn()).RecordRoute(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if head, err := stream.Header(); err != nil || strings.Join(head.Get("route-points"), "") != strconv.Itoa(before.unfinished) {
				t.Errorf("the route goes on with %v, %v", head, err)
			}
			if err := stream.Send(pb(0, 0)); err != nil {
				t.Fatal(err)
			}
			if sum, err := stream.CloseAndRecv(); err != nil || sum.PointCount != 3 {
				t.Errorf("the route comes to %v, %v", sum, err)
			}
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
			if out, err := do(t, "check", "-data", dir); err != nil {
				t.Errorf("afterwards: %v, %s", err, out)
			}
			after := summary{notes: []string{"first", "at the pole", "after the update"}, finished: 3, unfinished: 3}
			after.check(t, start(t, "-data", dir))
		})
	}
}

// A summary is what must be found in a store.
type summary struct {
	notes                []string
	finished, unfinished int // points of the routes of Ana and Ben
}

func (s summary) check(t *testing.T, p *program) {
	t.Helper()
	var found []string
	notes, _ := everyNote(t, p)
	for _, n := range notes {
		if n.Message != "second, in Zürich" {
			found = append(found, n.Message)
		}
	}
	if strings.Join(found, "|") != strings.Join(s.notes, "|") {
		t.Errorf("the notes are %q, want %q", found, s.notes)
	}
	page, err := routeguidev1.NewRouteServiceClient(p.conn()).ListRoutes(t.Context(), &routeguidev1.ListRoutesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	points := map[string]int64{}
	for _, r := range page.Routes {
		points[r.Traveler] += r.PointCount
	}
	if points["Ana"] != int64(s.finished) || points["Ben"] != int64(s.unfinished) {
		t.Errorf("the routes have %v points, want %d of Ana and %d of Ben", points, s.finished, s.unfinished)
	}
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	plain, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(plain)
	if err == nil {
		err = os.WriteFile(to, all, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
