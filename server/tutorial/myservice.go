package tutorial

import (
	"context"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"routeguide/proto/tutorial/myservice"
)

const maxIDs = 1000 // of one User call

type myService struct {
	myservicepb.UnsafeMyServiceServer
	users  users
	health *health.Server
}

func (s *myService) Health(ctx context.Context, _ *emptypb.Empty) (*emptypb.Empty, error) {
	name := myservicepb.MyService_ServiceDesc.ServiceName
	state, err := s.health.Check(ctx, &healthpb.HealthCheckRequest{Service: name})
	if err != nil {
		return nil, err
	}
	if state.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return nil, status.Errorf(codes.Unavailable, "%s is not serving", name)
	}
	return &emptypb.Empty{}, nil
}

func (s *myService) User(_ context.Context, r *myservicepb.UserReq) (*myservicepb.UserReply, error) {
	if n := len(r.GetUserIDs()); n > maxIDs {
		return nil, invalid("userIDs", "%d ids are more than %d", n, maxIDs)
	}
	reply := &myservicepb.UserReply{}
	var unknown []string
	for _, id := range r.GetUserIDs() {
		if u, ok := s.users[id]; ok {
			reply.Data = append(reply.Data, u)
		} else {
			unknown = append(unknown, strconv.Itoa(int(id)))
		}
	}
	reply.Message = strconv.Itoa(len(reply.Data)) + " users"
	if len(reply.Data) == 1 {
		reply.Message = "1 user"
	}
	if len(unknown) > 0 {
		reply.Message += "; unknown ids: " + strings.Join(unknown, ", ")
	}
	return reply, nil
}
