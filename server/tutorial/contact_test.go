package tutorial

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/tutorial/contact"
	contactv1 "routeguide/proto/tutorial/contact/v1"
	"routeguide/server/store"
)

func addTask(t *testing.T, s *running, task string) {
	t.Helper()
	if _, err := contactv1.NewDispatchServiceClient(s).AddTask(t.Context(), &contactv1.AddTaskRequest{Task: task}); err != nil {
		t.Fatal(err)
	}
}

// tasks begins a getTask and returns what receives its next task.
func tasks(t *testing.T, s *running) (next func() string) {
	t.Helper()
	stream, err := contactpb.NewContactClient(s).GetTask(t.Context(), &contactpb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Header(); err != nil { // comes although there is no task yet
		t.Fatal(err)
	}
	return func() string {
		t.Helper()
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return m.GetTask()
	}
}

func tellResults(t *testing.T, s *running, results ...string) {
	t.Helper()
	stream, err := contactpb.NewContactClient(s).TellResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if err := stream.Send(&contactpb.Result{Ret: r}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
}

func TestGetTaskSendsTheTasksSoFarThenEachNewOne(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, Options{})
	early := tasks(t, s)
	addTask(t, s, "one")
	tellResults(t, s, "not a task")
	addTask(t, s, "two")
	late := tasks(t, s)
	addTask(t, s, "three")
	for _, want := range []string{"one", "two", "three"} {
		if got := early(); got != want {
			t.Errorf("early: got %q, want %q", got, want)
		}
		if got := late(); got != want {
			t.Errorf("late: got %q, want %q", got, want)
		}
	}
	s.stop()

	s = start(t, dir, Options{})
	addTask(t, s, "four")
	again := tasks(t, s)
	for _, want := range []string{"one", "two", "three", "four"} {
		if got := again(); got != want {
			t.Errorf("after a restart: got %q, want %q", got, want)
		}
	}
}

func TestGetTaskMissesNothingBetweenStoredAndLive(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	const count = 300
	added := make(chan error, 1)
	go func() {
		for i := range count {
			_, err := contactv1.NewDispatchServiceClient(s).AddTask(t.Context(), &contactv1.AddTaskRequest{Task: fmt.Sprint(i)})
			if err != nil {
				added <- err
				return
			}
		}
		added <- nil
	}()
	first := tasks(t, s)
	clients := []func() string{first}
	for i := range count {
		if got := first(); got != fmt.Sprint(i) {
			t.Fatalf("got task %s, want %d", got, i)
		}
		if i%50 == 0 {
			clients = append(clients, tasks(t, s))
		}
	}
	for c, next := range clients[1:] {
		for i := range count {
			if got := next(); got != fmt.Sprint(i) {
				t.Fatalf("client %d got task %s, want %d", c, got, i)
			}
		}
	}
	if err := <-added; err != nil {
		t.Fatal(err)
	}
}

func TestASlowClientOfGetTaskIsCutOff(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	addTask(t, s, "0")
	next := tasks(t, s)
	if got := next(); got != "0" {
		t.Fatalf("got %q", got)
	}
	stream, err := contactpb.NewContactClient(s).GetTask(t.Context(), &contactpb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	// Together more than the queue, the handler and the connection hold; each round few enough for the client that reads.
	const rounds, round = 16, 200
	var all []string
	var number atomic.Int64
	for range rounds {
		var adders sync.WaitGroup
		for range round {
			adders.Go(func() {
				r := &contactv1.AddTaskRequest{Task: fmt.Sprintf("%0*d", maxText, number.Add(1))}
				if _, err := contactv1.NewDispatchServiceClient(s).AddTask(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		adders.Wait()
		for range round {
			all = append(all, next())
		}
	}
	var sent []string
	for {
		m, err := stream.Recv()
		if err != nil {
			break
		}
		sent = append(sent, m.GetTask())
	}
	if len(sent) >= len(all) || !slices.Equal(sent, all[:len(sent)]) {
		t.Errorf("%d of %d tasks were sent, or not in their order", len(sent), len(all))
	}
	if err := <-s.ended; !errors.Is(err, store.ErrSlow) {
		t.Errorf("ended with %v, want %v", err, store.ErrSlow)
	}
}

func TestSendStatusAcknowledgesEachAsItArrives(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	stream, err := contactpb.NewContactClient(s).SendStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{"here", "", strings.Repeat("x", maxText)} {
		if err := stream.Send(&contactpb.ClientMsg{Msg: status}); err != nil {
			t.Fatal(err)
		}
		if m, err := stream.Recv(); err != nil || m.GetRet() != "received: "+status {
			t.Errorf("got %v, %v for %.20q", m, err, status)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if m, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after half-close got %v, %v", m, err)
	}
}

func TestContactRefusesLongTexts(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	long := strings.Repeat("x", maxText+1)
	c := contactpb.NewContactClient(s)
	statuses, err := c.SendStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := statuses.Send(&contactpb.ClientMsg{Msg: long}); err != nil {
		t.Fatal(err)
	}
	_, err = statuses.Recv()
	wantCode(t, err, codes.InvalidArgument, "msg")

	results, err := c.TellResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []string{"kept", long} {
		if err := results.Send(&contactpb.Result{Ret: r}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = results.CloseAndRecv()
	wantCode(t, err, codes.InvalidArgument, "ret")
	reports := watch(t, s, &contactv1.WatchReportsRequest{})
	if got, _ := reports(2); !slices.Equal(got, []string{"result kept", "live"}) {
		t.Errorf("got %q", got)
	}

	for _, task := range []string{"", long} {
		_, err := contactv1.NewDispatchServiceClient(s).AddTask(t.Context(), &contactv1.AddTaskRequest{Task: task})
		wantCode(t, err, codes.InvalidArgument, "task")
	}
}

// watch begins a WatchReports and returns what receives its next answers, as texts, and gives the last cursor.
func watch(t *testing.T, s *running, r *contactv1.WatchReportsRequest) (next func(count int) (texts []string, cursor string)) {
	t.Helper()
	begin := time.Now()
	stream, err := contactv1.NewDispatchServiceClient(s).WatchReports(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return func(count int) (texts []string, cursor string) {
		t.Helper()
		for range count {
			m, err := stream.Recv()
			if err != nil {
				t.Fatalf("after %q: %v", texts, err)
			}
			cursor = m.GetCursor()
			switch c := m.GetReport().GetContent().(type) {
			case nil:
				texts = append(texts, "live")
				continue
			case *contactv1.Report_Status:
				texts = append(texts, "status "+c.Status)
			case *contactv1.Report_Result:
				texts = append(texts, "result "+c.Result)
			}
			if at := m.GetReport().GetCreateTime().AsTime(); at.Before(begin.Add(-time.Minute)) || at.After(time.Now()) {
				t.Errorf("%v was taken at %v", m, at)
			}
		}
		return texts, cursor
	}
}

func TestWatchReportsSendsStoredThenLive(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	empty := watch(t, s, &contactv1.WatchReportsRequest{})
	texts, zero := empty(1)
	if !slices.Equal(texts, []string{"live"}) {
		t.Errorf("got %q before there was a report", texts)
	}
	sendStatus(t, s, "a")
	addTask(t, s, "not a report")
	tellResults(t, s, "b", "c")
	want := []string{"status a", "result b", "result c"}
	texts, _ = empty(3)
	if !slices.Equal(texts, want) {
		t.Errorf("live: got %q, want %q", texts, want)
	}
	watches := []struct {
		request *contactv1.WatchReportsRequest
		stored  []string
	}{
		{&contactv1.WatchReportsRequest{}, want},
		{&contactv1.WatchReportsRequest{History: proto.Int32(2)}, want[1:]},
		{&contactv1.WatchReportsRequest{History: proto.Int32(0)}, nil},
		{&contactv1.WatchReportsRequest{Cursor: zero}, want},
	}
	var live []func(int) ([]string, string)
	for _, w := range watches {
		next := watch(t, s, w.request)
		if texts, _ := next(len(w.stored) + 1); !slices.Equal(texts, append(slices.Clone(w.stored), "live")) {
			t.Errorf("%v: got %q, want %q and live", w.request, texts, w.stored)
		}
		live = append(live, next)
	}
	tellResults(t, s, "d")
	for _, next := range live {
		texts, cursor := next(1)
		if !slices.Equal(texts, []string{"result d"}) {
			t.Errorf("live: got %q", texts)
		}
		if texts, _ := watch(t, s, &contactv1.WatchReportsRequest{Cursor: cursor})(1); !slices.Equal(texts, []string{"live"}) {
			t.Errorf("after the last cursor: got %q", texts)
		}
	}
}

func sendStatus(t *testing.T, s *running, status string) {
	t.Helper()
	stream, err := contactpb.NewContactClient(s).SendStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&contactpb.ClientMsg{Msg: status}); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestWatchReportsRefusesBadRequests(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	for _, c := range []struct {
		request *contactv1.WatchReportsRequest
		code    codes.Code
		fields  []string
	}{
		{&contactv1.WatchReportsRequest{Cursor: "x"}, codes.InvalidArgument, []string{"cursor"}},
		{&contactv1.WatchReportsRequest{Cursor: "01"}, codes.InvalidArgument, []string{"cursor"}},
		{&contactv1.WatchReportsRequest{Cursor: "-1"}, codes.InvalidArgument, []string{"cursor"}},
		{&contactv1.WatchReportsRequest{History: proto.Int32(-1)}, codes.InvalidArgument, []string{"history"}},
		{&contactv1.WatchReportsRequest{History: proto.Int32(1001)}, codes.InvalidArgument, []string{"history"}},
	} {
		stream, err := contactv1.NewDispatchServiceClient(s).WatchReports(t.Context(), c.request)
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		wantCode(t, err, c.code, c.fields...)
	}
}

func TestWatchReportsRefusesACursorOfAnotherServer(t *testing.T) {
	s := start(t, t.TempDir(), Options{})
	sendStatus(t, s, "a")
	<-s.ended
	stream, err := contactv1.NewDispatchServiceClient(s).WatchReports(t.Context(), &contactv1.WatchReportsRequest{Cursor: "7"})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := stream.Recv(); err == nil {
		t.Errorf("got %v", m)
	}
	if err := <-s.ended; !errors.Is(err, store.ErrBeyond) {
		t.Errorf("ended with %v, want %v", err, store.ErrBeyond)
	}
}
