package edgetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // details are read by their types
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Rule is where REST has a method. A rule for POST has the whole request as its body, one for PATCH and one for POST that
// creates something a field of it; the fields of one for GET or DELETE that are not in the path are query parameters.
type Rule struct {
	Method, Path string
}

const create = "POST one field" // the method of a rule that creates something

// Rules are those of all services that have REST paths.
var Rules = map[string]Rule{
	"/routeguide.RouteGuide/GetFeature":             {http.MethodGet, "/v1/features/{latitude}/{longitude}"},
	"/routeguide.RouteGuide/ListFeatures":           {http.MethodGet, "/v1/features"},
	"/routeguide.RouteGuide/RecordRoute":            {http.MethodPost, "/v1/routes:record"},
	"/routeguide.RouteGuide/RouteChat":              {http.MethodPost, "/v1/notes:chat"},
	"/routeguide.v1.NoteService/ListNotes":          {http.MethodGet, "/v1/notes"},
	"/routeguide.v1.NoteService/WatchNotes":         {http.MethodGet, "/v1/notes:watch"},
	"/routeguide.v1.NoteService/DeleteNote":         {http.MethodDelete, "/v1/notes/{id}"},
	"/routeguide.v1.KeyService/CreateKey":           {create, "/v1/keys"},
	"/routeguide.v1.KeyService/ListKeys":            {http.MethodGet, "/v1/keys"},
	"/routeguide.v1.KeyService/RevokeKey":           {http.MethodDelete, "/v1/keys/{id}"},
	"/routeguide.v1.KeyService/GetCaller":           {http.MethodGet, "/v1/caller"},
	"/routeguide.v1.TravelerService/ListTravelers":  {http.MethodGet, "/v1/travelers"},
	"/routeguide.v1.TravelerService/WatchTravelers": {http.MethodGet, "/v1/travelers:watch"},

	"/routeguide.v1.RouteService/ListRoutes":  {http.MethodGet, "/v1/routes"},
	"/routeguide.v1.RouteService/GetRoute":    {http.MethodGet, "/v1/routes/{route}"},
	"/routeguide.v1.RouteService/ReadTrack":   {http.MethodGet, "/v1/routes/{route}:track"},
	"/routeguide.v1.RouteService/WatchRoute":  {http.MethodGet, "/v1/routes/{route}:watch"},
	"/routeguide.v1.RouteService/RecordTrack": {http.MethodPost, "/v1/tracks:record"},
	"/routeguide.v1.RouteService/ReportFixes": {http.MethodPost, "/v1/devices/{device}:report"},
	"/routeguide.v1.RouteService/UpdateRoute": {http.MethodPatch, "/v1/routes/{route.id}"},
	"/routeguide.v1.RouteService/DeleteRoute": {http.MethodDelete, "/v1/routes/{route}"},
	"/routeguide.v1.RouteService/ExportRoute": {http.MethodGet, "/v1/routes/{route}:export"},

	"/routeguide.v1.RouteService/ImportRoutes": {http.MethodPost, "/v1/routes:import"},

	"/routeguide.v1.AreaService/ReplayArea": {http.MethodGet, "/v1/area:replay"},

	"/routeguide.v1.FeatureService/GetMapFeature":   {http.MethodGet, "/v1/features/{feature}"},
	"/routeguide.v1.FeatureService/ReadFeatures":    {http.MethodGet, "/v1/features:read"},
	"/routeguide.v1.FeatureService/SearchFeatures":  {http.MethodGet, "/v1/features:search"},
	"/routeguide.v1.FeatureService/NearestFeatures": {http.MethodGet, "/v1/features:nearest"},
	"/routeguide.v1.FeatureService/CreateFeature":   {create, "/v1/features"},
	"/routeguide.v1.FeatureService/UpdateFeature":   {http.MethodPatch, "/v1/features/{feature.id}"},
	"/routeguide.v1.FeatureService/DeleteFeature":   {http.MethodDelete, "/v1/features/{feature}"},
	"/routeguide.v1.FeatureService/ImportFeatures":  {http.MethodPost, "/v1/features:import"},
	"/routeguide.v1.FeatureService/WatchFeatures":   {http.MethodGet, "/v1/features:watch"},

	"/Greeter/SayHello":                                 {http.MethodGet, "/v1/tutorial/greeter:sayHello"},
	"/Greeter/SayHelloAgain":                            {http.MethodGet, "/v1/tutorial/greeter:sayHelloAgain"},
	"/greeterpb.Greeter/SayHello":                       {http.MethodGet, "/v1/tutorial/greeterpb:sayHello"},
	"/greeterpb.Greeter/SayHelloAgain":                  {http.MethodGet, "/v1/tutorial/greeterpb:sayHelloAgain"},
	"/helloworld.Greeter/SayHello":                      {http.MethodGet, "/v1/tutorial/helloworld:sayHello"},
	"/helloworld.Greeter/SayHelloAgain":                 {http.MethodGet, "/v1/tutorial/helloworld:sayHelloAgain"},
	"/helloworld.Greeter/SayHelloStreamReply":           {http.MethodGet, "/v1/tutorial/helloworld:sayHelloStreamReply"},
	"/helloworld.Greeter/SayHelloBidiStream":            {http.MethodPost, "/v1/tutorial/helloworld:sayHelloBidiStream"},
	"/compute.Compute/SayHello":                         {http.MethodPost, "/v1/tutorial/compute:sayHello"},
	"/Cal/Add":                                          {http.MethodGet, "/v1/tutorial/cal:add"},
	"/Cal/Multiply":                                     {http.MethodGet, "/v1/tutorial/cal:multiply"},
	"/Contact/sendStatus":                               {http.MethodPost, "/v1/tutorial/contact:sendStatus"},
	"/Contact/getTask":                                  {http.MethodGet, "/v1/tutorial/contact:getTask"},
	"/Contact/tellResult":                               {http.MethodPost, "/v1/tutorial/contact:tellResult"},
	"/tutorial.contact.v1.DispatchService/AddTask":      {http.MethodPost, "/v1/tutorial/contact/tasks"},
	"/tutorial.contact.v1.DispatchService/WatchReports": {http.MethodGet, "/v1/tutorial/contact/reports:watch"},
	"/MyService/Health":                                 {http.MethodGet, "/v1/tutorial/myservice:health"},
	"/MyService/User":                                   {http.MethodGet, "/v1/tutorial/myservice:user"},
	"/GCNService/ProcessGraph":                          {http.MethodPost, "/v1/tutorial/gcn:processGraph"},
}

