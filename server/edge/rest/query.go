package rest

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"routeguide/server/refusal"
)

// inputOf is what a method, "/package.Service/Method", is asked with, or nil.
func (r *request) inputOf(method string) protoreflect.MessageDescriptor {
	if r.method != nil {
		return r.method.Input()
	}
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, _ := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if call, ok := found.(protoreflect.MethodDescriptor); ok {
		return call.Input()
	}
	return nil
}

// checkQuery refuses parameters that the gateway would leave out in silence: those that are no field of the request, and all
// of them where the body is the whole request.
func (r *request) checkQuery(method string) error {
	input := r.inputOf(method)
	for _, name := range slices.Sorted(maps.Keys(r.query)) {
		if input == nil || r.whole == input.FullName() || !hasField(input, strings.Split(name, ".")) {
			return refusal.Invalid(refusal.Cut(name), "there is no such parameter")
		}
	}
	return nil
}

func hasField(m protoreflect.MessageDescriptor, path []string) bool {
	field := m.Fields().ByTextName(path[0])
	if field == nil {
		field = m.Fields().ByJSONName(path[0])
	}
	return field != nil && (len(path) == 1 || field.Message() != nil && hasField(field.Message(), path[1:]))
}
