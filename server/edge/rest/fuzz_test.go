package rest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
	"routeguide/server/edge/exchange"
)

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
		in := &request{
			limit: 200, calls: exchange.NewCalls(context.Background(), exchange.Limits{}, nil), cancel: cancel,
			cause: func() error { return context.Cause(ctx) }, acquire: func(int) error { return nil },
		}
		d := newDecoder(strings.NewReader(text), in)
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
			if in.problem() != nil || ctx.Err() != nil {
				t.Errorf("it ended well and badly: %v", in.problem())
			}
			return
		}
		st := streamError(context.WithValue(ctx, requestKey{}, in), errors.New("cancelled"))
		if code := st.Code(); code != codes.InvalidArgument && code != codes.ResourceExhausted {
			t.Errorf("error %v", st)
		}
		if line := d.in.Last(); line > strings.Count(text, "\n")+1 || !strings.Contains(st.Message(), "line ") {
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
