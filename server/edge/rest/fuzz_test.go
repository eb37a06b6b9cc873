package rest

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
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

// FuzzUpload checks that a body of JSON that may be a file is passed on as the file it is, byte for byte and however it comes
// in, unless it begins as messages do.
func FuzzUpload(f *testing.F) {
	for _, s := range []string{"", " ", "{", `{"type":"FeatureCollection"}`, "[\n{}]", `{ "data":"aGVsbG8="}`, "{\n\n\"data\"", `{"dat`, `{"data1":1}`, strings.Repeat("\n", 1000) + `{"data":""}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, isFile := uploaded(t, strings.NewReader(text))
		again, isFileAgain := uploaded(t, iotest.OneByteReader(strings.NewReader(text)))
		if isFile != isFileAgain || isFile && (file != text || again != text) {
			t.Errorf("%q became %v %q, byte by byte %v %q", text, isFile, file, isFileAgain, again)
		}
		if isMessages := regexp.MustCompile(`^\s*\{\s*"data"`).MatchString(text); isFile == isMessages && len(text) < clearBytes {
			t.Errorf("%q is a file: %v", text, isFile)
		}
	})
}

// uploaded is what a body of application/json is taken for.
func uploaded(t *testing.T, in io.Reader) (text string, isFile bool) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	calls := exchange.NewCalls(context.Background(), exchange.Limits{}, nil)
	r := &request{
		limit: 1 << 20, stream: true, upload: unclear, calls: calls, cancel: cancel,
		cause: func() error { return context.Cause(ctx) }, acquire: func(int) error { return nil },
	}
	r.body = exchange.NewBody(httptest.NewRecorder(), httptest.NewRequest("POST", "/v1/routes:import", in), calls.Limits, r.fail)
	defer r.body.Close()
	d := marshaler{}.NewDecoder(r)
	for {
		var m routeguidev1.ImportRoutesRequest
		err := d.Decode(&m)
		if r.upload == messages {
			return "", false
		}
		if err == io.EOF {
			return text, true
		} else if err != nil {
			t.Fatal(err)
		}
		text += string(m.Data)
	}
}
