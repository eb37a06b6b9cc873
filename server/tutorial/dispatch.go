package tutorial

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	contactv1 "routeguide/proto/tutorial/contact/v1"
	"routeguide/server/store"
)

const (
	maxHistory     = 1000 // reports that a watch begins with
	defaultHistory = 100
)

type dispatch struct {
	contactv1.UnsafeDispatchServiceServer
	desk *desk
}

func (d *dispatch) AddTask(ctx context.Context, r *contactv1.AddTaskRequest) (*contactv1.AddTaskResponse, error) {
	if r.GetTask() == "" {
		return nil, invalid("task", "is required")
	}
	taken, err := d.desk.add(ctx, taskSubject, "task", r.GetTask())
	if err != nil {
		return nil, err
	}
	return &contactv1.AddTaskResponse{CreateTime: timestamppb.New(taken)}, nil
}

func (d *dispatch) WatchReports(r *contactv1.WatchReportsRequest, stream grpc.ServerStreamingServer[contactv1.WatchReportsResponse]) error {
	q, err := reports(r)
	if err != nil {
		return err
	}
	return d.desk.follow(stream.Context(), q,
		func(rec store.Record, i item) error {
			return stream.Send(&contactv1.WatchReportsResponse{Report: report(rec.Subject, i), Cursor: cursor(rec.Seq)})
		},
		func(last uint64) error { return stream.Send(&contactv1.WatchReportsResponse{Cursor: cursor(last)}) })
}

// reports returns the query for the stored reports that r asks for.
func reports(r *contactv1.WatchReportsRequest) (store.Query, error) {
	q := store.Query{Subjects: []string{statusSubject, resultSubject}}
	history := int32(defaultHistory)
	if r.History != nil {
		history = r.GetHistory()
	}
	if history < 0 || history > maxHistory {
		return q, invalid("history", "%d is not between 0 and %d", history, maxHistory)
	}
	if r.GetCursor() == "" {
		if q.Newest = int(history); history == 0 {
			q.Newest = -1
		}
		return q, nil
	}
	after, err := strconv.ParseUint(r.GetCursor(), 10, 64)
	if err != nil || r.GetCursor() != cursor(after) {
		return q, invalid("cursor", "%q is not a cursor that this call gave", r.GetCursor())
	}
	q.After = after
	return q, nil
}

func report(subject string, i item) *contactv1.Report {
	r := &contactv1.Report{CreateTime: timestamppb.New(i.Time)}
	if subject == statusSubject {
		r.Content = &contactv1.Report_Status{Status: i.Text}
	} else {
		r.Content = &contactv1.Report_Result{Result: i.Text}
	}
	return r
}

func cursor(seq uint64) string { return strconv.FormatUint(seq, 10) }
