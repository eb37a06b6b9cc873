package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/replay"
	"routeguide/server/route"
)

const maxSpeed = 1_000_000 // times as fast as it happened

type areaService struct {
	routeguidev1.UnsafeAreaServiceServer
	books replay.Books
}

func (s *areaService) ReplayArea(r *routeguidev1.ReplayAreaRequest, stream grpc.ServerStreamingServer[routeguidev1.ReplayAreaResponse]) error {
	q, err := replayQuery(stream.Context(), r, time.Now())
	if err != nil {
		return err
	}
	may := scopeOf(stream.Context())
	for e, err := range s.books.Area(stream.Context(), q) {
		if err != nil {
			return err
		}
		if !may.event(e) {
			continue
		}
		resp := &routeguidev1.ReplayAreaResponse{Time: timestamppb.New(e.Cursor.Moment.Time), Cursor: replayCursor(e.Cursor)}
		switch {
		case e.Note != nil:
			resp.Event = &routeguidev1.ReplayAreaResponse_Note{Note: noteMessage(*e.Note)}
		case e.Step != nil:
			resp.Event = &routeguidev1.ReplayAreaResponse_Step_{Step: &routeguidev1.ReplayAreaResponse_Step{
				Route: e.Step.Route, Traveler: e.Step.Traveler, Fix: fixMessages([]route.Fix{e.Step.Fix})[0],
			}}
		case e.Feature.Deleted:
			resp.Event = &routeguidev1.ReplayAreaResponse_DeletedFeature{DeletedFeature: e.Feature.Entry.ID}
		default:
			resp.Event = &routeguidev1.ReplayAreaResponse_Feature{Feature: featureMessage(e.Feature.Entry)}
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
	return nil
}

// replayQuery checks what ReplayArea is asked for.
func replayQuery(ctx context.Context, r *routeguidev1.ReplayAreaRequest, now time.Time) (q replay.Query, err error) {
	if q.Area, err = bounds(ctx, r.Bounds); err != nil {
		return q, err
	}
	if r.StartTime == nil {
		return q, invalid("start_time", "is required")
	}
	if q.From, err = moment("start_time", r.StartTime); err != nil {
		return q, err
	}
	q.From = scopeOf(ctx).since(q.From)
	if q.Until, err = moment("end_time", r.EndTime); err != nil {
		return q, err
	}
	if r.EndTime == nil || q.Until.After(now) {
		q.Until = now
	} else if q.Until.Before(q.From) {
		return q, invalid("end_time", "is before start_time")
	}
	q.From, q.Until = q.From.Truncate(time.Millisecond), q.Until.Truncate(time.Millisecond)
	if q.Speed = r.Speed; !(q.Speed >= 0 && q.Speed <= maxSpeed) {
		return q, invalid("speed", "%v is not between 0 and %d", q.Speed, maxSpeed)
	}
	q.Resuming = r.Cursor != ""
	q.After, err = parseReplayCursor("cursor", r.Cursor)
	return q, err
}
