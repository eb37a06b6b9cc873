package upstream

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"routeguide/server/schema"
)

// reflection describes the services of the server and of its upstreams. When both know a file or a symbol of the same name,
// the server's counts, unless the symbol is, or is in, a service that an upstream was named for.
type reflection struct {
	reflectionpb.UnsafeServerReflectionServer
	own       reflectionpb.ServerReflectionServer
	filed     reflectionpb.ServerReflectionServer // of descriptors from files
	upstreams *Upstreams
}

// Both versions of the service have the same messages; only the name differs.
const (
	inV1      = "grpc.reflection.v1.ServerReflection"
	inV1Alpha = "grpc.reflection.v1alpha.ServerReflection"
)

const askBound = 2 * time.Second // for an upstream to answer one question

func registerReflection(s *grpc.Server, r *reflection) {
	for _, name := range []string{inV1, inV1Alpha} {
		d := reflectionpb.ServerReflection_ServiceDesc
		d.ServiceName = name
		s.RegisterService(&d, r)
	}
}

func (r *reflection) ServerReflectionInfo(stream reflectionpb.ServerReflection_ServerReflectionInfoServer) error {
	for {
		question, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := r.answer(stream.Context(), question)
		if err != nil {
			return err
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func (r *reflection) answer(ctx context.Context, question *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
	ours, err := ask(ctx, r.own, question)
	if err != nil {
		return nil, err
	}
	if list := ours.GetListServicesResponse(); list != nil {
		r.addServices(ctx, list)
		return ours, nil
	}
	if up := r.upstreams.around(question.GetFileContainingSymbol()); up != nil {
		if theirs, err := up.ask(ctx, question); err == nil && theirs.GetErrorResponse() == nil {
			return theirs, nil
		}
	}
	if ours.GetErrorResponse() == nil {
		return ours, nil
	}
	for _, up := range r.upstreams.all {
		if theirs, err := up.ask(ctx, question); err == nil && theirs.GetErrorResponse() == nil {
			return theirs, nil
		}
	}
	if filed, err := ask(ctx, r.filed, question); err == nil && filed.GetErrorResponse() == nil {
		return filed, nil
	}
	return ours, nil
}

// noServices is a list of none: what it stands for is listed with the upstreams.
type noServices struct{}

// GetServiceInfo lists nothing.
func (noServices) GetServiceInfo() map[string]grpc.ServiceInfo { return nil }

// addServices adds the services of the upstreams to a list of the server's own. A named upstream that does not describe its
// service is listed if the server knows the contract.
func (r *reflection) addServices(ctx context.Context, list *reflectionpb.ListServiceResponse) {
	has := func(name string) bool {
		return slices.ContainsFunc(list.Service, func(s *reflectionpb.ServiceResponse) bool { return s.Name == name })
	}
	add := func(name string) { list.Service = append(list.Service, &reflectionpb.ServiceResponse{Name: name}) }
	for _, up := range r.upstreams.all {
		names := up.services(ctx)
		if len(names) == 0 {
			names = schema.ServicesOf(r.upstreams.files)
		}
		switch {
		case up.Name == Any:
			for _, name := range names {
				if _, ours := r.upstreams.own[name]; !ours && !r.upstreams.Has(name) && !has(name) {
					add(name)
				}
			}
		case slices.Contains(names, up.Name) || r.knows(ctx, up.Name):
			add(up.Name)
		}
	}
}

// knows tells whether the server itself can describe a symbol.
func (r *reflection) knows(ctx context.Context, symbol string) bool {
	answer, err := ask(ctx, r.own, &reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
	})
	return err == nil && answer.GetErrorResponse() == nil
}

// around returns the upstream that was named for the service that symbol is, or is in; or nil.
func (u *Upstreams) around(symbol string) *upstream {
	for _, up := range u.all {
		if symbol == up.Name || strings.HasPrefix(symbol, up.Name+".") {
			return up
		}
	}
	return nil
}

// services lists the services of an upstream, or nothing when it does not tell.
func (up *upstream) services(ctx context.Context) []string {
	answer, err := up.ask(ctx, &reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{ListServices: "*"},
	})
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	return names
}

// ask puts one question to an upstream, in the version of reflection that it has. It goes on when its caller leaves, as a call
// that ends by itself need not be reset.
func (up *upstream) ask(ctx context.Context, question *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askBound)
	defer cancel()
	var answer *reflectionpb.ServerReflectionResponse
	err := up.inVersion(ctx, func(q questions) (err error) {
		answer, err = q.ask(question)
		return err
	})
	return answer, err
}

// ask puts one question to a server in this process.
func ask(ctx context.Context, s reflectionpb.ServerReflectionServer, question *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
	one := &oneQuestion{ctx: ctx, question: question}
	err := s.ServerReflectionInfo(one)
	if err == nil && one.answer == nil {
		err = status.Error(codes.Internal, "reflection has no answer")
	}
	return one.answer, err
}

// oneQuestion is a stream of one question and its answer.
type oneQuestion struct {
	grpc.ServerStream // nil: reflection uses no more than what follows
	ctx               context.Context
	question          *reflectionpb.ServerReflectionRequest // nil once it has been received
	answer            *reflectionpb.ServerReflectionResponse
}

func (o *oneQuestion) Context() context.Context { return o.ctx }

func (o *oneQuestion) Recv() (*reflectionpb.ServerReflectionRequest, error) {
	question := o.question
	if question == nil {
		return nil, io.EOF
	}
	o.question = nil
	return question, nil
}

func (o *oneQuestion) Send(answer *reflectionpb.ServerReflectionResponse) error {
	o.answer = answer
	return nil
}
