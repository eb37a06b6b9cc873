package rpc

import (
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

// codec is gRPC's own for protocol buffers, which also sends messages that are encoded already, and receives and sends
// those of relay as they are.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(protocodec.Name)} }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *encoded:
		return mem.BufferSlice{mem.SliceBuffer(m.bytes)}, nil
	case *relay.Message:
		return relay.Codec{}.Marshal(m)
	}
	return c.CodecV2.Marshal(v)
}

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(*relay.Message); ok {
		return relay.Codec{}.Unmarshal(data, m)
	}
	return c.CodecV2.Unmarshal(data, v)
}

// An encoded message is sent as it is.
type encoded struct{ bytes []byte }

// decode makes m of a message, and frees that.
func decode(data mem.BufferSlice, m any) error {
	defer data.Free()
	err := newCodec().CodecV2.Unmarshal(data, m)
	if err == nil {
		return nil
	}
	if m, ok := m.(proto.Message); ok {
		if field := notUTF8(m.ProtoReflect().Descriptor(), data.Materialize()); field != "" {
			return invalid(field, "is not UTF-8")
		}
	}
	return status.Errorf(codes.InvalidArgument, "the message cannot be decoded: %v", err)
}

// notUTF8 returns the name of the first string field of an encoded message that is not UTF-8, or "". None of the messages
// served nests in itself.
func notUTF8(d protoreflect.MessageDescriptor, data []byte) string {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return ""
		}
		size := protowire.ConsumeFieldValue(number, kind, data[n:])
		if size < 0 {
			return ""
		}
		f := d.Fields().ByNumber(number)
		if f != nil && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(data[n:])
			switch {
			case f.Kind() == protoreflect.StringKind && !utf8.Valid(value):
				return string(f.Name())
			case f.Kind() == protoreflect.MessageKind:
				if inner := notUTF8(f.Message(), value); inner != "" {
					return string(f.Name()) + "." + inner
				}
			}
		}
		data = data[n+size:]
	}
	return ""
}

// A featureEncoder makes routeguide.Feature messages, many in one piece of memory. What it returned is never written again,
// since gRPC may still have to send it.
type featureEncoder struct{ free []byte }

const (
	firstPiece = 1 << 10
	mostPiece  = 64 << 10
)

func (e *featureEncoder) encode(f feature.Feature) []byte {
	location := pointSize(f.Location)
	size := 1 + protowire.SizeBytes(location)
	if f.Name != "" {
		size += 1 + protowire.SizeBytes(len(f.Name))
	}
	if cap(e.free)-len(e.free) < size {
		e.free = make([]byte, 0, max(size, min(max(firstPiece, 2*cap(e.free)), mostPiece)))
	}
	start := len(e.free)
	b := e.free
	if f.Name != "" {
		b = protowire.AppendTag(b, 1, protowire.BytesType)
		b = protowire.AppendString(b, f.Name)
	}
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(location))
	b = appendCoordinate(b, 1, f.Location.Lat)
	b = appendCoordinate(b, 2, f.Location.Lng)
	e.free = b
	return b[start:len(b):len(b)]
}

func pointSize(p geo.Point) int { return coordinateSize(p.Lat) + coordinateSize(p.Lng) }

func coordinateSize(v int32) int {
	if v == 0 {
		return 0
	}
	return 1 + protowire.SizeVarint(uint64(v))
}

func appendCoordinate(b []byte, field protowire.Number, v int32) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}
