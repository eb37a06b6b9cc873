package tutorial

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/proto/tutorial/cal"
)

type cal struct{ calpb.UnsafeCalServer }

func (cal) Add(_ context.Context, r *calpb.AddRequest) (*calpb.ResultReply, error) {
	return result(int64(r.GetNumber1()) + int64(r.GetNumber2()))
}

func (cal) Multiply(_ context.Context, r *calpb.MultiplyRequest) (*calpb.ResultReply, error) {
	return result(int64(r.GetNumber1()) * int64(r.GetNumber2()))
}

func result(exact int64) (*calpb.ResultReply, error) {
	if exact < math.MinInt32 || exact > math.MaxInt32 {
		return nil, status.Errorf(codes.OutOfRange, "the result %d is not between -2147483648 and 2147483647", exact)
	}
	return &calpb.ResultReply{Number: int32(exact)}, nil
}