// REST calls through the JSON door.
type REST struct {
	Base   string
	Client *http.Client // nil: http.DefaultClient
	Events bool         // take streams as server-sent events
	Header http.Header  // added to each request
}

// Invoke makes a unary call.
func (c REST) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	return invoke(ctx, c, method, request, reply, opts)
}

// NewStream begins a call. The request is sent when its first message is known.
func (c REST) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	rule, ok := Rules[method]
	if !ok {
		return nil, fmt.Errorf("edgetest: REST has no rule for %s", method)
	}
	s := &restStream{stream: newStream(ctx, protojson.Unmarshal), conn: c, rule: rule, lines: desc.ServerStreams}
	if rule.Method == http.MethodPost {
		body, send := io.Pipe()
		s.send = send
		return s, s.start(body)
	}
	return s, nil
}

type restStream struct {
	*stream
	conn  REST
	rule  Rule
	lines bool // the answer is a stream

	sending sync.Mutex
	send    *io.PipeWriter
}

// start makes the request and takes in its answer in the background.
func (s *restStream) start(body io.ReadCloser) error {
	req, err := http.NewRequestWithContext(s.ctx, s.rule.Method, s.conn.Base+s.rule.Path, body)
	if err != nil {
		return err
	}
	for name, values := range wireHeader(s.ctx) {
		if !slices.Contains(contract, strings.ToLower(name)) && name != "Grpc-Timeout" {
			name = "Grpc-Metadata-" + name
		}
		req.Header[name] = values
	}
	for name, values := range s.conn.Header {
		req.Header[name] = values
	}
	if s.send != nil {
		req.Header.Set("Content-Type", "application/x-ndjson") // the body could also be a file
	}
	if s.conn.Events {
		req.Header.Set("Accept", "text/event-stream")
	}
	stop := context.AfterFunc(s.ctx, func() {
		if s.send != nil {
			_ = s.send.CloseWithError(s.ctx.Err())
		}
	})
	go func() {
		defer stop()
		s.read(req)
		_ = body.Close()
	}()
	return nil
}

// contract is the request metadata that REST takes as plain headers.
var contract = []string{"authorization", "traveler", "resume-token", "chat-notes", "route-id", "chat-id"}

