package rest

import (
	"context"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"routeguide/server/schema"
)

// A described server answers for the methods of a schema.
type described struct {
	schema *schema.Schema
	mux    *runtime.ServeMux
}

// search goes through the servers that may know a path.
func (d *door) search() func(context.Context) *described {
	var rest []described
	asked := false
	return func(ctx context.Context) *described {
		if !asked {
			rest, asked = d.others(ctx), true
		}
		if len(rest) == 0 {
			return nil
		}
		next := rest[0]
		rest = rest[1:]
		return &next
	}
}

// others are the servers besides this one as they describe themselves now.
func (d *door) others(ctx context.Context) []described {
	if d.schemas == nil {
		return nil
	}
	now := d.schemas(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.EqualFunc(now, d.described, func(s *schema.Schema, known described) bool { return s == known.schema }) {
		return d.described
	}
	var all []described
	for _, s := range now {
		i := slices.IndexFunc(d.described, func(known described) bool { return s == known.schema })
		if i >= 0 {
			all = append(all, d.described[i])
			continue
		}
		mux := newMux(s.Types, runtime.WithUnescapingMode(runtime.UnescapingModeAllExceptReserved))
		d.register(mux, s)
		all = append(all, described{s, mux})
	}
	d.described = all
	return all
}
