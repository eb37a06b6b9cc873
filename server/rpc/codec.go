package rpc

import (
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

// codec is gRPC's own for protocol buffers, which also sends what is encoded already. What is received, call decodes.
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

// An encoded message is sent as it is.
type encoded struct{ bytes []byte }

// encodedSize is how many bytes an answer has when it is sent.
func encodedSize(answer any) int {
	switch m := answer.(type) {
	case *encoded:
		return len(m.bytes)
	case *relay.Message:
		return m.Data.Len()
	case proto.Message:
		return proto.Size(m)
	}
	return 0
}

// borrow returns an answer in its encoded form, in memory that is given back when gRPC frees it.
func borrow(answer any, memory *loan) (*relay.Message, error) {
	var bytes []byte
	switch m := answer.(type) {
	case *encoded:
		bytes = m.bytes
	case *relay.Message:
		bytes = m.Data.Materialize()
		m.Data.Free()
	case proto.Message:
		var err error
		if bytes, err = proto.Marshal(m); err != nil {
			memory.pay()
			return nil, err
		}
	}
	return &relay.Message{Data: mem.BufferSlice{mem.NewBuffer(&bytes, memory)}}, nil
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
