package upstream

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"routeguide/server/schema"
)

const (
	schemaAge   = 30 * time.Second // after which an upstream is asked again what it is
	schemaBound = 5 * time.Second  // for it to say so
)

// A description is what an upstream said of its services when it was last asked.
type description struct {
	connections *connections

	mu     sync.Mutex
	schema *schema.Schema // nil: it has not answered yet
	asked  time.Time
	during int64 // the connection that it was asked over
}

// connections counts the connections that were made to an upstream: another one may lead to another program.
type connections struct{ made atomic.Int64 }

func (c *connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (c *connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (c *connections) HandleRPC(context.Context, stats.RPCStats)                         {}

func (c *connections) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnBegin); ok {
		c.made.Add(1)
	}
}

// Schemas are those of the upstreams, of the services that each is there for, in the order of the options. An upstream is asked
// when its connection is a new one, and now and then; one that does not answer is what it was before.
func (u *Upstreams) Schemas(ctx context.Context) []*schema.Schema {
	var all []*schema.Schema
	for _, up := range u.all {
		if s := u.describe(ctx, up); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// serves tells which services of an upstream are called at it.
func (u *Upstreams) serves(up *upstream) func(service string) bool {
	return func(service string) bool {
		_, ours := u.own[service]
		switch {
		case up.Name != Any:
			return service == up.Name
		case ours, u.Has(service), strings.HasPrefix(service, "grpc.reflection."):
			return false
		}
		return true
	}
}

func (u *Upstreams) describe(ctx context.Context, up *upstream) *schema.Schema {
	d, serves := up.described, u.serves(up)
	d.mu.Lock()
	defer d.mu.Unlock()
	made := d.connections.made.Load()
	state := up.conn.GetState()
	fresh := state == connectivity.Ready && made == d.during && time.Since(d.asked) < schemaAge
	if fresh || d.schema != nil && state == connectivity.TransientFailure {
		return d.schema
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), schemaBound)
	defer cancel()
	s, err := up.read(ctx, serves)
	d.asked, d.during = time.Now(), d.connections.made.Load()
	if err != nil && d.schema == nil {
		services := slices.DeleteFunc(schema.ServicesOf(u.files), func(name string) bool { return !serves(name) })
		s, err = schema.New(up.Name, u.files, services...), nil
	}
	if err == nil && !(d.schema != nil && schema.Equal(s, d.schema)) {
		d.schema = s
	}
	return d.schema
}

// read asks for the services and all the files that they need.
func (up *upstream) read(ctx context.Context, serves func(string) bool) (s *schema.Schema, err error) {
	err = up.inVersion(ctx, func(q questions) (err error) {
		s, err = up.readBy(q, serves)
		return err
	})
	return s, err
}

func (up *upstream) readBy(q questions, serves func(string) bool) (*schema.Schema, error) {
	answer, err := q.ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{ListServices: "*"},
	})
	if err != nil {
		return nil, err
	}
	var services []string
	files := schema.NewCollection()
	for _, s := range answer.GetListServicesResponse().GetService() {
		if !serves(s.Name) {
			continue
		}
		services = append(services, s.Name)
		err := q.gather(files, &reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: s.Name},
		})
		if err != nil {
			return nil, err
		}
	}
	asked := map[string]bool{}
	for missing := files.Missing(); len(missing) > 0; {
		for _, name := range missing {
			asked[name] = true
			err := q.gather(files, &reflectionpb.ServerReflectionRequest{
				MessageRequest: &reflectionpb.ServerReflectionRequest_FileByFilename{FileByFilename: name},
			})
			if err != nil {
				return nil, err
			}
		}
		missing = slices.DeleteFunc(files.Missing(), func(name string) bool { return asked[name] })
	}
	linked, _ := schema.Link(files.Files) // a service whose file lacks something is not there
	return schema.New(up.Name, linked, services...), nil
}

// questions are a stream of reflection.
type questions struct{ stream grpc.ClientStream }

// inVersion opens a stream for use in the version of reflection that the upstream has, and ends it.
func (up *upstream) inVersion(ctx context.Context, use func(questions) error) (err error) {
	for _, service := range []string{inV1, inV1Alpha} {
		stream, opened := up.conn.NewStream(ctx, &reflectionpb.ServerReflection_ServiceDesc.Streams[0], "/"+service+"/ServerReflectionInfo")
		if opened != nil {
			return opened
		}
		q := questions{stream}
		if err = use(q); err == nil {
			q.end()
		}
		if status.Code(err) != codes.Unimplemented {
			break
		}
	}
	return err
}

func (q questions) ask(question *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
	if err := q.stream.SendMsg(question); err != nil && err != io.EOF { // at io.EOF RecvMsg knows more
		return nil, err
	}
	answer := new(reflectionpb.ServerReflectionResponse)
	return answer, q.stream.RecvMsg(answer)
}

// gather adds the files of an answer.
func (q questions) gather(files *schema.Collection, question *reflectionpb.ServerReflectionRequest) error {
	answer, err := q.ask(question)
	if err != nil {
		return err
	}
	return files.Add(answer.GetFileDescriptorResponse().GetFileDescriptorProto())
}

// end lets the upstream end the stream, so that nothing has to be reset.
func (q questions) end() {
	if q.stream.CloseSend() == nil {
		_ = q.stream.RecvMsg(new(reflectionpb.ServerReflectionResponse))
	}
}
