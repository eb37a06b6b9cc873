package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/route"
)

const answerFixes = 2000 // points of an answer

type routeService struct {
	routeguidev1.UnimplementedRouteServiceServer
	routes *route.Book
}

func (s *routeService) ListRoutes(ctx context.Context, r *routeguidev1.ListRoutesRequest) (*routeguidev1.ListRoutesResponse, error) {
	q, err := routeQuery(ctx, r)
	if err != nil {
		return nil, err
	}
	routes, next, err := s.routes.List(ctx, q)
	if err != nil {
		return nil, err
	}
	resp := &routeguidev1.ListRoutesResponse{}
	for _, found := range routes {
		if scopeOf(ctx).route("", found) != nil {
			continue
		}
		resp.Routes = append(resp.Routes, routeMessage(found))
	}
	if next != (route.Cursor{}) {
		resp.NextPageToken = pageOfRoutes(next)
	}
	return resp, nil
}

func (s *routeService) GetRoute(ctx context.Context, r *routeguidev1.GetRouteRequest) (*routeguidev1.Route, error) {
	if r.Route == "" {
		return nil, invalid("route", "is required")
	}
	found, err := s.get(ctx, "route", r.Route)
	if err != nil {
		return nil, err
	}
	return routeMessage(found), nil
}

// get returns the route that the field names, if the caller may see it.
func (s *routeService) get(ctx context.Context, field, id string) (route.Route, error) {
	found, err := s.routes.Get(ctx, id)
	if err != nil {
		return route.Route{}, err
	}
	return found, scopeOf(ctx).route(field, found)
}

func (s *routeService) ReadTrack(r *routeguidev1.ReadTrackRequest, stream grpc.ServerStreamingServer[routeguidev1.ReadTrackResponse]) error {
	if r.Route == "" {
		return invalid("route", "is required")
	}
	if _, err := s.get(stream.Context(), "route", r.Route); err != nil {
		return err
	}
	for fixes, err := range s.routes.Track(stream.Context(), r.Route) {
		if err != nil {
			return err
		}
		if err := stream.Send(&routeguidev1.ReadTrackResponse{Fixes: fixMessages(fixes)}); err != nil {
			return err
		}
	}
	return nil
}

func (s *routeService) WatchRoute(r *routeguidev1.WatchRouteRequest, stream grpc.ServerStreamingServer[routeguidev1.WatchRouteResponse]) error {
	if r.Route == "" {
		return invalid("route", "is required")
	}
	from, err := parseMark("cursor", r.Cursor)
	if err != nil {
		return err
	}
	may := scopeOf(stream.Context())
	told := false // of the route; while what is stored is told, that is enough once
	for u, err := range s.routes.Watch(stream.Context(), r.Route, from) {
		if err != nil {
			return err
		}
		if err := may.route("route", u.Route); err != nil {
			return err
		}
		for first, last := 0, false; !last; first += answerFixes {
			fixes := u.Fixes[first:min(first+answerFixes, len(u.Fixes))]
			last = first+len(fixes) == len(u.Fixes)
			points := u.Mark.Points - uint32(len(u.Fixes)-first-len(fixes))
			resp := &routeguidev1.WatchRouteResponse{
				Fixes: fixMessages(fixes), Anew: u.Anew && first == 0,
				Current: u.Stage == route.Current, Cursor: mark(route.Mark{Position: u.Mark.Position, Points: points}),
			}
			if first == 0 && (!told || u.Stage != route.Stored) {
				resp.Route, told = routeMessage(u.Route), true
			}
			if err := stream.Send(resp); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *routeService) RecordTrack(stream grpc.ClientStreamingServer[routeguidev1.RecordTrackRequest, routeguidev1.RecordTrackResponse]) error {
	done, err := record(s.routes, stream, stream.Recv, func(r *routeguidev1.RecordTrackRequest) (route.Fix, error) {
		f, err := fix("fix", r.Fix)
		if err != nil {
			return f, err
		}
		return f, scopeOf(stream.Context()).at("fix.location", f.Point)
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(&routeguidev1.RecordTrackResponse{Route: routeMessage(done)})
}

func (s *routeService) UpdateRoute(ctx context.Context, r *routeguidev1.UpdateRouteRequest) (*routeguidev1.Route, error) {
	if r.Route.GetId() == "" {
		return nil, invalid("route.id", "is required")
	}
	edit, err := routeEdit(r.Route, r.UpdateMask.GetPaths())
	if err != nil {
		return nil, err
	}
	if err := s.mayChange(ctx, "route.id", r.Route.Id); err != nil {
		return nil, err
	}
	updated, err := s.routes.Update(ctx, r.Route.Id, edit)
	if err != nil {
		return nil, err
	}
	return routeMessage(updated), nil
}

func (s *routeService) DeleteRoute(ctx context.Context, r *routeguidev1.DeleteRouteRequest) (*routeguidev1.DeleteRouteResponse, error) {
	if r.Route == "" {
		return nil, invalid("route", "is required")
	}
	if err := s.mayChange(ctx, "route", r.Route); err != nil {
		return nil, err
	}
	if err := s.routes.Delete(ctx, r.Route); err != nil {
		return nil, err
	}
	return &routeguidev1.DeleteRouteResponse{}, nil
}

// mayChange checks that the caller may change the route that the field names, if there is one: deleting it again is no error.
func (s *routeService) mayChange(ctx context.Context, field, id string) error {
	if scopeOf(ctx) == (scope{}) {
		return nil
	}
	_, err := s.get(ctx, field, id)
	return err
}

// routeEdit checks what shall be said of a route: what paths name, or everything.
func routeEdit(r *routeguidev1.Route, paths []string) (edit route.Edit, err error) {
	changeable := []string{"name", "color", "hidden"}
	if len(paths) == 0 {
		paths = changeable
	}
	for _, path := range paths {
		if !slices.Contains(changeable, path) {
			return route.Edit{}, invalid("update_mask", "%q is not one of name, color, hidden", path)
		}
		switch path {
		case "name":
			edit.Name = &r.Name
			err = routeName(r.Name)
		case "color":
			edit.Color = &r.Color
			err = routeColor(r.Color)
		case "hidden":
			edit.Hidden = &r.Hidden
		}
		if err != nil {
			return route.Edit{}, err
		}
	}
	return edit, nil
}
