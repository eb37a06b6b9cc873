package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"routeguide/server/refusal"
	"routeguide/server/schema"
)

// register has the mux answer for every method of a schema, by the ways that its contract names and by POST to its gRPC path.
// A way that cannot be followed is left out and said in the log.
func (d *door) register(mux *runtime.ServeMux, s *schema.Schema) {
	for _, service := range s.Services {
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			for _, b := range schema.Bindings(m) {
				w, err := newWay(d.conn, mux, m, b)
				if err == nil {
					for _, verb := range verbs(b.Verb) {
						err = errors.Join(err, mux.HandlePath(verb, b.Path, w.serve))
					}
				}
				if err != nil {
					d.log.Warn("a method is not at a REST path", "server", s.Name, "method", schema.Path(m), "path", b.Path, "err", err)
				}
			}
		}
	}
}

// verbs are what a binding's verb stands for: "*" for each.
func verbs(verb string) []string {
	if verb != "*" {
		return []string{verb}
	}
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// A way calls one method by one binding, as the gateway's generated code does for the methods that it knows.
type way struct {
	conn     grpc.ClientConnInterface
	mux      *runtime.ServeMux
	method   protoreflect.MethodDescriptor
	binding  schema.Binding
	body     protoreflect.FieldDescriptor // the field of the request that the body is, if it is one
	answer   protoreflect.FieldDescriptor // the field of the answer that is sent, if it is one
	in, out  protoreflect.MessageType
	streamed grpc.StreamDesc
}

func newWay(conn grpc.ClientConnInterface, mux *runtime.ServeMux, m protoreflect.MethodDescriptor, b schema.Binding) (*way, error) {
	w := &way{
		conn: conn, mux: mux, method: m, binding: b,
		in: dynamicpb.NewMessageType(m.Input()), out: dynamicpb.NewMessageType(m.Output()),
		streamed: grpc.StreamDesc{ServerStreams: m.IsStreamingServer(), ClientStreams: m.IsStreamingClient()},
	}
	if b.Body != "" && b.Body != "*" {
		if w.body = m.Input().Fields().ByName(protoreflect.Name(b.Body)); w.body == nil || m.IsStreamingClient() {
			return nil, errors.New("its body is no field of the request")
		}
	}
	if b.ResponseBody != "" {
		if w.answer = m.Output().Fields().ByName(protoreflect.Name(b.ResponseBody)); w.answer == nil {
			return nil, errors.New("its response_body is no field of the answer")
		}
	}
	return w, nil
}

func (w *way) serve(res http.ResponseWriter, r *http.Request, parameters map[string]string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	inbound, outbound := runtime.MarshalerForRequest(w.mux, r)
	requestOf(ctx).method = w.method
	ctx, err := runtime.AnnotateContext(ctx, w.mux, r, schema.Path(w.method), runtime.WithHTTPPathPattern(w.binding.Path))
	if err != nil {
		runtime.HTTPError(ctx, w.mux, outbound, res, r, err)
		return
	}
	var md runtime.ServerMetadata
	fail := func(err error) {
		runtime.HTTPError(runtime.NewServerMetadataContext(ctx, md), w.mux, outbound, res, r, err)
	}
	if w.streamed.ClientStreams || w.streamed.ServerStreams {
		stream, err := w.stream(ctx, inbound, r, parameters)
		if err == nil {
			md.HeaderMD, err = stream.Header()
		}
		var reply proto.Message
		if err == nil && !w.streamed.ServerStreams {
			reply, err = w.receive(stream)
			md.TrailerMD = stream.Trailer()
		}
		ctx = runtime.NewServerMetadataContext(ctx, md)
		switch {
		case err != nil:
			fail(err)
		case reply != nil:
			runtime.ForwardResponseMessage(ctx, w.mux, outbound, res, r, reply, w.mux.GetForwardResponseOptions()...)
		default:
			receive := func() (proto.Message, error) { return w.receive(stream) }
			runtime.ForwardResponseStream(ctx, w.mux, outbound, res, r, receive, w.mux.GetForwardResponseOptions()...)
		}
		return
	}
	request, err := w.request(inbound, r, parameters)
	if err != nil {
		fail(err)
		return
	}
	reply := w.out.New().Interface()
	err = w.conn.Invoke(ctx, schema.Path(w.method), request, reply, grpc.Header(&md.HeaderMD), grpc.Trailer(&md.TrailerMD))
	if err != nil {
		fail(err)
		return
	}
	ctx = runtime.NewServerMetadataContext(ctx, md)
	runtime.ForwardResponseMessage(ctx, w.mux, outbound, res, r, w.part(reply), w.mux.GetForwardResponseOptions()...)
}

// stream opens the call and sends its requests: the one of a server stream at once, those of others while they come.
func (w *way) stream(ctx context.Context, inbound runtime.Marshaler, r *http.Request, parameters map[string]string) (grpc.ClientStream, error) {
	if !w.streamed.ClientStreams {
		request, err := w.request(inbound, r, parameters)
		if err != nil {
			return nil, err
		}
		stream, err := w.conn.NewStream(ctx, &w.streamed, schema.Path(w.method))
		if err != nil {
			return nil, err
		}
		if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) { // at io.EOF the answer knows more
			return nil, err
		}
		return stream, stream.CloseSend()
	}
	stream, err := w.conn.NewStream(ctx, &w.streamed, schema.Path(w.method))
	if err != nil {
		return nil, err
	}
	lines := inbound.NewDecoder(r.Body)
	send := func() error {
		for {
			m := w.in.New().Interface()
			err := lines.Decode(m)
			if err == nil {
				err = stream.SendMsg(m)
			}
			if errors.Is(err, io.EOF) {
				return stream.CloseSend()
			} else if err != nil {
				return err // which has ended the call
			}
		}
	}
	if w.streamed.ServerStreams {
		go func() { _ = send() }()
		return stream, nil
	}
	return stream, send()
}

