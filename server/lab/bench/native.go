package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	"routeguide/server/relay"
)

// dial makes a connection whose messages are of type relay.Message, so that no time goes into decoding them.
func dial(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient(addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1, MaxDelay: 50 * time.Millisecond}, MinConnectTimeout: time.Second}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(relay.Codec{})),
	)
}

func raw(b []byte) *relay.Message { return &relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(b)}} }

// native calls over gRPC.
type native struct {
	conn *grpc.ClientConn
	work work
	turn int
}

func throughNative(w work) door {
	return func(l line) caller { return (&native{conn: l.grpc, work: w}).call }
}

func (n *native) call(ctx context.Context) error {
	n.turn++
	request := raw(n.work.request(n.turn))
	if !n.work.stream {
		var reply relay.Message
		if err := n.conn.Invoke(ctx, n.work.method, request, &reply); err != nil {
			return err
		}
		reply.Data.Free()
		return nil
	}
	stream, err := n.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, n.work.method)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(request); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	count := 0
	for ; ; count++ {
		if err := skip(stream); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	return n.work.check(count)
}

// skip receives a message and forgets it.
func skip(stream grpc.ClientStream) error {
	var m relay.Message
	err := stream.RecvMsg(&m)
	m.Data.Free()
	return err
}

// check compares the number of messages that a call was answered with.
func (w work) check(messages int) error {
	if messages != w.answers {
		return fmt.Errorf("%w: %d messages instead of %d", errAnswer, messages, w.answers)
	}
	return nil
}
