package rpc

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	messageBytes = 144                // that a message takes when decoded, besides what is in its fields: at most
	fieldBytes   = 16                 // that a field or an element of a list takes besides its value: at most
	numberBytes  = 8                  // that a byte of packed numbers becomes: at most
	decodedMost  = messageBytes/2 + 1 // times its encoded form that a message can be: an empty one inside takes two bytes
)

// decodedBytes returns how much memory a message takes when it is decoded, or somewhat more; where that is more than most,
// any number that is. It reads the encoded form only. None of the messages served nests in itself.
func decodedBytes(d protoreflect.MessageDescriptor, encoded []byte, most int64) int64 {
	bytes := int64(messageBytes)
	eachField(d, encoded, func(f protoreflect.FieldDescriptor, kind protowire.Type, value []byte) bool {
		switch {
		case f == nil || kind != protowire.BytesType || f.Kind() == protoreflect.StringKind || f.Kind() == protoreflect.BytesKind:
			bytes += fieldBytes + int64(len(value))
		case f.Message() != nil:
			bytes += decodedBytes(f.Message(), value, most-bytes)
		default:
			bytes += fieldBytes + numberBytes*int64(len(value))
		}
		return bytes <= most
	})
	return bytes
}

// notUTF8 returns the path of the first string field of an encoded message that is not UTF-8, or "".
func notUTF8(d protoreflect.MessageDescriptor, encoded []byte) (path string) {
	eachField(d, encoded, func(f protoreflect.FieldDescriptor, kind protowire.Type, value []byte) bool {
		switch {
		case f == nil || kind != protowire.BytesType:
		case f.Kind() == protoreflect.StringKind && !utf8.Valid(value):
			path = string(f.Name())
		case f.Message() != nil:
			if inner := notUTF8(f.Message(), value); inner != "" {
				path = string(f.Name()) + "." + inner
			}
		}
		return path == ""
	})
	return path
}

// eachField calls do for the fields of an encoded message until it returns false or the message cannot be read. The value
// of a length-delimited field is without its length; f is nil for a field that the descriptor does not have.
func eachField(d protoreflect.MessageDescriptor, encoded []byte, do func(f protoreflect.FieldDescriptor, kind protowire.Type, value []byte) bool) {
	for len(encoded) > 0 {
		number, kind, n := protowire.ConsumeTag(encoded)
		if n < 0 {
			return
		}
		size := protowire.ConsumeFieldValue(number, kind, encoded[n:])
		if size < 0 {
			return
		}
		value := encoded[n : n+size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if !do(d.Fields().ByNumber(number), kind, value) {
			return
		}
		encoded = encoded[n+size:]
	}
}
