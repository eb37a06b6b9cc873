package edge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
	"routeguide/server/relay"
)

// FuzzCallHeader checks that what is taken could be sent on.
func FuzzCallHeader(f *testing.F) {
	for _, s := range []string{
		"content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ntraveler: Ada\r\n",
		"Content-Type:application/grpc-web\ngrpc-timeout: 10S\n\n",
		"content-type: application/grpc-web; charset=x\r\nseen-bin: AP8, AAA=\r\n",
		"grpc-timeout: 99999999H\r\ncontent-type: application/grpc-web+proto",
		"\x00", ":", "a:b:c", "content-type: text/plain\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseCallHeader(text)
		if err != nil {
			return
		}
		if h.timeout < 0 {
			t.Errorf("timeout %v", h.timeout)
		}
		for name, values := range h.metadata {
			if !isMetadataName(name) || isTransportName(name) {
				t.Errorf("name %q", name)
			}
			for _, v := range values {
				if !strings.HasSuffix(name, "-bin") && !printable(v) {
					t.Errorf("%s: %q", name, v)
				}
			}
		}
		again, err := parseCallHeader("content-type: application/grpc-web\r\n" + string(appendLines(nil, h.metadata)))
		if err != nil {
			t.Fatalf("its own lines: %v", err)
		}
		for name, values := range h.metadata {
			if !slices.Equal(again.metadata[name], values) {
				t.Errorf("%s is %q, then %q", name, values, again.metadata[name])
			}
		}
	})
}

// FuzzFrames checks that the messages read are those in the bytes, and that reading ends.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 9, 1})
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add([]byte{0x80, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 10
		s := &socket{frames: bufio.NewReaderSize(bytes.NewReader(data), 16), limits: Limits{Message: limit}}
		var taken []byte
		for {
			var m relay.Message
			err := s.RecvMsg(&m)
			if err != nil {
				var refused *refusal
				if err != io.EOF && !errors.As(err, &refused) {
					t.Errorf("error %v", err)
				}
				if err == io.EOF && len(taken) != len(data) {
					t.Errorf("half-closed after %d of %d bytes", len(taken), len(data))
				}
				break
			}
			message := m.Data.Materialize()
			if len(message) > limit {
				t.Fatalf("a message of %d bytes", len(message))
			}
			taken = append(append(taken, frameStart(0, len(message))...), message...)
			m.Data.Free()
		}
		if !bytes.HasPrefix(data, taken) {
			t.Errorf("messages %x out of %x", taken, data)
		}
	})
}

// FuzzLines checks that a request of JSON values is read to its end or refused with a line it has.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"{\"message\":\"one\"}\n{\"message\":\"two\"}\n", "{}{}{}", "{\n}\n\n\n[", "null", "{\"location\":{\"latitude\":\"1\"}}",
		"{\"message\":\"\xff\"}", strings.Repeat(" ", 300), "{\"a\":", "\ufeff{}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithCancelCause(t.Context())
		call := &restCall{limit: 200, cancel: cancel, cause: func() error { return context.Cause(ctx) }}
		d := newDecoder(strings.NewReader(text), call)
		var err error
		for n := 0; err == nil; n++ {
			if n > len(text) {
				t.Fatal("it does not end")
			}
			var m routeguidepb.RouteNote
			if err = d.Decode(&m); err == nil && proto.Size(&m) > 200 {
				t.Errorf("a message of %d bytes", proto.Size(&m))
			}
		}
		if err == io.EOF {
			if call.problem() != nil || ctx.Err() != nil {
				t.Errorf("it ended well and badly: %v", call.problem())
			}
			return
		}
		st := streamError(context.WithValue(ctx, callKey{}, call), errors.New("cancelled"))
		if code := st.Code(); code != codes.InvalidArgument && code != codes.ResourceExhausted {
			t.Errorf("error %v", st)
		}
		if line := d.in.line(d.in.offset); line > strings.Count(text, "\n")+1 || !strings.Contains(st.Message(), "line ") {
			t.Errorf("line %d: %v", line, st)
		}
		if context.Cause(ctx) == nil || status.Code(err) == codes.OK {
			t.Errorf("the call goes on after %v", err)
		}
	})
}

// FuzzFeatureJSON compares the short way from a feature to JSON with the long one.
func FuzzFeatureJSON(f *testing.F) {
	f.Add("Patriots Path, Mendham, NJ 07945, USA", int32(407838351), int32(-746143763))
	f.Add("\"\\\u2028</script>\x00é", int32(0), int32(-1<<31))
	f.Fuzz(func(t *testing.T, name string, latitude, longitude int32) {
		name = strings.ToValidUTF8(name, "?")
		want := &routeguidepb.Feature{Name: name, Location: &routeguidepb.Point{Latitude: latitude, Longitude: longitude}}
		var got routeguidepb.Feature
		if err := protojson.Unmarshal(appendFeature(nil, want), &got); err != nil || !proto.Equal(&got, want) {
			t.Errorf("%v became %v, %v", want, &got, err)
		}
	})
}
