package relay

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// A Message is an encoded message. SendMsg takes its data over: do not use them afterwards.
type Message struct {
	Data mem.BufferSlice
}

// Codec sends and receives a *Message as it is, without a copy. The other side sees ordinary protobuf.
type Codec struct{}

var _ encoding.CodecV2 = Codec{}

// Marshal hands the data of v, a *Message, over to gRPC.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*Message)
	if !ok {
		return nil, fmt.Errorf("relay: cannot send a %T", v)
	}
	return m.Data, nil
}

// Unmarshal hands data over to v, a *Message.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*Message)
	if !ok {
		return fmt.Errorf("relay: cannot receive a %T", v)
	}
	data.Ref()
	m.Data = data
	return nil
}

// Name is the content subtype: what is carried is protobuf.
func (Codec) Name() string { return "proto" }