func (s *restStream) SendMsg(m any) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	data, err := protojson.Marshal(m.(proto.Message))
	if err != nil {
		return err
	}
	if s.send != nil {
		if _, err := s.send.Write(append(data, '\n')); err != nil {
			return io.EOF
		}
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	s.rule.Path = inPath.ReplaceAllStringFunc(s.rule.Path, func(name string) string {
		return url.PathEscape(cut(m.(proto.Message), fields, strings.Split(strings.Trim(name, "{}"), ".")))
	})
	body := io.ReadCloser(http.NoBody)
	if s.rule.Method == http.MethodPatch || s.rule.Method == create {
		for name, value := range fields { // there is one that is an object, and its mask
			if _, ok := value.(map[string]any); ok {
				delete(fields, name)
				if data, err = json.Marshal(value); err != nil {
					return err
				}
				body = io.NopCloser(bytes.NewReader(data))
			}
		}
	}
	if s.rule.Method == create {
		s.rule.Method = http.MethodPost
	}
	query := url.Values{}
	flatten(query, "", fields)
	s.rule.Path += "?" + query.Encode()
	return s.start(body)
}

// inPath finds the fields of a request in a path.
var inPath = regexp.MustCompile(`\{[\w.]+\}`)

// cut takes a field out of the JSON of a message and returns it as text: what is not set is in the JSON neither, but the path
// needs it.
func cut(m proto.Message, fields map[string]any, path []string) string {
	in := m.ProtoReflect()
	field := in.Descriptor().Fields().ByTextName(path[0])
	if len(path) > 1 {
		inner, _ := fields[field.JSONName()].(map[string]any)
		return cut(in.Get(field).Message().Interface(), inner, path[1:])
	}
	delete(fields, field.JSONName())
	return in.Get(field).String()
}

func flatten(to url.Values, prefix string, fields map[string]any) {
	for name, value := range fields {
		switch value := value.(type) {
		case map[string]any:
			flatten(to, prefix+name+".", value)
		case []any:
			for _, one := range value {
				to.Add(prefix+name, fmt.Sprint(one))
			}
		case float64:
			to.Set(prefix+name, fmt.Sprintf("%.0f", value))
		default:
			to.Set(prefix+name, fmt.Sprint(value))
		}
	}
}

func (s *restStream) CloseSend() error {
	if s.send != nil {
		_ = s.send.Close()
	}
	return nil
}

func (c REST) do(req *http.Request) (*http.Response, error) {
	if c.Client == nil {
		return http.DefaultClient.Do(req)
	}
	return c.Client.Do(req)
}

func (s *restStream) read(req *http.Request) {
	res, err := s.conn.do(req)
	if err != nil {
		s.finish(err, nil)
		return
	}
	defer res.Body.Close()
	md := metadata.MD{}
	for name, values := range res.Header {
		for _, v := range values {
			addWire(md, strings.TrimPrefix(strings.ToLower(name), "grpc-metadata-"), v)
		}
	}
	s.head(md)
	isFile := res.Header.Get("Content-Disposition") != ""
	if res.StatusCode == http.StatusOK && s.lines && !isFile {
		s.finish(s.readLines(bufio.NewReader(res.Body)), nil)
		return
	}
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
	case res.StatusCode != http.StatusOK:
		err = statusFromJSON(text)
	case isFile: // which the messages of the call have in pieces
		if text, err = json.Marshal(map[string][]byte{"data": text}); err == nil {
			s.message(text)
			err = io.EOF
		}
	default:
		s.message(text)
		err = io.EOF
	}
	s.finish(err, nil)
}

func (s *restStream) readLines(body *bufio.Reader) error {
	for {
		text, err := body.ReadBytes('\n')
		text = bytes.TrimSpace(text)
		if err == io.EOF && len(text) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if s.conn.Events {
			var ok bool
			if text, ok = bytes.CutPrefix(text, []byte("data: ")); !ok {
				continue
			}
		}
		var line struct{ Result, Error json.RawMessage }
		switch err := json.Unmarshal(text, &line); {
		case err != nil:
			return fmt.Errorf("edgetest: line %q: %w", text, err)
		case line.Error != nil:
			return statusFromJSON(line.Error)
		}
		s.message(line.Result)
	}
}

func statusFromJSON(text []byte) error {
	var st spb.Status
	if err := protojson.Unmarshal(text, &st); err != nil {
		return fmt.Errorf("edgetest: not a status: %q", text)
	}
	return status.ErrorProto(&st)
}
