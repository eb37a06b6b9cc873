package rpc

import (
	"context"
	"encoding/binary"

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
	after, err := parseTravelerToken("page_token", r.PageToken)
	if err != nil {
		return nil, err
	}
	page, last, more := s.travelers.List(area, after, size)
	resp := &routeguidev1.ListTravelersResponse{}
	for _, t := range page {
		if t, ok := scopeOf(ctx).traveler(t); ok {
			resp.Travelers = append(resp.Travelers, travelerMessage(t))
		}
	}
	if more {
		resp.NextPageToken = travelerToken(last)
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
		UpdateTime: timestamppb.New(t.Taken), ExpireTime: timestamppb.New(t.Expires),
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

func travelerToken(m traveler.Mark) string {
	return cursors.EncodeToString(append(binary.AppendVarint([]byte{'t'}, m.Expires), m.Route...))
}

func parseTravelerToken(field, s string) (m traveler.Mark, err error) {
	if s == "" {
		return m, nil
	}
	raw, err := cursors.DecodeString(s)
	if err != nil || len(raw) < 2 || raw[0] != 't' {
		return m, invalid(field, "%q was not given by this server", s)
	}
	expires, n := binary.Varint(raw[1:])
	if n <= 0 || n == len(raw)-1 {
		return m, invalid(field, "%q was not given by this server", s)
	}
	return traveler.Mark{Expires: expires, Route: string(raw[1+n:])}, nil
}
