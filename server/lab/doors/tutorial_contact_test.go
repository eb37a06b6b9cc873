package doors

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/tutorial/contact"
	contactv1 "routeguide/proto/tutorial/contact/v1"
	"routeguide/server/lab/natstest"
)

var tooLong = strings.Repeat("x", 4097)

// Tasks, statuses and results reach the other side, whichever door each of them uses.
func TestContactThroughEveryDoor(t *testing.T) {
	p := start(t)
	for _, d := range doors {
		for name, test := range contactMeetings {
			t.Run(d.name+"/"+name, func(t *testing.T) { test(visitor{t, p, d}, visitor{t, p, doors[0]}) })
		}
		for name, test := range contactCases {
			t.Run(d.name+"/"+name, func(t *testing.T) { test(visitor{t, p, d}) })
		}
		if !d.streams {
			continue
		}
		for name, test := range contactStreamCases {
			t.Run(d.name+"/"+name, func(t *testing.T) { test(visitor{t, p, d}) })
		}
	}
}

// Tasks, statuses and results are the same at all programs of a cluster.
func TestContactOnOneCluster(t *testing.T) {
	c := natstest.Start(t)
	one, two := start(t, "-nats-url", c.URL()), start(t, "-nats-url", c.URL())
	for name, test := range contactMeetings {
		t.Run(name, func(t *testing.T) { test(visitor{t, one, doors[0]}, visitor{t, two, doors[0]}) })
	}
}

// contactMeetings are of two sides.
var contactMeetings = map[string]func(v, other visitor){
	"a task reaches who waits": func(v, other visitor) {
		ctx, cancel := context.WithCancel(v.t.Context())
		defer cancel()
		tasks, err := contactpb.NewContactClient(v.connection()).GetTask(ctx, &contactpb.Empty{})
		if err != nil {
			v.t.Fatal(err)
		}
		dispatch := contactv1.NewDispatchServiceClient(other.connection())
		for _, task := range []string{v.token("first"), v.token("then")} {
			if r, err := dispatch.AddTask(v.t.Context(), &contactv1.AddTaskRequest{Task: task}); err != nil || r.GetCreateTime() == nil {
				v.t.Fatalf("added %v, %v", r, err)
			}
			for got := ""; got != task; { // those that other doors added come before
				m, err := tasks.Recv()
				if err != nil {
					v.t.Fatalf("%v, waiting for %q", err, task)
				}
				got = m.GetTask()
			}
		}
	},
	"reports as they come": func(v, other visitor) {
		ctx, cancel := context.WithCancel(v.t.Context())
		defer cancel()
		dispatch := contactv1.NewDispatchServiceClient(v.connection())
		watch, err := dispatch.WatchReports(ctx, &contactv1.WatchReportsRequest{History: proto.Int32(0)})
		if err != nil {
			v.t.Fatal(err)
		}
		if m, err := watch.Recv(); err != nil || m.Report != nil || m.Cursor == "" {
			v.t.Fatalf("first %v, %v, want a cursor without a report", m, err)
		}
		client := contactpb.NewContactClient(other.connection())
		statuses, err := client.SendStatus(ctx)
		if err != nil {
			v.t.Fatal(err)
		}
		if err := statuses.Send(&contactpb.ClientMsg{Msg: v.token("status")}); err != nil {
			v.t.Fatal(err)
		}
		if m, err := watch.Recv(); err != nil || m.Report.GetStatus() != v.token("status") || m.Report.GetCreateTime() == nil {
			v.t.Errorf("watched %v, %v, want the status", m, err)
		}
		results, err := client.TellResult(ctx)
		if err != nil {
			v.t.Fatal(err)
		}
		if err := results.Send(&contactpb.Result{Ret: v.token("result")}); err != nil {
			v.t.Fatal(err)
		}
		if m, err := watch.Recv(); err != nil || m.Report.GetResult() != v.token("result") {
			v.t.Errorf("watched %v, %v, want the result", m, err)
		}
	},
}

var contactCases = map[string]func(visitor){
	"a task that cannot be": func(v visitor) {
		dispatch := contactv1.NewDispatchServiceClient(v.connection())
		if r, err := dispatch.AddTask(v.t.Context(), &contactv1.AddTaskRequest{Task: "dig"}); err != nil || r.GetCreateTime() == nil {
			v.t.Errorf("added %v, %v", r, err)
		}
		for _, task := range []string{"", tooLong} {
			_, err := dispatch.AddTask(v.t.Context(), &contactv1.AddTaskRequest{Task: task})
			v.refused(err, "task")
		}
	},
	"a watch that cannot be": func(v visitor) {
		dispatch := contactv1.NewDispatchServiceClient(v.connection())
		for field, r := range map[string]*contactv1.WatchReportsRequest{
			"cursor": {Cursor: "made up"}, "history": {History: proto.Int32(1001)},
		} {
			watch, err := dispatch.WatchReports(v.t.Context(), r)
			if err == nil {
				_, err = watch.Recv()
			}
			v.refused(err, field)
		}
		watch, err := dispatch.WatchReports(v.t.Context(), &contactv1.WatchReportsRequest{Cursor: "1000000"})
		if err == nil {
			_, err = watch.Recv()
		}
		v.failed(err, codes.OutOfRange, "cursor")
	},
}

var contactStreamCases = map[string]func(visitor){
	"each status is acknowledged": func(v visitor) {
		ctx, cancel := context.WithCancel(v.t.Context())
		defer cancel()
		statuses, err := contactpb.NewContactClient(v.connection()).SendStatus(ctx)
		if err != nil {
			v.t.Fatal(err)
		}
		for _, text := range []string{"on my way", "", "arrivée"} {
			if err := statuses.Send(&contactpb.ClientMsg{Msg: text}); err != nil {
				v.t.Fatal(err)
			}
			if r, err := statuses.Recv(); err != nil || r.GetRet() != "received: "+text {
				v.t.Fatalf("%q is acknowledged with %v, %v", text, r, err)
			}
		}
		if err := statuses.Send(&contactpb.ClientMsg{Msg: tooLong}); err != nil {
			v.t.Fatal(err)
		}
		_, err = statuses.Recv()
		v.refused(err, "msg")
	},
	"results until the half-close": func(v visitor) {
		c := contactpb.NewContactClient(v.connection())
		for _, texts := range [][]string{nil, {"1", "2", "3"}, {"1", tooLong}} {
			results, err := c.TellResult(v.t.Context())
			if err != nil {
				v.t.Fatal(err)
			}
			for _, text := range texts {
				if err := results.Send(&contactpb.Result{Ret: text}); err != nil && !errors.Is(err, io.EOF) {
					v.t.Fatal(err)
				}
			}
			_, err = results.CloseAndRecv()
			if len(texts) == 2 {
				v.refused(err, "ret")
			} else if err != nil {
				v.t.Errorf("%d results: %v", len(texts), err)
			}
		}
	},
}
