package mcp

import (
	"encoding/json"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/dynamicpb"

	"routeguide/server/refusal"
)

// arguments are those of one call, as they were read.
type arguments struct {
	request  *dynamicpb.Message
	most     int
	until    time.Time
	metadata map[string]string
}

// read parts an agent's arguments into the request and what the tool itself takes. An error names the argument.
func (c *call) read(raw json.RawMessage) (arguments, error) {
	a := arguments{
		request: dynamicpb.NewMessage(c.method.Input()), most: defaultMessages, until: time.Now().Add(defaultWait),
		metadata: make(map[string]string),
	}
	var members map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &members) != nil {
		return a, status.Error(codes.InvalidArgument, "the arguments are no JSON object")
	}
	if members == nil {
		members = make(map[string]json.RawMessage)
	}
	for name := range c.Metadata {
		var value string
		if json.Unmarshal(members[name], &value) != nil || value == "" {
			return a, refusal.Invalid(name, "it is required, a text")
		}
		a.metadata[name] = value
		delete(members, name)
	}
	if c.method.IsStreamingServer() {
		if err := a.readBounds(members); err != nil {
			return a, err
		}
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return a, err
	}
	if err := (protojson.UnmarshalOptions{Resolver: c.types}).Unmarshal(rest, a.request); err != nil {
		return a, status.Error(codes.InvalidArgument, refusal.Cut(err.Error()))
	}
	return a, nil
}

func (a *arguments) readBounds(members map[string]json.RawMessage) error {
	if raw, ok := members[argumentMost]; ok {
		if json.Unmarshal(raw, &a.most) != nil || a.most < 1 || a.most > mostMessages {
			return refusal.Invalid(argumentMost, "it is a number from 1 to %d", mostMessages)
		}
		delete(members, argumentMost)
	}
	if raw, ok := members[argumentUntil]; ok {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return refusal.Invalid(argumentUntil, "it is a text")
		}
		if wait, err := time.ParseDuration(text); err == nil && wait > 0 && wait <= mostWait {
			a.until = time.Now().Add(wait)
		} else if at, err := time.Parse(time.RFC3339, text); err == nil {
			a.until = at
		} else {
			return refusal.Invalid(argumentUntil, "it is neither a duration of up to %v nor a time as RFC 3339 has it", mostWait)
		}
		delete(members, argumentUntil)
	}
	return nil
}

// metadata is what the call carries besides its arguments: who the agent is. What a browser would add by itself is left out.
func (c *call) metadata(header http.Header, a arguments) metadata.MD {
	md := metadata.New(a.metadata)
	for _, value := range header.Values("Authorization") {
		md.Append("authorization", value)
	}
	return md
}