func (w *way) receive(stream grpc.ClientStream) (proto.Message, error) {
	m := w.out.New().Interface()
	if err := stream.RecvMsg(m); err != nil {
		return nil, err
	}
	return w.part(m), nil
}

// request reads the one request of a call from body, path and query.
func (w *way) request(inbound runtime.Marshaler, r *http.Request, parameters map[string]string) (proto.Message, error) {
	m := w.in.New()
	if w.binding.Body != "" && r.Body != http.NoBody {
		var into any = m.Interface()
		if w.body != nil {
			into = &member{m.Interface(), w.body}
		}
		if err := inbound.NewDecoder(r.Body).Decode(into); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if err := w.set(m, name, []string{parameters[name]}); err != nil {
			return nil, err
		}
	}
	query := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if taken := w.taken(name, parameters); taken != "" {
			return nil, refusal.Invalid(refusal.Cut(name), "it comes from %s", taken)
		}
		if err := w.set(m, name, query[name]); err != nil {
			return nil, err
		}
	}
	requestOf(r.Context()).query = nil // it has been read, one by one
	return m.Interface(), nil
}

// set gives a field its value from path or query, where the one of the body does not count.
func (w *way) set(m protoreflect.Message, name string, values []string) error {
	if first, _, nested := strings.Cut(name, "."); !nested {
		if field := m.Descriptor().Fields().ByName(protoreflect.Name(first)); field != nil {
			m.Clear(field)
		}
	}
	return setParameter(m, name, values)
}

// taken is where a parameter of the query comes from instead, or "".
func (w *way) taken(name string, parameters map[string]string) string {
	first, _, _ := strings.Cut(name, ".")
	if _, ok := parameters[name]; ok {
		return "the path"
	}
	if w.binding.Body == "*" || w.body != nil && (first == string(w.body.Name()) || first == w.body.JSONName()) {
		return "the body"
	}
	return ""
}

// part is the answer, or the field of it that is sent in its place.
func (w *way) part(m proto.Message) proto.Message {
	if w.answer == nil {
		return m
	}
	return &member{m, w.answer}
}

// A member is one field of a message in the message's place: as a body, and as an answer.
type member struct {
	proto.Message
	field protoreflect.FieldDescriptor
}

// within is JSON of the field as the message has it.
func (m *member) within(raw []byte) []byte {
	return slices.Concat([]byte(`{"`+m.field.JSONName()+`":`), raw, []byte(`}`))
}

// of is JSON of the field in that of the message.
func (m *member) of(message []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(message, &members); err != nil {
		return nil, err
	}
	if raw, ok := members[m.field.JSONName()]; ok {
		return raw, nil
	}
	return []byte("null"), nil // a message that is not set
}
