package doors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/app"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
)

const shutdownBound = 4 * time.Second // for calls to end when the program does

// asProgram in the environment makes the test binary the program itself, so that a test can kill it.
const asProgram = "ROUTEGUIDE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		app.Main()
		return
	}
	// What gRPC-Web's wrapper imports starts a timer for good.
	leaktest.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/desertbit/timer.timerRoutine"))
}

// launch starts the program in a process of its own, on free ports, with a store of its own unless args name one.
func launch(t *testing.T, args ...string) (*program, *exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, out: newOutput()}
	cmd := exec.Command(self, append([]string{"-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0", "-admin-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	p.grpc, p.http, p.admin = p.addr("grpc"), p.addr("http"), p.addr("admin")
	return p, cmd
}

// A witness writes to a program until it dies, and remembers what was acknowledged.
type witness struct {
	id       string
	place    *routeguidepb.Point // nobody else writes there
	notes    int                 // notes known to be stored
	finished map[string]int32
	open     string // the route that was being recorded
	sent     int    // points sent to it
}

// step is where a route is after so many points.
func step(i int) geo.Point { return geo.Point{Lat: int32(i) * 10_000} }

// chat leaves note after note at one place. An own note that comes back was stored.
func (w *witness) chat(ctx context.Context, guide routeguidepb.RouteGuideClient, wrote chan<- struct{}) error {
	stream, err := guide.RouteChat(metadata.AppendToOutgoingContext(ctx, "resume-token", token(w.id), "traveler", w.id))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := stream.Send(&routeguidepb.RouteNote{Location: w.place, Message: strconv.Itoa(i)}); err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		n, err := stream.Recv()
		if err != nil {
			return err
		}
		if n.Message != strconv.Itoa(i-1) {
			return fmt.Errorf("note %q came back, want %d", n.Message, i-1)
		}
		w.notes = i
		wrote <- struct{}{}
	}
}

// record makes short routes, and leaves the last one open.
func (w *witness) record(ctx context.Context, guide routeguidepb.RouteGuideClient, wrote chan<- struct{}) error {
	for i := 0; ; i++ {
		w.open, w.sent = fmt.Sprintf("%s-route-%d", w.id, i), 0
		stream, err := guide.RecordRoute(metadata.AppendToOutgoingContext(ctx, "resume-token", token(w.open)))
		if err != nil {
			return err
		}
		for ; w.sent < 50+137*i%400; w.sent++ {
			p := step(w.sent)
			if err := stream.Send(&routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}); err != nil {
				return err
			}
		}
		sum, err := stream.CloseAndRecv()
		if err != nil {
			return err
		}
		w.finished[w.open] = sum.PointCount
		wrote <- struct{}{}
	}
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	const rounds, witnesses = 3, 6
	data := t.TempDir()
	var all []*witness
	for round := range rounds {
		p, cmd := launch(t, "-data", data)
		guide := routeguidepb.NewRouteGuideClient(p.dial())
		wrote := make(chan struct{})
		var wg sync.WaitGroup
		for i := range witnesses {
			chatter := &witness{id: fmt.Sprintf("chat-%d-%d", round, i), place: &routeguidepb.Point{Latitude: int32(len(all))}}
			recorder := &witness{id: fmt.Sprintf("track-%d-%d", round, i), finished: map[string]int32{}}
			all = append(all, chatter, recorder)
			wg.Go(func() { t.Logf("%s ended: %v", chatter.id, chatter.chat(t.Context(), guide, wrote)) })
			wg.Go(func() { t.Logf("%s ended: %v", recorder.id, recorder.record(t.Context(), guide, wrote)) })
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		for range 200 * (round + 1) { // so that it dies in the middle of writing
			select {
			case <-wrote:
			case <-done:
				t.Fatalf("all writers ended before the kill:\n%s", p.out)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		for alive := true; alive; {
			select {
			case <-wrote:
			case <-done:
				alive = false
			}
		}
	}
	p, _ := launch(t, "-data", data)
	checkNotes(t, routeguidev1.NewNoteServiceClient(p.dial()), all)
	checkRoutes(t, routeguidepb.NewRouteGuideClient(p.dial()), all)
}

func checkNotes(t *testing.T, notes routeguidev1.NoteServiceClient, all []*witness) {
	t.Helper()
	stored := map[string]int{}
	for req := (&routeguidev1.ListNotesRequest{PageSize: 1000}); ; {
		page, err := notes.ListNotes(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range page.Notes {
			stored[n.Traveler+n.Id[strings.LastIndexByte(n.Id, '.'):]]++
		}
		if req.PageToken = page.NextPageToken; req.PageToken == "" {
			break
		}
	}
	known := 0
	for _, w := range all {
		for i := range w.notes {
			if id := fmt.Sprintf("%s.%d", w.id, i); stored[id] != 1 {
				t.Errorf("note %s is stored %d times, want once", id, stored[id])
			}
		}
		known += w.notes
	}
	t.Logf("%d notes acknowledged, %d stored", known, len(stored))
}

func checkRoutes(t *testing.T, guide routeguidepb.RouteGuideClient, all []*witness) {
	t.Helper()
	known := 0
	for _, w := range all {
		for id, want := range w.finished {
			if n := resume(t, guide, id, int(want)); n != want {
				t.Errorf("route %s has %d points, want %d", id, n, want)
			}
			known++
		}
		if w.open != "" { // as a client does that lost its connection in the middle
			if n := resume(t, guide, w.open, w.sent); n != int32(w.sent) {
				t.Errorf("route %s was cut off, resumed, and has %d points, want %d", w.open, n, w.sent)
			}
		}
	}
	t.Logf("%d routes acknowledged", known)
}

// resume sends what is missing of a route of total points, and returns how many its summary counts.
func resume(t *testing.T, guide routeguidepb.RouteGuideClient, id string, total int) int32 {
	t.Helper()
	stream, err := guide.RecordRoute(metadata.AppendToOutgoingContext(t.Context(), "resume-token", token(id)))
	if err != nil {
		t.Fatal(err)
	}
	head, err := stream.Header()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := strconv.Atoi(head.Get("route-points")[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := stored; i < total; i++ {
		p := step(i)
		if err := stream.Send(&routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	sum, err := stream.CloseAndRecv()
	if err != nil {
		t.Fatalf("route %s: %v", id, err)
	}
	return sum.PointCount
}
