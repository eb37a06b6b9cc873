package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"routeguide/server/refusal"
)

// parameterFault finds the path or query parameter that cannot be read, by reading each alone: the gateway only has a text
// for it. It is nil where there is none.
func parameterFault(ctx context.Context, r *http.Request) error {
	if requestOf(ctx).method != nil {
		return nil // its parameters are read one by one
	}
	method, _ := runtime.RPCMethod(ctx)
	input := requestOf(ctx).inputOf(method)
	if input == nil {
		return nil
	}
	request, err := protoregistry.GlobalTypes.FindMessageByName(input.FullName())
	if err != nil {
		return nil
	}
	pattern, _ := runtime.HTTPPathPattern(ctx)
	given := strings.Split(r.URL.Path, "/")
	for i, part := range strings.Split(pattern, "/") {
		field, ok := strings.CutPrefix(part, "{")
		if !ok || i >= len(given) {
			continue
		}
		field = strings.TrimSuffix(field, "}")
		if runtime.PopulateFieldFromPath(request.New().Interface(), field, given[i]) != nil {
			return refusal.Invalid(field, "%q cannot be read", given[i])
		}
	}
	query := r.URL.Query()
	for _, field := range slices.Sorted(maps.Keys(query)) {
		one := url.Values{field: query[field]}
		if runtime.PopulateQueryParameters(request.New().Interface(), one, utilities.NewDoubleArray(nil)) != nil {
			return refusal.Invalid(refusal.Cut(field), "%q cannot be read", strings.Join(query[field], " "))
		}
	}
	return nil
}

// bodyFault finds the field that makes JSON no message of that type, by reading each alone: protojson only has a text for
// it. It is nil where none does by itself.
func bodyFault(message protoreflect.MessageType, data []byte) *refusal.Error {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return nil
	}
	fields := message.Descriptor().Fields()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		field := fields.ByJSONName(name)
		if field == nil {
			field = fields.ByTextName(name)
		}
		if field == nil {
			return &refusal.Error{Field: refusal.Cut(name), Text: "there is no such field"}
		}
		one, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
		if err != nil || protojson.Unmarshal(one, message.New().Interface()) == nil {
			continue
		}
		switch {
		case field.IsList() && field.Message() != nil:
			var elements []json.RawMessage
			_ = json.Unmarshal(members[name], &elements) // none, if it is no list
			of := message.New().NewField(field).List().NewElement().Message().Type()
			for i, element := range elements {
				if inner := bodyFault(of, element); inner != nil {
					return &refusal.Error{Field: fmt.Sprintf("%s[%d].%s", name, i, inner.Field), Text: inner.Text}
				}
			}
		case field.Message() != nil && !field.IsMap():
			if inner := bodyFault(message.New().NewField(field).Message().Type(), members[name]); inner != nil {
				return &refusal.Error{Field: name + "." + inner.Field, Text: inner.Text}
			}
		}
		return &refusal.Error{Field: name, Text: refusal.Cut(string(members[name])) + " is not a value of this field"}
	}
	return nil
}
