package rest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"routeguide/server/refusal"
)

// target is the message that v, as the gateway has it, is to be read into: a part of a request comes as a pointer to a
// pointer to a message that does not exist yet.
func target(v any) (proto.Message, bool) {
	if m, ok := v.(proto.Message); ok {
		return m, true
	}
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Pointer {
		return nil, false
	}
	p.Elem().Set(reflect.New(p.Type().Elem().Elem()))
	m, ok := p.Elem().Interface().(proto.Message)
	return m, ok
}

// membersOf are the fields that a JSON object gives a message, as a field mask names them.
func membersOf(raw json.RawMessage, m proto.Message) (names []string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	fields := m.ProtoReflect().Descriptor().Fields()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if field := fields.ByJSONName(name); field != nil {
			name = string(field.Name())
		}
		names = append(names, name)
	}
	return names
}

// mask has the request of a PATCH change what stands in its body, unless it says itself what it changes.
func (r *request) mask(message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return nil
	}
	reflected := m.ProtoReflect()
	field := reflected.Descriptor().Fields().ByName("update_mask")
	if field == nil || reflected.Has(field) {
		return nil
	}
	if len(r.members) == 0 {
		return refusal.Invalid("", "the body has nothing to change")
	}
	reflected.Set(field, protoreflect.ValueOfMessage((&fieldmaskpb.FieldMask{Paths: r.members}).ProtoReflect()))
	return nil
}
