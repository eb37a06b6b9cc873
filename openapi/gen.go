//go:build ignore

// Makes the documents of the REST surface, run by `make gen` from the top level: bin/routeguide.swagger.json, which the
// gateway's generator wrote, is told how streams look on the wire and which headers calls take, and then becomes
// swagger.json (OpenAPI 2) and openapi.json (OpenAPI 3).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "routeguide/proto/routeguide"
	_ "routeguide/proto/routeguide/v1"
	_ "routeguide/proto/tutorial/cal"
	_ "routeguide/proto/tutorial/compute"
	_ "routeguide/proto/tutorial/contact"
	_ "routeguide/proto/tutorial/contact/v1"
	_ "routeguide/proto/tutorial/gcn"
	_ "routeguide/proto/tutorial/greeter"
	_ "routeguide/proto/tutorial/greeterpb"
	_ "routeguide/proto/tutorial/helloworld"
	_ "routeguide/proto/tutorial/myservice"
)

const (
	lines  = "application/x-ndjson"
	events = "text/event-stream"
	file   = "application/octet-stream"
)

// object is a JSON object of a document.
type object = map[string]any

func main() {
	log.SetFlags(0)
	if err := generate(); err != nil {
		log.Fatal(err)
	}
}

func generate() error {
	raw, err := os.ReadFile("bin/routeguide.swagger.json")
	if err != nil {
		return err
	}
	var doc object
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	doc["info"] = object{
		"title":   "RouteGuide",
		"version": "1",
		"description": "A self-hosted live map. Positions are in E7: degrees × 10,000,000, as whole numbers. A stream is a JSON value a line" +
			" (`" + lines + "`); the lines of an answer are `{\"result\": …}`, or `{\"error\": …}` for the last one of a call that" +
			" failed. With `Accept: " + events + "` an answer's lines come as server-sent events.",
		"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
	}
	doc["securityDefinitions"] = object{
		"key":      object{"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Bearer` and a key, with a space between."},
		"password": object{"type": "basic", "description": "A key as the password, with any user name."},
	}
	doc["security"] = []any{object{"key": []any{}}, object{"password": []any{}}, object{}} // at the server's own machine none is needed
	methods, err := methodsByPath("proto/http.yaml")
	if err != nil {
		return err
	}
	paths := doc["paths"].(object)
	for path, verbs := range paths {
		for verb, op := range verbs.(object) {
			m := methods[verb+" "+path]
			if m == nil {
				return fmt.Errorf("%s %s is not in http.yaml", verb, path)
			}
			tell(op.(object), m)
		}
	}
	for path, verbs := range paths {
		fold(paths, path, verbs.(object))
	}
	if err := write("openapi/swagger.json", doc); err != nil {
		return err
	}
	return convert(doc)
}

// methodsByPath returns the methods by their "get /path".
func methodsByPath(file string) (map[string]protoreflect.MethodDescriptor, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config struct {
		HTTP struct {
			Rules []map[string]any
		}
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	methods := map[string]protoreflect.MethodDescriptor{}
	for _, rule := range config.HTTP.Rules {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(rule["selector"].(string)))
		if err != nil {
			return nil, fmt.Errorf("%s: %v: %w", file, rule["selector"], err)
		}
		for _, verb := range []string{"get", "post", "put", "patch", "delete"} {
			if path, ok := rule[verb].(string); ok {
				methods[verb+" "+path] = d.(protoreflect.MethodDescriptor)
			}
		}
	}
	return methods, nil
}

// fold puts the operations of a path like /v1/routes/{route.id} beside those of /v1/routes/{route}: to a client they are one
// path.
func fold(paths object, path string, verbs object) {
	long := regexp.MustCompile(`\{(\w+)\.\w+\}`).FindStringSubmatch(path)
	if long == nil {
		return
	}
	name := strings.Trim(long[0], "{}")
	beside := strings.Replace(path, name, long[1], 1)
	for verb, op := range verbs {
		for _, p := range op.(object)["parameters"].([]any) {
			if p := p.(object); p["name"] == name {
				p["name"] = long[1]
			}
		}
		paths[beside].(object)[verb] = op
	}
	delete(paths, path)
}

