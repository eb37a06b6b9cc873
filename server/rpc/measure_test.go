package rpc

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/proto/tutorial/gcn"
	"routeguide/proto/tutorial/myservice"
)

// What messages take when decoded is at most what is taken from the budget for them, and not many times less.
func TestDecodedBytesAreEnough(t *testing.T) {
	packed := protowire.AppendTag(nil, 1, protowire.BytesType)
	packed = protowire.AppendBytes(packed, make([]byte, 1<<20))
	for name, test := range map[string]struct {
		message proto.Message
		encoded []byte
	}{
		"empty nodes":  {new(gcnpb.GraphData), []byte(strings.Repeat("\x0a\x00", 1<<20))},
		"empty edges":  {new(gcnpb.GraphData), []byte(strings.Repeat("\x12\x00", 1<<20))},
		"named nodes":  {new(gcnpb.GraphData), []byte(strings.Repeat("\x0a\x07\x0a\x05abcde", 200_000))},
		"edges":        {new(gcnpb.GraphData), []byte(strings.Repeat("\x12\x06\x0a\x01a\x12\x01b", 200_000))},
		"packed zeros": {new(myservicepb.UserReq), packed},
		"unknown":      {new(routeguidev1.ListNotesRequest), []byte(strings.Repeat("\x78\x01", 1<<20))},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			if err := proto.Unmarshal(test.encoded, test.message); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			took, most := int64(after.HeapAlloc)-int64(before.HeapAlloc), decodedBytes(test.message.ProtoReflect().Descriptor(), test.encoded, math.MaxInt64)
			if took > most || most > decodedMost*int64(len(test.encoded))+messageBytes {
				t.Errorf("%d bytes take %d, which were thought to be at most %d", len(test.encoded), took, most)
			}
			runtime.KeepAlive(test.message)
		})
	}
}
