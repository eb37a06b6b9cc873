package schema

import (
	"net/http"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Binding is one way to call a method over HTTP, in the terms of google.api.http
// (https://github.com/googleapis/googleapis/blob/master/google/api/http.proto).
type Binding struct {
	Verb string // GET, POST …
	Path string // a template: /v1/{name=shelves/*}:clear
	Body string // the request's field that the body is, "*" for the request itself, "" for no body
	// ResponseBody is the answer's field that is sent, or "" for the answer itself.
	ResponseBody string
}

// Bindings are the ways to call a method: those that it is annotated with, in their order, and POST to its gRPC path with the
// whole request as the body.
func Bindings(m protoreflect.MethodDescriptor) []Binding {
	var all []Binding
	if rule, ok := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule); ok && rule != nil {
		for _, one := range append([]*annotations.HttpRule{rule}, rule.AdditionalBindings...) {
			if b := bindingOf(one); b.Path != "" {
				all = append(all, b)
			}
		}
	}
	return append(all, Binding{Verb: http.MethodPost, Path: Path(m), Body: "*"})
}

func bindingOf(rule *annotations.HttpRule) Binding {
	b := Binding{Body: rule.Body, ResponseBody: rule.ResponseBody}
	switch p := rule.Pattern.(type) {
	case *annotations.HttpRule_Get:
		b.Verb, b.Path = http.MethodGet, p.Get
	case *annotations.HttpRule_Put:
		b.Verb, b.Path = http.MethodPut, p.Put
	case *annotations.HttpRule_Post:
		b.Verb, b.Path = http.MethodPost, p.Post
	case *annotations.HttpRule_Delete:
		b.Verb, b.Path = http.MethodDelete, p.Delete
	case *annotations.HttpRule_Patch:
		b.Verb, b.Path = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Custom:
		b.Verb, b.Path = p.Custom.GetKind(), p.Custom.GetPath()
	}
	return b
}
