package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/route"
	"routeguide/server/traveler"
)

type travelerService struct {
	routeguidev1.UnsafeTravelerServiceServer
	travelers *traveler.Board
}

func (s *travelerService) ListTravelers(ctx context.Context, r *routeguidev1.ListTravelersRequest) (*routeguidev1.ListTravelersResponse, error) {
	area, err := bounds(ctx, r.Bounds)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(r.PageSize)
	if err != nil {
		return nil, err
	}
	after, err := parsePageOfTravelers("page_token", r.PageToken)
	if err != nil {
		return nil, err
	}
	at, err := past(ctx, "at", r.At)
	if err != nil {
		return nil, err
	}
	page, last, more, err := s.travelers.List(ctx, area, at, after, size)
	if err != nil {
		return nil, err
	}
	resp := &routeguidev1.ListTravelersResponse{}
	for _, t := range page {
		if t, ok := scopeOf(ctx).traveler(t); ok {
			resp.Travelers = append(resp.Travelers, travelerMessage(t))
		}
	}
	if more {
		resp.NextPageToken = pageOfTravelers(last)
	}
	return resp, nil
}

func (s *travelerService) WatchTravelers(r *routeguidev1.WatchTravelersRequest, stream grpc.ServerStreamingServer[routeguidev1.WatchTravelersResponse]) error {
	area, err := bounds(stream.Context(), r.Bounds)
	if err != nil {
		return err
	}
	may, shown := scopeOf(stream.Context()), make(map[string]bool)
	for e, err := range s.travelers.Watch(stream.Context(), area) {
		if err != nil {
			return err
		}
		resp := &routeguidev1.WatchTravelersResponse{ServerTime: timestamppb.Now()}
		switch {
		case e.Current:
			resp.Event = &routeguidev1.WatchTravelersResponse_Current{Current: true}
		case e.Moved != nil:
			t, ok := may.traveler(*e.Moved)
			if !ok {
				continue
			}
			shown[t.Route] = true
			resp.Event = &routeguidev1.WatchTravelersResponse_Moved{Moved: travelerMessage(t)}
		case !shown[e.Left]:
			continue
		default:
			delete(shown, e.Left)
			resp.Event = &routeguidev1.WatchTravelersResponse_Left{Left: e.Left}
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
	return nil
}

func travelerMessage(t traveler.Traveler) *routeguidev1.Traveler {
	m := &routeguidev1.Traveler{
		Route: t.Route, Name: t.Name, Position: fixMessages([]route.Fix{t.Position})[0],
		ExpireTime: timestamppb.New(t.Expires),
	}
	if !t.Taken.IsZero() {
		m.UpdateTime = timestamppb.New(t.Taken)
	}
	if len(t.Trail) > 0 {
		m.Trail = fixMessages(t.Trail)
	}
	for i, f := range t.Trail {
		if f.Time.IsZero() {
			m.Trail[i].Time = nil
		}
	}
	return m
}
