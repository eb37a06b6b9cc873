// Package relay copies a gRPC call from wherever it comes in to a client connection, without decoding a message.
//
// A call is three steps: Open starts it, Requests copies what the caller sends, Responses what the server answers. The two
// copies run at the same time and each waits for its slower side, so back-pressure reaches from one end to the other.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Source is where requests come from; a grpc.ServerStream with Codec is one. RecvMsg fills a *Message and returns io.EOF
// once the caller has half-closed.
type Source interface {
	RecvMsg(m any) error
}

// Sink is where answers go; a grpc.ServerStream with Codec is one. SendMsg takes over a *Message.
type Sink interface {
	SendHeader(metadata.MD) error
	SendMsg(m any) error
	SetTrailer(metadata.MD)
}

// Open starts a call of method, "/package.Service/Method", with the outgoing metadata and the deadline of ctx. The call
// lives until Responses returns or ctx ends, whichever is first; ctx must end.
func Open(ctx context.Context, conn grpc.ClientConnInterface, method string) (grpc.ClientStream, error) {
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	return conn.NewStream(ctx, desc, method, grpc.ForceCodecV2(Codec{}))
}

// ErrOver says that a call ended before its requests did. Responses knows how.
var ErrOver = errors.New("relay: the call is over")

// Requests copies messages until the source half-closes, and passes that on. It returns the error of a source that fails
// or panics, or ErrOver.
func Requests(call grpc.ClientStream, from Source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("relay: panic: %v\n%s", p, debug.Stack())
		}
	}()
	for {
		var m Message
		if err := from.RecvMsg(&m); errors.Is(err, io.EOF) {
			return call.CloseSend()
		} else if err != nil {
			return err
		}
		if err := call.SendMsg(&m); err != nil {
			return ErrOver
		}
	}
}

// statusDetails is trailer metadata that the status is made of. Whoever sends the status makes it anew.
const statusDetails = "grpc-status-details-bin"

// Responses copies header metadata, messages and trailer metadata. It returns the call's status as an error with all its
// details, nil for OK, or the error of a sink that failed.
func Responses(to Sink, call grpc.ClientStream) error {
	header, err := call.Header()
	if err != nil {
		return err
	}
	if header != nil { // nil: the call ended without any
		if err := to.SendHeader(header); err != nil {
			return err
		}
	}
	for {
		var m Message
		if err := call.RecvMsg(&m); err != nil {
			trailer := call.Trailer()
			delete(trailer, statusDetails)
			to.SetTrailer(trailer)
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := to.SendMsg(&m); err != nil {
			return err
		}
	}
}
