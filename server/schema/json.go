package schema

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// object is a JSON object.
type object = map[string]any

// Definitions say what messages look like as JSON, as JSON Schema of 2020-12 does (https://json-schema.org/draft/2020-12) and
// protobuf's mapping (https://protobuf.dev/programming-guides/json) wants it. Messages refer to each other by name.
type Definitions struct {
	prefix string // of a reference: "#/$defs/"
	all    map[string]any
}

// NewDefinitions has no definition yet. A reference is the prefix and a message's full name.
func NewDefinitions(prefix string) *Definitions {
	return &Definitions{prefix: prefix, all: make(map[string]any)}
}

// All are the definitions of the messages and enums that were referred to, by full name.
func (d *Definitions) All() map[string]any { return d.all }

// Message returns a schema for a message: what its JSON is where protobuf has a special form, else a reference.
func (d *Definitions) Message(m protoreflect.MessageDescriptor) object {
	if special := special(m.FullName()); special != nil {
		return special
	}
	return d.refer(m, func() object { return d.Inline(m) })
}

// Inline returns a schema for a message itself: an object that has the message's fields as "properties".
func (d *Definitions) Inline(m protoreflect.MessageDescriptor) object {
	members := object{}
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		members[field.JSONName()] = described(field, d.Field(field))
	}
	return object{"type": "object", "properties": members, "additionalProperties": false}
}

// refer defines what a descriptor stands for, if it is not defined yet.
func (d *Definitions) refer(of protoreflect.Descriptor, define func() object) object {
	name := string(of.FullName())
	if _, ok := d.all[name]; !ok {
		d.all[name] = nil // it may refer to itself
		d.all[name] = described(of, define())
	}
	return object{"$ref": d.prefix + name}
}

// Field returns a schema for a field's value.
func (d *Definitions) Field(f protoreflect.FieldDescriptor) object {
	switch {
	case f.IsMap():
		return object{"type": "object", "additionalProperties": d.single(f.MapValue())}
	case f.IsList():
		return object{"type": "array", "items": d.single(f)}
	}
	return d.single(f)
}

func (d *Definitions) single(f protoreflect.FieldDescriptor) object {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return d.Message(f.Message())
	case protoreflect.EnumKind:
		if f.Enum().FullName() == "google.protobuf.NullValue" {
			return object{"type": "null"}
		}
		return d.refer(f.Enum(), func() object { return enumerated(f.Enum()) })
	}
	return scalar(f.Kind())
}

func enumerated(e protoreflect.EnumDescriptor) object {
	var names []any
	for i := range e.Values().Len() {
		names = append(names, string(e.Values().Get(i).Name()))
	}
	return object{"type": "string", "enum": names}
}

func scalar(kind protoreflect.Kind) object {
	switch kind {
	case protoreflect.BoolKind:
		return object{"type": "boolean"}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return object{"type": "integer", "format": "int32", "minimum": -1 << 31, "maximum": 1<<31 - 1}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return object{"type": "integer", "format": "uint32", "minimum": 0, "maximum": 1<<32 - 1}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return object{"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return object{"type": "string", "format": "uint64", "pattern": "^[0-9]+$"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return object{"anyOf": []any{object{"type": "number"}, object{"enum": []any{"NaN", "Infinity", "-Infinity"}}}}
	case protoreflect.BytesKind:
		return object{"type": "string", "contentEncoding": "base64"}
	}
	return object{"type": "string"}
}

// special is the JSON of a message that protobuf writes in a form of its own, or nil.
func special(name protoreflect.FullName) object {
	short, google := strings.CutPrefix(string(name), "google.protobuf.")
	if !google {
		return nil
	}
	switch short {
	case "Timestamp":
		return object{"type": "string", "format": "date-time"}
	case "Duration":
		return object{"type": "string", "pattern": `^-?[0-9]+(\.[0-9]{1,9})?s$`}
	case "FieldMask":
		return object{"type": "string", "description": "Names of fields, with commas between."}
	case "Any":
		return object{"type": "object", "properties": object{"@type": object{"type": "string"}}, "required": []any{"@type"}}
	case "Struct":
		return object{"type": "object"}
	case "Value":
		return object{}
	case "ListValue":
		return object{"type": "array"}
	case "Empty":
		return object{"type": "object", "additionalProperties": false}
	}
	kinds := map[string]protoreflect.Kind{
		"BoolValue": protoreflect.BoolKind, "StringValue": protoreflect.StringKind, "BytesValue": protoreflect.BytesKind,
		"Int32Value": protoreflect.Int32Kind, "Int64Value": protoreflect.Int64Kind, "UInt32Value": protoreflect.Uint32Kind,
		"UInt64Value": protoreflect.Uint64Kind, "FloatValue": protoreflect.FloatKind, "DoubleValue": protoreflect.DoubleKind,
	}
	if kind, ok := kinds[short]; ok {
		return object{"anyOf": []any{scalar(kind), object{"type": "null"}}}
	}
	return nil
}

// described adds what the contract says of a descriptor.
func described(of protoreflect.Descriptor, schema object) object {
	if text := Comment(of); text != "" {
		schema["description"] = text
	}
	return schema
}

// Comment is what the contract says of a descriptor, or "" where the server did not send it.
func Comment(of protoreflect.Descriptor) string {
	location := of.ParentFile().SourceLocations().ByDescriptor(of)
	text := location.LeadingComments
	if text == "" {
		text = location.TrailingComments
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, " ")
	}
	return strings.Join(lines, "\n")
}
