package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	mimeJSON   = "application/json"
	mimeLines  = "application/x-ndjson"
	mimeEvents = "text/event-stream"
)

// OpenAPI is the document of a schema's REST interface, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1).
func OpenAPI(s *Schema) ([]byte, error) {
	d := document{definitions: NewDefinitions("#/components/schemas/"), paths: make(map[string]object)}
	var tags []any
	for _, service := range s.Services {
		tags = append(tags, described(service, object{"name": string(service.FullName())}))
		for i := range service.Methods().Len() {
			for n, b := range Bindings(service.Methods().Get(i)) {
				d.add(service.Methods().Get(i), b, n)
			}
		}
	}
	d.definitions.all["google.rpc.Status"] = object{
		"type":        "object",
		"description": "How a call failed: https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto",
		"properties": object{
			"code": object{"type": "integer", "format": "int32"}, "message": object{"type": "string"},
			"details": object{"type": "array", "items": special("google.protobuf.Any")},
		},
	}
	return json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": s.Name, "version": "1",
			"description": "Made from what the server says of itself. A stream is a JSON value a line (`" + mimeLines + "`); the lines of an answer" +
				" are `{\"result\": …}`, or `{\"error\": …}` for the last one of a call that failed. With `Accept: " + mimeEvents + "` they come as" +
				" server-sent events.",
		},
		"tags": tags, "paths": d.paths, "components": object{"schemas": d.definitions.All()},
	})
}

type document struct {
	definitions *Definitions
	paths       map[string]object
}

// add adds the nth way to call a method. Verbs that OpenAPI does not know are left out.
func (d *document) add(m protoreflect.MethodDescriptor, b Binding, n int) {
	verb := strings.ToLower(b.Verb)
	if !slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, verb) {
		return
	}
	path, bound, parameters := d.path(m, b.Path)
	operation := described(m, object{
		"operationId": fmt.Sprintf("%s.%s-%d", m.Parent().FullName(), m.Name(), n),
		"tags":        []any{string(m.Parent().FullName())},
		"responses": object{
			"200":     object{"description": "The answer.", "content": d.answer(m, b)},
			"default": object{"description": "Why it failed.", "content": object{mimeJSON: object{"schema": object{"$ref": "#/components/schemas/google.rpc.Status"}}}},
		},
	})
	operation["summary"] = string(m.Name())
	if b.Body != "*" && !m.IsStreamingClient() {
		parameters = append(parameters, d.query(m.Input(), "", append(bound, b.Body), 2)...)
	}
	if len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	if b.Body != "" {
		operation["requestBody"] = object{"required": true, "content": d.body(m, b)}
	}
	if d.paths[path] == nil {
		d.paths[path] = object{}
	}
	d.paths[path][verb] = operation
}

func (d *document) body(m protoreflect.MethodDescriptor, b Binding) object {
	schema := d.definitions.Message(m.Input())
	switch field := m.Input().Fields().ByName(protoreflect.Name(b.Body)); {
	case m.IsStreamingClient():
		return object{mimeLines: object{"schema": schema}}
	case field != nil:
		schema = d.definitions.Field(field)
	}
	return object{mimeJSON: object{"schema": schema}}
}

func (d *document) answer(m protoreflect.MethodDescriptor, b Binding) object {
	schema := d.definitions.Message(m.Output())
	if field := m.Output().Fields().ByName(protoreflect.Name(b.ResponseBody)); field != nil {
		schema = d.definitions.Field(field)
	}
	if !m.IsStreamingServer() {
		return object{mimeJSON: object{"schema": schema}}
	}
	line := object{"schema": object{"type": "object", "properties": object{"result": schema, "error": object{"$ref": "#/components/schemas/google.rpc.Status"}}}}
	return object{mimeLines: line, mimeEvents: line}
}

// segment is a variable in a path, or a wildcard by itself.
var segment = regexp.MustCompile(`\{([^}=]+)(?:=([^}]*))?\}`)

// path is a template as OpenAPI has it, where a parameter is one part of a path: `{name=shelves/*/books/*}` has two, each called
// after what stands before it.
func (d *document) path(m protoreflect.MethodDescriptor, template string) (path string, bound []string, parameters []any) {
	taken := map[string]bool{}
	parameter := func(name string, schema object, text string) string {
		for taken[name] {
			name += "_"
		}
		taken[name] = true
		one := object{"name": name, "in": "path", "required": true, "schema": schema}
		if text != "" {
			one["description"] = text
		}
		parameters = append(parameters, one)
		return "{" + name + "}"
	}
	path = segment.ReplaceAllStringFunc(template, func(variable string) string {
		parts := segment.FindStringSubmatch(variable)
		field, pattern := parts[1], parts[2]
		bound = append(bound, field)
		if pattern == "" || pattern == "*" {
			return parameter(field, d.named(m.Input(), field), "")
		}
		steps := strings.Split(pattern, "/")
		for i, step := range steps {
			name := field
			if i > 0 && !strings.HasPrefix(steps[i-1], "*") {
				name = steps[i-1]
			}
			switch step {
			case "*":
				steps[i] = parameter(name, object{"type": "string"}, "A part of `"+field+"`.")
			case "**":
				steps[i] = parameter(name, object{"type": "string"}, "A part of `"+field+"`; it may have slashes.")
			}
		}
		return strings.Join(steps, "/")
	})
	return path, bound, parameters
}

// named is the schema of a field within a message, with dots in its name.
func (d *document) named(m protoreflect.MessageDescriptor, name string) object {
	first, rest, nested := strings.Cut(name, ".")
	field := m.Fields().ByName(protoreflect.Name(first))
	switch {
	case field == nil, nested && field.Message() == nil:
		return object{"type": "string"}
	case nested:
		return d.named(field.Message(), rest)
	}
	return d.definitions.Field(field)
}

// query are the parameters for what a message has besides the fields that come from elsewhere, and so many levels of messages
// within it.
func (d *document) query(m protoreflect.MessageDescriptor, prefix string, elsewhere []string, levels int) (parameters []any) {
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		name := prefix + string(field.Name())
		inner := field.Message()
		switch {
		case slices.Contains(elsewhere, name), field.IsMap():
		case inner != nil && special(inner.FullName()) == nil:
			if !field.IsList() && levels > 0 {
				parameters = append(parameters, d.query(inner, name+".", elsewhere, levels-1)...)
			}
		default:
			parameters = append(parameters, described(field, object{"name": name, "in": "query", "schema": maps.Clone(d.definitions.Field(field))}))
		}
	}
	return parameters
}
