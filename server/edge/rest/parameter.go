package rest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"routeguide/server/refusal"
)

// setParameter gives a field of m the values of a parameter of a path or a query. The field is named as in the contract or as
// in JSON, one within a message with dots between. An error names it.
func setParameter(m protoreflect.Message, name string, values []string) error {
	at := m
	steps := strings.Split(name, ".")
	for i, step := range steps {
		fields := at.Descriptor().Fields()
		field := fields.ByName(protoreflect.Name(step))
		if field == nil {
			field = fields.ByJSONName(step)
		}
		switch {
		case field == nil:
			return refusal.Invalid(refusal.Cut(name), "there is no such field")
		case i == len(steps)-1:
			if other := chosen(at, field); other != nil {
				return refusal.Invalid(refusal.Cut(name), "%s excludes it", other.Name())
			}
			if !setField(at, field, values) {
				return refusal.Invalid(refusal.Cut(name), "%q cannot be read", refusal.Cut(strings.Join(values, " ")))
			}
		case field.Message() == nil || field.Cardinality() == protoreflect.Repeated:
			return refusal.Invalid(refusal.Cut(name), "%s has no fields", step)
		default:
			at = at.Mutable(field).Message()
		}
	}
	return nil
}

// chosen is the field that stands in field's place in a oneof, or nil.
func chosen(m protoreflect.Message, field protoreflect.FieldDescriptor) protoreflect.FieldDescriptor {
	choice := field.ContainingOneof()
	if choice == nil || m.Has(field) {
		return nil
	}
	return m.WhichOneof(choice)
}

// setField reads values as the field's JSON.
func setField(m protoreflect.Message, field protoreflect.FieldDescriptor, values []string) bool {
	var text string
	switch {
	case field.IsMap(), !field.IsList() && len(values) != 1, !utf8.ValidString(strings.Join(values, "")):
		return false
	case field.IsList():
		all := make([]string, len(values))
		for i, v := range values {
			all[i] = literal(field, v)
		}
		text = "[" + strings.Join(all, ",") + "]"
	default:
		text = literal(field, values[0])
	}
	one := m.New()
	if protojson.Unmarshal(fmt.Appendf(nil, "{%q:%s}", field.JSONName(), text), one.Interface()) != nil {
		return false
	}
	proto.Merge(m.Interface(), one.Interface())
	return true
}

// literal is a parameter as a JSON value of the field.
func literal(field protoreflect.FieldDescriptor, value string) string {
	bare := false // whether JSON has this kind without quotes
	switch field.Kind() {
	case protoreflect.BoolKind:
		bare = true
	case protoreflect.EnumKind:
		bare = strings.Trim(value, "-0123456789") == "" && value != ""
	case protoreflect.MessageKind:
		switch field.Message().FullName() {
		case "google.protobuf.BoolValue", "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue":
			bare = true
		case "google.protobuf.Empty":
			return "{}"
		case "google.protobuf.FieldMask":
			value = maskJSON(value)
		}
	}
	if bare && json.Valid([]byte(value)) {
		return value
	}
	quoted, _ := json.Marshal(value) // a string always has JSON
	return string(quoted)
}

// maskJSON writes the paths of a field mask as JSON has them: `display_name` is `displayName`.
func maskJSON(paths string) string {
	var b strings.Builder
	upper := false
	for _, r := range paths {
		if r == '_' {
			upper = true
			continue
		}
		if upper {
			b.WriteString(strings.ToUpper(string(r)))
		} else {
			b.WriteRune(r)
		}
		upper = false
	}
	return b.String()
}
