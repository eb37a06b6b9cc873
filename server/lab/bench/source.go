package main

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"routeguide/server/relay"
)

// The source answers a call with as many messages as its request says, and does nothing else. In Go it is the hardest
// upstream to be compared with: a relayed call is the work of two such servers and of one more client. In Python it is more
// like what upstreams are.
const (
	sourceService = "bench.Source"
	sourceBytes   = 64 // of a message, about a feature's
)

type language string

const (
	inGo     language = "Go"
	inPython language = "Python"
)

//go:embed source.py
var sourceInPython string

// fromSource asks the source for so many answers; for one as a unary call.
func fromSource(answers int) work {
	request := make([]byte, sourceBytes)
	binary.BigEndian.PutUint32(request, uint32(answers))
	return work{method: "/" + sourceService + "/Take", stream: answers > 1, messages: [][]byte{request}, answers: answers}
}

// serveSource serves the source in Go on a free port until ctx ends.
func serveSource(ctx context.Context, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer(grpc.ForceServerCodecV2(relay.Codec{}), grpc.UnknownServiceHandler(answerFromSource))
	defer context.AfterFunc(ctx, s.Stop)()
	fmt.Fprintf(out, "msg=\"grpc listening\" addr=%s\n", l.Addr())
	return s.Serve(l)
}

func answerFromSource(_ any, stream grpc.ServerStream) error {
	var request relay.Message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	defer request.Data.Free()
	data := request.Data.Materialize()
	if len(data) != sourceBytes {
		return status.Error(codes.InvalidArgument, "a request has another size")
	}
	for range binary.BigEndian.Uint32(data) {
		if err := stream.SendMsg(&relay.Message{Data: mem.BufferSlice{mem.SliceBuffer(data)}}); err != nil {
			return err
		}
	}
	return nil
}
