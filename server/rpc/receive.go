package rpc

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"routeguide/server/refusal"
	"routeguide/server/relay"
)

// wire is what gRPC's own streams can do but grpc.ServerStream does not offer: read a message's length before the message,
// which then need not come in before there is memory for it, and end a call that is blocked. The client may send no more
// of a message than its window until Read is called.
type wire interface {
	ReadMessageHeader(header []byte) error
	Read(bytes int) (mem.BufferSlice, error)
	RecvCompress() string
	WriteStatus(*status.Status) error
}

func wireOf(ctx context.Context) (wire, error) {
	w, ok := grpc.ServerTransportStreamFromContext(ctx).(wire)
	if !ok {
		return nil, errors.New("the streams of this version of gRPC do not offer what is needed")
	}
	return w, nil
}

// RecvMsg takes memory from the budget before it receives a message, and again before it decodes it. A message that is too
// long is refused with RESOURCE_EXHAUSTED, one that cannot be decoded with INVALID_ARGUMENT; gRPC alone says INTERNAL.
func (c *call) RecvMsg(m any) error {
	if c.oneRequest { // also a request that has not begun is waited for
		c.received.begin()
		defer c.received.end()
	}
	data, err := c.receive()
	if err != nil {
		return err
	}
	if relayed, ok := m.(*relay.Message); ok {
		relayed.Data = data
	} else if err := c.decode(data, m.(proto.Message)); err != nil {
		return err
	}
	if c.oneRequest {
		if err := c.wire.ReadMessageHeader(make([]byte, frameHeader)); err == nil {
			return status.Error(codes.InvalidArgument, "more than one request for a method that takes one")
		} else if !errors.Is(err, io.EOF) {
			return c.broken(err)
		}
	}
	return nil
}

const frameHeader = 5 // bytes before a message: is it compressed, and four of its length

// receive returns the next message, not compressed, or io.EOF when the client has half-closed.
func (c *call) receive() (mem.BufferSlice, error) {
	var header [frameHeader]byte
	if err := c.wire.ReadMessageHeader(header[:]); errors.Is(err, io.EOF) && c.oneRequest {
		return nil, status.Error(codes.InvalidArgument, "a request is required")
	} else if err != nil {
		return nil, c.broken(err)
	}
	if !c.oneRequest {
		c.received.begin()
		defer c.received.end()
	}
	length := int64(binary.BigEndian.Uint32(header[1:]))
	if length > int64(c.calls.Message) {
		return nil, c.tooLong(length)
	}
	if err := c.payBytes(length); err != nil {
		return nil, err
	}
	if err := c.share.set(c.ctx, length); err != nil {
		return nil, err
	}
	data, err := c.wire.Read(int(length))
	if err != nil {
		return nil, c.broken(err)
	}
	c.receivedBytes.Add(length)
	if header[0] == 0 {
		return data, nil
	}
	defer data.Free()
	return c.decompress(data)
}

func (c *call) tooLong(length int64) error {
	return status.Errorf(codes.ResourceExhausted, "a message of %d bytes; at most %d", length, c.calls.Message)
}

// mostInflated is how many times longer gzip's output can be than its input.
const mostInflated = 1032

var errNotGzip = status.Error(codes.InvalidArgument, "the message cannot be decompressed: it is not gzip")

func (c *call) decompress(data mem.BufferSlice) (mem.BufferSlice, error) {
	compressor := encoding.GetCompressor(c.wire.RecvCompress())
	if compressor == nil {
		return nil, status.Error(codes.Internal, "a compressed message in a call without grpc-encoding") // as gRPC's specification says
	}
	length, most := int64(data.Len()), int64(c.calls.Message)+1
	if err := c.share.set(c.ctx, length+min(most, mostInflated*length)); err != nil {
		return nil, err
	}
	in := data.Reader()
	defer in.Close()
	plain, err := compressor.Decompress(in)
	if err != nil {
		return nil, errNotGzip
	}
	if closer, ok := plain.(io.Closer); ok {
		defer closer.Close()
	}
	out, err := mem.ReadAll(io.LimitReader(plain, most), mem.DefaultBufferPool())
	if err != nil {
		out.Free()
		return nil, errNotGzip
	}
	if int64(out.Len()) == most {
		out.Free()
		return nil, status.Errorf(codes.ResourceExhausted, "a message of more than %d bytes once decompressed", c.calls.Message)
	}
	return out, c.share.set(c.ctx, int64(out.Len()))
}

// tellEncodings tells a client that compresses which encodings are taken here. gRPC does not.
func (c *call) tellEncodings() {
	if with := c.wire.RecvCompress(); with != "" && with != encoding.Identity {
		_ = grpc.SetHeader(c.ctx, metadata.Pairs("grpc-accept-encoding", gzip.Name)) // unless the handler has sent the headers
	}
}

// decode makes m of a message, and frees that.
func (c *call) decode(data mem.BufferSlice, m proto.Message) error {
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	data.Free()
	defer whole.Free()
	encoded := whole.ReadOnlyData()
	cost := int64(len(encoded))
	if most := cost * decodedMost; most > freeBytes {
		cost = decodedBytes(m.ProtoReflect().Descriptor(), encoded, c.calls.Budget.bytes)
		if err := c.share.set(c.ctx, int64(len(encoded))+cost); err != nil {
			return err
		}
	}
	if err := proto.Unmarshal(encoded, m); err != nil {
		if field := notUTF8(m.ProtoReflect().Descriptor(), encoded); field != "" {
			return refusal.Invalid(field, "is not UTF-8")
		}
		return status.Errorf(codes.InvalidArgument, "the message cannot be decoded: it is not a %s", m.ProtoReflect().Descriptor().FullName())
	}
	return c.share.set(c.ctx, cost)
}

// broken says why no more can be read.
func (c *call) broken(err error) error {
	switch _, ok := status.FromError(err); {
	case ok || errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return status.Error(codes.InvalidArgument, "the request ends in the middle of a message")
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	}
	return status.Error(codes.Unavailable, err.Error())
}
