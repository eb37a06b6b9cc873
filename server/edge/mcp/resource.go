package mcp

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/schema"
)

// resources are what has an address of its own: the method that reads it, and the field that its name is.
var resources = []struct {
	prefix, name, text, method, field string
}{
	{"routeguide://places/", "place", "A place of the map, by its identifier.", "/routeguide.v1.FeatureService/GetFeature", "id"},
	{"routeguide://routes/", "route", "A recorded route with its statistics, by its identifier.", "/routeguide.v1.RouteService/GetRoute", "id"},
}

func (d *Door) addResources(s *mcp.Server, schemas []*schema.Schema) {
	for _, kind := range resources {
		for _, known := range schemas {
			m := known.Method(kind.method)
			if m == nil {
				continue
			}
			c := d.newCall(Tool{Name: kind.name, Method: kind.method}, m, known.Types)
			s.AddResourceTemplate(&mcp.ResourceTemplate{
				Name: kind.name, Description: kind.text + " " + byStrangers, MIMEType: "application/json", URITemplate: kind.prefix + "{id}",
			}, func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
				return c.resource(ctx, r, kind.prefix, kind.field)
			})
			break
		}
	}
}

func (c *call) resource(ctx context.Context, r *mcp.ReadResourceRequest, prefix, field string) (*mcp.ReadResourceResult, error) {
	request, err := json.Marshal(map[string]string{field: strings.TrimPrefix(r.Params.URI, prefix)})
	if err != nil {
		return nil, err
	}
	text, err := c.run(ctx, c.headerOf(r.Extra), request)
	if status.Code(err) == codes.NotFound || status.Code(err) == codes.InvalidArgument {
		return nil, mcp.ResourceNotFoundError(r.Params.URI)
	} else if err != nil {
		return nil, err
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: "application/json", Text: string(text)}}}, nil
}
