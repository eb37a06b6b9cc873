package rpc

import (
	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/route"
	"routeguide/server/track"
)

var trackFormats = map[routeguidev1.RouteFormat]track.Format{
	routeguidev1.RouteFormat_ROUTE_FORMAT_GPX:     track.GPX,
	routeguidev1.RouteFormat_ROUTE_FORMAT_GEOJSON: track.GeoJSON,
	routeguidev1.RouteFormat_ROUTE_FORMAT_KML:     track.KML,
}

func (s *routeService) ExportRoute(r *routeguidev1.ExportRouteRequest, stream grpc.ServerStreamingServer[routeguidev1.ExportRouteResponse]) error {
	if r.Route == "" {
		return invalid("route", "is required")
	}
	format, known := trackFormats[r.Format]
	if !known {
		return invalid("format", "is required: GPX, GEOJSON or KML")
	}
	ctx := stream.Context()
	found, err := s.get(ctx, "route", r.Route)
	if err != nil {
		return err
	}
	return track.Write(written{stream}, format, found.Name, func(yield func(track.Fix, error) bool) {
		for fixes, err := range s.routes.Track(ctx, r.Route) {
			if err != nil {
				yield(track.Fix{}, err)
				return
			}
			for _, f := range fixes {
				if !yield(trackFix(f), nil) {
					return
				}
			}
		}
	})
}

// written sends what is written.
type written struct {
	stream grpc.ServerStreamingServer[routeguidev1.ExportRouteResponse]
}

func (p written) Write(data []byte) (int, error) {
	return len(data), p.stream.Send(&routeguidev1.ExportRouteResponse{Data: data})
}

func trackFix(f route.Fix) track.Fix {
	return track.Fix{
		Point: f.Point, Time: f.Time, Elevation: f.Elevation, Accuracy: f.Accuracy,
		Speed: f.Speed, Heading: f.Heading, Battery: f.Battery,
	}
}
