package tutorial

import (
	"context"
	"strconv"
	"unicode/utf8"

	"routeguide/proto/tutorial/compute"
)

type compute struct{ computepb.UnsafeComputeServer }

func (compute) SayHello(_ context.Context, r *computepb.HelloRequest) (*computepb.HelloReply, error) {
	return &computepb.HelloReply{Result: strconv.Itoa(utf8.RuneCountInString(r.GetHelloworld()))}, nil
}
