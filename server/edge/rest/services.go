package rest

import (
	"context"
	"errors"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/proto/tutorial/cal"
	"routeguide/proto/tutorial/compute"
	"routeguide/proto/tutorial/contact"
	contactv1 "routeguide/proto/tutorial/contact/v1"
	"routeguide/proto/tutorial/gcn"
	"routeguide/proto/tutorial/greeter"
	greeterpbpb "routeguide/proto/tutorial/greeterpb"
	"routeguide/proto/tutorial/helloworld"
	"routeguide/proto/tutorial/myservice"
)

// registerServices gives mux every service that has REST paths. One that the server lacks answers 501.
func registerServices(mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
	ctx := context.Background()
	return errors.Join(
		routeguidepb.RegisterRouteGuideHandlerClient(ctx, mux, routeguidepb.NewRouteGuideClient(conn)),
		routeguidev1.RegisterAreaServiceHandlerClient(ctx, mux, routeguidev1.NewAreaServiceClient(conn)),
		routeguidev1.RegisterFeatureServiceHandlerClient(ctx, mux, routeguidev1.NewFeatureServiceClient(conn)),
		routeguidev1.RegisterKeyServiceHandlerClient(ctx, mux, routeguidev1.NewKeyServiceClient(conn)),
		routeguidev1.RegisterNoteServiceHandlerClient(ctx, mux, routeguidev1.NewNoteServiceClient(conn)),
		routeguidev1.RegisterRouteServiceHandlerClient(ctx, mux, routeguidev1.NewRouteServiceClient(conn)),
		routeguidev1.RegisterTravelerServiceHandlerClient(ctx, mux, routeguidev1.NewTravelerServiceClient(conn)),
		calpb.RegisterCalHandlerClient(ctx, mux, calpb.NewCalClient(conn)),
		computepb.RegisterComputeHandlerClient(ctx, mux, computepb.NewComputeClient(conn)),
		contactpb.RegisterContactHandlerClient(ctx, mux, contactpb.NewContactClient(conn)),
		contactv1.RegisterDispatchServiceHandlerClient(ctx, mux, contactv1.NewDispatchServiceClient(conn)),
		gcnpb.RegisterGCNServiceHandlerClient(ctx, mux, gcnpb.NewGCNServiceClient(conn)),
		greeterpb.RegisterGreeterHandlerClient(ctx, mux, greeterpb.NewGreeterClient(conn)),
		greeterpbpb.RegisterGreeterHandlerClient(ctx, mux, greeterpbpb.NewGreeterClient(conn)),
		helloworldpb.RegisterGreeterHandlerClient(ctx, mux, helloworldpb.NewGreeterClient(conn)),
		myservicepb.RegisterMyServiceHandlerClient(ctx, mux, myservicepb.NewMyServiceClient(conn)),
	)
}
