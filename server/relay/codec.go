package relay

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Message is one message in its encoded form. Whoever hands it to SendMsg gives its data away.
type Message struct {
	Data mem.BufferSlice
}

// Codec carries a *Message as the bytes it is, without a copy. The far side sees ordinary protobuf.
type Codec struct{}

var _ encoding.CodecV2 = Codec{}

// Marshal gives the data of v, a *Message, to gRPC.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*Message)
	if !ok {
		return nil, fmt.Errorf("relay: cannot send a %T", v)
	}
	return m.Data, nil
}

// Unmarshal makes v, a *Message, the owner of data.
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
