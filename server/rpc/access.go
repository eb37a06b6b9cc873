package rpc

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// ownPackage is that whose methods say themselves who may call them.
const ownPackage = "routeguide.v1"

// others say it of methods whose contracts are not ours to change; access.proto has it too. What is in neither is called with
// theirs.
var others = map[string]string{
	"/routeguide.RouteGuide/GetFeature":   "SearchFeatures",
	"/routeguide.RouteGuide/ListFeatures": "SearchFeatures",
	"/routeguide.RouteGuide/RecordRoute":  "RecordTrack",
}

var (
	theirs     = &routeguidev1.Access{Role: routeguidev1.Role_ROLE_WRITE}
	everybodys = &routeguidev1.Access{Limits: everyLimit}
	described  = &routeguidev1.Access{Role: routeguidev1.Role_ROLE_VIEW, Limits: everyLimit}
	everyLimit = []routeguidev1.Limit{
		routeguidev1.Limit_LIMIT_AREA, routeguidev1.Limit_LIMIT_ROUTE, routeguidev1.Limit_LIMIT_TRAVELER, routeguidev1.Limit_LIMIT_SIGHT,
	}
)

// accessOf returns what a key must allow for a method to be called, "/package.Service/Method".
func accessOf(method string) *routeguidev1.Access {
	if a, ok := accesses()[method]; ok {
		return a
	}
	switch service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/"); service {
	case "grpc.health.v1.Health":
		return everybodys
	case "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection":
		return described
	}
	return theirs
}

// accesses are those of our own methods, by the option in the contract, and of those that are like them.
var accesses = sync.OnceValue(func() map[string]*routeguidev1.Access {
	all := make(map[string]*routeguidev1.Access)
	byName := make(map[string]*routeguidev1.Access)
	eachMethod(ownPackage, func(path string, m protoreflect.MethodDescriptor) {
		a, _ := proto.GetExtension(m.Options(), routeguidev1.E_Access).(*routeguidev1.Access)
		if a == nil {
			a = &routeguidev1.Access{Role: routeguidev1.Role_ROLE_ADMIN}
		}
		all[path], byName[string(m.Name())] = a, a
	})
	for path, like := range others {
		all[path] = byName[like]
	}
	chat := proto.CloneOf(byName["WatchNotes"])
	chat.Role = routeguidev1.Role_ROLE_WRITE
	all["/routeguide.RouteGuide/RouteChat"] = chat
	for _, m := range []string{"GetFeature", "ListFeatures", "RecordRoute", "RouteChat"} { // the same without a package
		all["/RouteGuide/"+m] = all["/routeguide.RouteGuide/"+m]
	}
	all["/RouteGuide/ListFeature"] = all["/RouteGuide/ListFeatures"]
	return all
})

// eachMethod calls do for every method of the contracts of a package.
func eachMethod(pkg protoreflect.FullName, do func(path string, m protoreflect.MethodDescriptor)) {
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				m := s.Methods().Get(j)
				do("/"+string(s.FullName())+"/"+string(m.Name()), m)
			}
		}
		return true
	})
}
