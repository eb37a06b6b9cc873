// Package rpc is the gRPC side of the product: its services convert, call the domain and convert back; one table makes
// errors statuses; Calls bounds, ends, counts and logs every call.
package rpc

import (
	"context"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/feature"
	"routeguide/server/key"
	"routeguide/server/note"
	"routeguide/server/replay"
	"routeguide/server/route"
	"routeguide/server/traveler"
)

// Domain is what the services answer from.
type Domain struct {
	Features  *feature.Book
	Routes    *route.Book
	Notes     *note.Book
	Travelers *traveler.Board
	Keys      *key.Book
}

// Register adds the services and health to a server, and returns its health to be set; every service is serving until
// draining is done.
func Register(s *Server, draining context.Context, d Domain) *health.Server {
	guide := &routeGuide{features: d.Features, routes: d.Routes, notes: d.Notes}
	routeguidepb.RegisterRouteGuideServer(s, guide)
	routeguidev1.RegisterFeatureServiceServer(s, &featureService{features: d.Features})
	routeguidev1.RegisterNoteServiceServer(s, &noteService{notes: d.Notes})
	routeguidev1.RegisterRouteServiceServer(s, &routeService{routes: d.Routes})
	routeguidev1.RegisterTravelerServiceServer(s, &travelerService{travelers: d.Travelers})
	routeguidev1.RegisterAreaServiceServer(s, &areaService{books: replay.Books{Notes: d.Notes, Features: d.Features, Routes: d.Routes}})
	routeguidev1.RegisterKeyServiceServer(s, &keyService{keys: d.Keys})
	s.RegisterService(withoutPackage(), guide)

	state := health.NewServer()
	for name := range s.GetServiceInfo() {
		state.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(s, state)
	context.AfterFunc(draining, state.Shutdown)
	return state
}
