package rest

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/routeguide"
)

var toJSON = protojson.MarshalOptions{EmitUnpopulated: true}

// marshaler writes messages as JSON, those of a stream one a line.
type marshaler struct{}

var _ runtime.Delimited = marshaler{}

// ContentType is that of a single message or an error.
func (marshaler) ContentType(any) string { return mimeJSON }

// StreamContentType is that of a stream of lines.
func (marshaler) StreamContentType(any) string { return mimeLines }

// Delimiter ends a line.
func (marshaler) Delimiter() []byte { return []byte("\n") }

// Marshal encodes a message, or one of a stream in its envelope.
func (marshaler) Marshal(v any) ([]byte, error) { return appendJSON(nil, v) }

func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case proto.Message:
		return toJSON.MarshalAppend(b, v)
	case map[string]any: // how the gateway wraps a message of a stream
		if m, ok := v["result"].(proto.Message); ok {
			return appendEnvelope(b, `{"result":`, m)
		}
	case map[string]proto.Message: // and the error that ends it
		return appendEnvelope(b, `{"error":`, v["error"])
	}
	return nil, fmt.Errorf("rest: no JSON for a %T", v)
}

func appendEnvelope(b []byte, open string, m proto.Message) ([]byte, error) {
	if b == nil {
		b = make([]byte, 0, 192)
	}
	b = append(b, open...)
	if f, ok := m.(*routeguidepb.Feature); ok && f.Location != nil {
		return append(appendFeature(b, f), '}'), nil
	}
	b, err := toJSON.MarshalAppend(b, m)
	return append(b, '}'), err
}

// appendFeature is what toJSON does, ten times as fast, for the one message that goes out by the million.
func appendFeature(b []byte, f *routeguidepb.Feature) []byte {
	b = appendString(append(b, `{"name":`...), f.Name)
	b = strconv.AppendInt(append(b, `,"location":{"latitude":`...), int64(f.Location.Latitude), 10)
	b = strconv.AppendInt(append(b, `,"longitude":`...), int64(f.Location.Longitude), 10)
	return append(b, "}}"...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always has JSON
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Unmarshal decodes one message. A field it does not know is an error.
func (marshaler) Unmarshal(data []byte, v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("rest: no %T from JSON", v)
	}
	return protojson.Unmarshal(data, m)
}

// NewEncoder serves the gateway's interface.
func (m marshaler) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(v any) error {
		b, err := m.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
}

// NewDecoder reads a request: one JSON value, or a sequence of them, normally one a line.
func (marshaler) NewDecoder(r io.Reader) runtime.Decoder {
	in := r.(*request) // as the door made it
	if in.upload != messages {
		return &uploadDecoder{request: in, buffer: make([]byte, uploadBytes)}
	}
	d := newDecoder(in, in)
	in.lines = d.in
	return d
}

// eventMarshaler writes a stream as server-sent events.
type eventMarshaler struct{ marshaler }

// StreamContentType is that of an event stream.
func (eventMarshaler) StreamContentType(any) string { return mimeEvents }

// Delimiter ends an event.
func (eventMarshaler) Delimiter() []byte { return []byte("\n\n") }

// Marshal encodes a single message as JSON and one of a stream as an event, whose id is the cursor to go on from.
func (eventMarshaler) Marshal(v any) ([]byte, error) {
	if _, ok := v.(proto.Message); ok {
		return appendJSON(nil, v)
	}
	var b []byte
	if results, ok := v.(map[string]any); ok {
		if m, ok := results["result"].(interface{ GetCursor() string }); ok && m.GetCursor() != "" {
			b = append(b, "id: "+m.GetCursor()+"\n"...)
		}
	}
	return appendJSON(append(b, "data: "...), v)
}
