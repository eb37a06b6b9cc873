package doors

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// reflections are the methods of both versions of reflection, which have the same messages.
var reflections = []string{
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

type question = reflectionpb.ServerReflectionRequest

func list() *question {
	return &question{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
}

func symbol(name string) *question {
	return &question{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}}
}

func file(name string) *question {
	return &question{MessageRequest: &reflectionpb.ServerReflectionRequest_FileByFilename{FileByFilename: name}}
}

// answersTo asks all questions on one stream.
func (v visitor) answersTo(method string, questions ...proto.Message) []*reflectionpb.ServerReflectionResponse {
	v.t.Helper()
	c := v.reach(v.t.Context(), method)
	v.ask(c, questions...)
	all, err := rest[reflectionpb.ServerReflectionResponse](c)
	if err != nil || len(all) != len(questions) {
		v.t.Fatalf("%s: %d answers to %d questions, %v", method, len(all), len(questions), err)
	}
	return all
}

func listed(answer *reflectionpb.ServerReflectionResponse) (names []string) {
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	return names
}

// files are the names of the files in an answer.
func files(t *testing.T, answer *reflectionpb.ServerReflectionResponse) (names []string) {
	for _, b := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var f descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(b, &f); err != nil {
			t.Error(err)
		}
		names = append(names, f.GetName())
	}
	return names
}

func TestReflectionOfUpstreams(t *testing.T) {
	theirs := []string{"elsewhere.proto", "google/protobuf/wrappers.proto"}
	for version, describes := range map[string]describe{"v1": inV1, "v1alpha": inV1Alpha} {
		e := listenElsewhere(t, "127.0.0.1:0", describes)
		own := listed(visitor{t, start(t), doors[0]}.answersTo(reflections[0], list())[0])
		for _, name := range []string{numbers, "*"} {
			p := start(t, "-upstream", name+"="+e.addr)
			for _, method := range reflections {
				for _, d := range relayDoors {
					t.Run(version+"/"+name+method+"/"+d.name, func(t *testing.T) {
						a := visitor{t, p, d}.answersTo(method, list(), symbol(numbers), symbol(numbers+".Echo"), file("elsewhere.proto"),
							symbol("routeguide.RouteGuide"), symbol("nobodys.Service"))
						if got, want := listed(a[0]), append(slices.Clone(own), numbers); !slices.Equal(got, want) {
							t.Errorf("services %q, want %q", got, want)
						}
						for _, answer := range a[1:4] {
							if got := files(t, answer); !slices.Equal(got, theirs) {
								t.Errorf("%v: files %q, want %q", answer.OriginalRequest, got, theirs)
							}
						}
						if got := files(t, a[4]); len(got) == 0 || got[0] != "routeguide/route_guide.proto" {
							t.Errorf("files %q, want the classic contract first", got)
						}
						if code := a[5].GetErrorResponse().GetErrorCode(); codes.Code(code) != codes.NotFound {
							t.Errorf("error %v, want NOT_FOUND", a[5])
						}
					})
				}
			}
		}
	}
}

// An upstream that does not describe itself, or is away, is listed if the server knows its contract. It hides no others.
func TestReflectionWithoutUpstreams(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", notAtAll)
	away := "127.0.0.1:" + freePort(t)
	own := listed(visitor{t, start(t), doors[0]}.answersTo(reflections[0], list())[0])
	p := start(t, "-upstream", "GCNService="+e.addr, "-upstream", "MyService="+away, "-upstream", "*="+away, "-upstream", numbers+"="+away)
	a := visitor{t, p, doors[0]}.answersTo(reflections[0], list(), symbol("MyService"), symbol(numbers))
	if got := listed(a[0]); !slices.Equal(slices.Sorted(slices.Values(got)), own) {
		t.Errorf("services %q, want %q", got, own)
	}
	if got := files(t, a[1]); len(got) == 0 {
		t.Errorf("answer %v, want the contract of MyService", a[1])
	}
	if a[2].GetErrorResponse() == nil {
		t.Errorf("answer %v, want an error", a[2])
	}
}