// tell says of an operation what its method's streams and metadata look like.
func tell(op object, m protoreflect.MethodDescriptor) {
	ok := op["responses"].(object)["200"].(object)
	if m.IsStreamingServer() {
		op["produces"] = []any{lines, events}
		ok["description"] = "A stream: each line, or event, is one such value."
	} else {
		op["produces"] = []any{"application/json"}
	}
	params, _ := op["parameters"].([]any)
	if m.IsStreamingClient() {
		op["consumes"] = []any{lines}
		for _, p := range params {
			if p := p.(object); p["in"] == "body" {
				p["description"] = "A stream: one such value a line, for as long as the client likes."
			}
		}
	}
	header := func(name, kind, description string) {
		params = append(params, object{"name": name, "in": "header", "required": false, "type": kind, "description": description})
	}
	switch m.Name() {
	case "RecordRoute", "RecordTrack":
		header("traveler", "string", "The name to show, percent-encoded UTF-8 of 1 to 64 characters.")
		header("resume-token", "string", "The secret of the route to begin or go on with: 22 to 64 random characters of A-Z a-z 0-9 _ -.")
		ok["headers"] = object{
			"Resume-Token": object{"type": "string", "description": "The secret that lets a call go on with the route."},
			"Route-Id":     object{"type": "string", "description": "The public name of the route."},
			"Route-Points": object{"type": "integer", "description": "Points that were stored before this call."},
		}
	case "RouteChat":
		header("traveler", "string", "The name to show, percent-encoded UTF-8 of 1 to 64 characters.")
		header("resume-token", "string", "The secret of the chat to begin or go on with: 22 to 64 random characters of A-Z a-z 0-9 _ -.")
		header("chat-notes", "integer", "The number of the first note that this call sends, from 0.")
		ok["headers"] = object{
			"Resume-Token": object{"type": "string", "description": "The secret that lets a call go on with the chat."},
			"Chat-Id":      object{"type": "string", "description": "The public name of the chat."},
			"Chat-Notes":   object{"type": "integer", "description": "Notes of it that were stored before this call."},
		}
	case "ImportRoutes":
		takesFile(op, params)
		header("traveler", "string", "The name to show, percent-encoded UTF-8 of 1 to 64 characters.")
	case "ImportFeatures":
		takesFile(op, params)
	case "ExportRoute":
		op["produces"] = []any{"application/gpx+xml", "application/geo+json", "application/vnd.google-earth.kml+xml"}
		ok["description"] = "The file."
		ok["schema"] = object{"type": "string", "format": "binary"}
		ok["headers"] = object{"Content-Disposition": object{"type": "string", "description": "What the file may be called."}}
		for _, p := range params {
			if p := p.(object); p["name"] == "format" {
				p["required"] = true
				delete(p, "default")
			}
		}
	case "DeleteNote":
		header("resume-token", "string", "The secret of the chat that the note was written in.")
	}
	op["parameters"] = params
	if len(params) == 0 {
		delete(op, "parameters")
	}
	if d, failed := op["responses"].(object)["default"].(object); failed {
		d["description"] = "The call failed: a google.rpc.Status; its details name the field of bad input."
	}
	op["operationId"] = strings.ReplaceAll(op["operationId"].(string), ".", "_")
}

// takesFile says of an operation that its body is a file.
func takesFile(op object, params []any) {
	op["consumes"] = []any{file}
	for _, p := range params {
		if p := p.(object); p["in"] == "body" {
			p["description"] = "The file itself, whatever its media type is, also by PUT. As `" + lines + "` it comes in messages, one a line:" +
				" `{\"data\": \"…\"}` with its next bytes in base64."
			p["schema"] = object{"type": "string", "format": "binary"}
		}
	}
}

// convert writes the OpenAPI 3 document of an OpenAPI 2 one.
func convert(doc object) error {
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var v2 openapi2.T
	if err := json.Unmarshal(raw, &v2); err != nil {
		return err
	}
	v3, err := openapi2conv.ToV3(&v2)
	if err != nil {
		return err
	}
	for _, path := range v3.Paths.Map() {
		for _, op := range path.Operations() {
			failed := op.Responses.Default().Value
			for _, media := range failed.Content { // whatever the answer would have been
				failed.Content = openapi3.Content{"application/json": media}
			}
		}
	}
	v3.Components.SecuritySchemes["key"].Value = openapi3.NewSecurityScheme().WithType("http").WithScheme("bearer")
	v3.Servers = openapi3.Servers{{URL: "/"}}
	if err := v3.Validate(context.Background()); err != nil {
		return err
	}
	return write("openapi/openapi.json", v3)
}

func write(file string, doc any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
