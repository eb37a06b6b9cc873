// Package tutorial is the small services that people learn gRPC with, one short file each.
package tutorial

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"routeguide/proto/tutorial/cal"
	"routeguide/proto/tutorial/compute"
	"routeguide/proto/tutorial/contact"
	contactv1 "routeguide/proto/tutorial/contact/v1"
	"routeguide/proto/tutorial/gcn"
	"routeguide/proto/tutorial/greeter"
	"routeguide/proto/tutorial/greeterpb"
	"routeguide/proto/tutorial/helloworld"
	"routeguide/proto/tutorial/myservice"
	"routeguide/server/store"
)

// Options are what the services stand on.
type Options struct {
	Health  *health.Server // is told that the services serve, and asked by MyService; required
	Users   string         // file of MyService's users; "" means the built-in ones
	Weights string         // file of GCNService's weights; "" means none
	// Replaced tells which services are left out, because another server has them. A nil Replaced leaves out none.
	Replaced func(service string) bool
}

// Services are the services of one process.
type Services struct{ desk *desk }

// New returns the services. st keeps what Contact is told; it is opened after this.
func New(st *store.Store) *Services { return &Services{desk: newDesk(st)} }

// Register adds the services to a server that does not serve yet, once the store is open, and reads the files of the options.
func (s *Services) Register(server grpc.ServiceRegistrar, o Options) (err error) {
	users := builtIn
	if o.Users != "" {
		if users, err = openUsers(o.Users); err != nil {
			return err
		}
	}
	score := meanScores
	if o.Weights != "" {
		w, err := openWeights(o.Weights)
		if err != nil {
			return err
		}
		score = w.scores
	}
	for _, service := range []struct {
		desc    *grpc.ServiceDesc
		handler any
	}{
		{&greeterpb.Greeter_ServiceDesc, greeter{}},
		{&greeterpbpb.Greeter_ServiceDesc, greeterInPackage{}},
		{&helloworldpb.Greeter_ServiceDesc, helloWorld{}},
		{&computepb.Compute_ServiceDesc, compute{}},
		{&calpb.Cal_ServiceDesc, cal{}},
		{&contactpb.Contact_ServiceDesc, &contact{desk: s.desk}},
		{&contactv1.DispatchService_ServiceDesc, &dispatch{desk: s.desk}},
		{&myservicepb.MyService_ServiceDesc, &myService{users: users, health: o.Health}},
		{&gcnpb.GCNService_ServiceDesc, newGCN(score)},
	} {
		if o.Replaced != nil && o.Replaced(service.desc.ServiceName) {
			continue
		}
		server.RegisterService(service.desc, service.handler)
		o.Health.SetServingStatus(service.desc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	}
	return nil
}
