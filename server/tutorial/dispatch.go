package tutorial

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	logv1 "routeguide/proto/routeguide/log/v1"
	contactv1 "routeguide/proto/tutorial/contact/v1"
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
	taken, err := d.desk.add(ctx, logv1.ContactKind_CONTACT_KIND_TASK, "task", r.GetTask())
	if err != nil {
		return nil, err
	}
	return &contactv1.AddTaskResponse{CreateTime: timestamppb.New(taken)}, nil
}

func (d *dispatch) WatchReports(r *contactv1.WatchReportsRequest, stream grpc.ServerStreamingServer[contactv1.WatchReportsResponse]) error {
	ctx := stream.Context()
	after, err := d.begin(ctx, r)
	if err != nil {
		return err
	}
	return d.desk.follow(ctx, dispatcher, after,
		func(i item) error {
			return stream.Send(&contactv1.WatchReportsResponse{Report: report(i), Cursor: cursor(i.position)})
		},
		func(last uint64) error { return stream.Send(&contactv1.WatchReportsResponse{Cursor: cursor(last)}) })
}

// begin returns the position after which the reports come that r asks for.
func (d *dispatch) begin(ctx context.Context, r *contactv1.WatchReportsRequest) (after uint64, err error) {
	history := int32(defaultHistory)
	if r.History != nil {
		history = r.GetHistory()
	}
	if history < 0 || history > maxHistory {
		return 0, invalid("history", "%d is not between 0 and %d", history, maxHistory)
	}
	if r.GetCursor() == "" {
		return d.desk.newest(ctx, dispatcher, int(history))
	}
	after, err = strconv.ParseUint(r.GetCursor(), 10, 64)
	if err != nil || r.GetCursor() != cursor(after) {
		return 0, invalid("cursor", "%q is not a cursor that this call gave", r.GetCursor())
	}
	return after, nil
}

func report(i item) *contactv1.Report {
	r := &contactv1.Report{CreateTime: timestamppb.New(i.time)}
	if i.kind == logv1.ContactKind_CONTACT_KIND_STATUS {
		r.Content = &contactv1.Report_Status{Status: i.text}
	} else {
		r.Content = &contactv1.Report_Result{Result: i.text}
	}
	return r
}

func cursor(position uint64) string { return strconv.FormatUint(position, 10) }
