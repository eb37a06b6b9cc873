package rpc

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	routeguidepb "routeguide/proto/routeguide"
)

const (
	classicName = "RouteGuide"   // of the classic service in an early tutorial
	manyName    = "ListFeatures" // of one of its methods
	classicMany = "ListFeature"  // in that tutorial
)

// withoutPackage returns the classic service as an early tutorial names it: without a package, and with ListFeature
// beside ListFeatures.
func withoutPackage() *grpc.ServiceDesc {
	d := routeguidepb.RouteGuide_ServiceDesc
	d.ServiceName = classicName
	for _, s := range d.Streams {
		if s.StreamName == manyName {
			s.StreamName = classicMany
			d.Streams = append(d.Streams[:len(d.Streams):len(d.Streams)], s)
		}
	}
	return &d
}

// Reflection describes the services that s has when it is asked. It tells of the classic service without its package to
// those who ask for it by name, and lists it to nobody.
func Reflection(s *Server) reflectionpb.ServerReflectionServer {
	return reflection.NewServerV1(reflection.ServerOptions{Services: listed{s}, DescriptorResolver: newContracts()})
}

// listed hides the name that is not for new clients.
type listed struct{ *Server }

func (l listed) GetServiceInfo() map[string]grpc.ServiceInfo {
	info := l.Server.GetServiceInfo()
	delete(info, classicName)
	return info
}

// contracts are the files of the program, and one more that only describes withoutPackage.
type contracts struct{ more protoregistry.Files }

func newContracts() *contracts {
	classic := protodesc.ToFileDescriptorProto(routeguidepb.File_routeguide_route_guide_proto)
	service := classic.Service[0]
	for _, m := range service.Method {
		if m.GetName() == manyName {
			another := proto.CloneOf(m)
			another.Name = proto.String(classicMany)
			service.Method = append(service.Method, another)
			break
		}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name:       proto.String("without_package/" + classic.GetName()),
		Syntax:     classic.Syntax,
		Dependency: []string{classic.GetName()},
		Service:    []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles)
	c := new(contracts)
	if err == nil {
		err = c.more.RegisterFile(file)
	}
	if err != nil { // the contract is part of the program
		panic(err)
	}
	return c
}

func (c *contracts) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if file, err := c.more.FindFileByPath(path); err == nil {
		return file, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (c *contracts) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if found, err := c.more.FindDescriptorByName(name); err == nil {
		return found, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}
