package schema

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Types finds messages for JSON: those that this program knows itself, and those of a schema.
type Types struct{ described *dynamicpb.Types }

// FindMessageByName finds a message by its full name.
func (t *Types) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if known, err := protoregistry.GlobalTypes.FindMessageByName(name); err == nil {
		return known, nil
	}
	return t.described.FindMessageByName(name)
}

// FindMessageByURL finds the message of an Any.
func (t *Types) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if known, err := protoregistry.GlobalTypes.FindMessageByURL(url); err == nil {
		return known, nil
	}
	return t.described.FindMessageByURL(url)
}

// FindExtensionByName finds an extension by its full name.
func (t *Types) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return t.described.FindExtensionByName(name)
}

// FindExtensionByNumber finds an extension of a message.
func (t *Types) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return t.described.FindExtensionByNumber(message, number)
}
