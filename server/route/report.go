package route

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

// A Report is what became of reported points.
type Report struct {
	Stored, Known int    // points that are new, and those that were there
	Route         string // the route that the newest of them is in; empty when all belong to routes that were deleted
}

// Report stores points of a device and makes routes of them. What is stored depends on the points alone, in whatever order
// and however often they come: two at one millisecond are one, the first that came. A route ends where no point was measured
// for a while, and where the device had rested for a while and then went on.
//
// Errors: those of store.
func (b *Book) Report(ctx context.Context, device, traveler string, fixes []Fix) (Report, error) {
	fixes = slices.Clone(fixes)
	for i := range fixes {
		fixes[i].onFeature = b.feature(fixes[i].Point)
	}
	slices.SortStableFunc(fixes, func(a, b Fix) int { return cmp.Compare(a.Time.UnixMilli(), b.Time.UnixMilli()) })
	hash := sha256.Sum256([]byte(device))
	e, err := b.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Reported{Reported: &logv1.FixesReported{
		Device: hash[:], Traveler: traveler, Points: pack(fixes),
		Gap: b.gap.Milliseconds(), Rest: b.rest.Milliseconds(), Time: b.now().UnixMilli(),
	}}}))
	if err != nil {
		return Report{}, fmt.Errorf("store what was reported: %w", err)
	}
	return e.Result.(reported).Report, nil
}

// reported is the result of a report.
type reported struct {
	Report
	routes []made
}

func report(tx *store.Tx, r *logv1.FixesReported) (any, error) {
	s := &shaper{tx: tx, report: r, gap: time.Duration(r.Gap) * time.Millisecond, rest: time.Duration(r.Rest) * time.Millisecond}
	fixes := unpack(r.Points)
	if len(fixes) == 0 {
		return reported{}, nil
	}
	near, err := s.near(fixes)
	if err != nil {
		return nil, err
	}
	if n := len(near); n > 0 && !near[n-1].deleted && near[n-1].Newest.Time.Before(fixes[0].Time) {
		s.row, s.stored = near[n-1], near[n-1].Points // nearly always: the newest route goes on
		near = nil
	}
	all, err := s.merge(near, fixes)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if err := s.add(f); err != nil {
			return nil, err
		}
	}
	if err := s.end(Recording); err != nil {
		return nil, err
	}
	if err := s.drop(); err != nil {
		return nil, err
	}
	return s.out, s.settle()
}
