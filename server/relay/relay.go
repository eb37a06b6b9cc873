// Package relay passes a gRPC call on to another server, without decoding its messages.
//
// Open starts the call, Requests copies what the caller sends, Responses what the server answers. Requests and Responses run
// at the same time. Each holds one message: it takes the next when its slower side has taken the last.
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

// A Source is where requests come from, such as a grpc.ServerStream with Codec. RecvMsg fills a *Message, and returns io.EOF
// when the caller has half-closed.
type Source interface {
	RecvMsg(m any) error
}

// A Sink is where answers go, such as a grpc.ServerStream with Codec. SendMsg takes a *Message over.
type Sink interface {
	SendHeader(metadata.MD) error
	SendMsg(m any) error
	SetTrailer(metadata.MD)
}

// Open starts a call of method, "/package.Service/Method", with the outgoing metadata and the deadline of ctx. Whoever opens
// a call cancels ctx in the end, also when Responses has returned.
func Open(ctx context.Context, conn grpc.ClientConnInterface, method string) (grpc.ClientStream, error) {
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	return conn.NewStream(ctx, desc, method, grpc.ForceCodecV2(Codec{}))
}

// ErrOver is returned by Requests when the call ended before its requests did. Responses says how it ended.
var ErrOver = errors.New("relay: the call is over")

// Requests copies messages until the source half-closes, then half-closes the call. It returns the error of a source that
// failed, a panic of the source as an error, or ErrOver.
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

// statusDetails is metadata of the trailer that is part of the status already: gRPC makes it anew from that.
const statusDetails = "grpc-status-details-bin"

// Responses copies the header metadata, the messages and the trailer metadata. It returns how the call ended, as a status
// error with all its details, or nil for OK; or the error of a sink that failed.
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
