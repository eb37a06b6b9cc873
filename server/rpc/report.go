package rpc

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/route"
)

const (
	maxReported = 10_000 // points of a report
	maxDevice   = 128    // bytes
	maxTraveler = 64     // characters
	maxAhead    = 24 * time.Hour
)

func (s *routeService) ReportFixes(ctx context.Context, r *routeguidev1.ReportFixesRequest) (*routeguidev1.ReportFixesResponse, error) {
	switch {
	case r.Device == "":
		return nil, invalid("device", "is required")
	case len(r.Device) > maxDevice:
		return nil, invalid("device", "has %d bytes, more than %d", len(r.Device), maxDevice)
	case utf8.RuneCountInString(r.Traveler) > maxTraveler:
		return nil, invalid("traveler", "has more than %d characters", maxTraveler)
	case len(r.Fixes) > maxReported:
		return nil, invalid("fixes", "are %d, more than %d", len(r.Fixes), maxReported)
	}
	may := scopeOf(ctx)
	if err := may.writes("traveler", r.Traveler); err != nil {
		return nil, err
	}
	fixes := make([]route.Fix, len(r.Fixes))
	latest := time.Now().Add(maxAhead)
	for i, m := range r.Fixes {
		field := fmt.Sprintf("fixes[%d]", i)
		f, err := fix(field, m)
		switch {
		case err != nil:
			return nil, err
		case m.Time == nil:
			return nil, invalid(field+".time", "is required")
		case f.Time.After(latest):
			return nil, invalid(field+".time", "%s is more than a day from now", f.Time.Format(time.RFC3339))
		}
		if err := may.at(field+".location", f.Point); err != nil {
			return nil, err
		}
		fixes[i] = f
	}
	made, err := s.routes.Report(ctx, may.device(r.Device), r.Traveler, fixes)
	if err != nil {
		return nil, err
	}
	return &routeguidev1.ReportFixesResponse{StoredCount: int32(made.Stored), KnownCount: int32(made.Known), Route: made.Route}, nil
}
