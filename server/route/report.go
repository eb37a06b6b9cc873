package route

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

const (
	// restRadius is how many metres from where it came to a device may be and still rest there.
	restRadius = 100
	// chunkPoints is how many points of a report are stored together.
	chunkPoints = 500
)

// Reported is what became of a report.
type Reported struct {
	Stored, Known int    // points that are new, and those that were there
	Route         string // the route that the newest of the points is in
}

// Report stores points of a device and makes routes of them: what is stored depends on the points alone, in whatever order
// and however often they come. Two points at one millisecond are one, the first that came. A route ends where no point was
// measured for the gap of Options, and where the device had rested for as long and then went on.
//
// Errors: those of store.
func (b *Book) Report(ctx context.Context, device, traveler string, fixes []Fix) (Reported, error) {
	fixes = slices.Clone(fixes)
	for i := range fixes {
		fixes[i].Feature = b.feature(fixes[i].Point)
	}
	slices.SortStableFunc(fixes, func(a, b Fix) int { return cmp.Compare(a.Time.UnixMilli(), b.Time.UnixMilli()) })
	hash := sha256.Sum256([]byte(device))
	e, err := b.store.Do(ctx, change(&logv1.RouteChange{Kind: &logv1.RouteChange_Reported{Reported: &logv1.FixesReported{
		Device: hash[:], Traveler: traveler, Points: pack(fixes), Gap: b.gap.Milliseconds(), Time: b.now().UnixMilli(),
	}}}))
	if err != nil {
		return Reported{}, fmt.Errorf("store what was reported: %w", err)
	}
	return e.Result.(reported).Reported, nil
}

// reported is the result of a report.
type reported struct {
	Reported
	routes []made
}

// report makes the routes of a device that the points touch anew, or adds to the newest one if all come after it.
func report(tx *store.Tx, r *logv1.FixesReported) (any, error) {
	s := &shaper{tx: tx, report: r, gap: time.Duration(r.Gap) * time.Millisecond}
	fixes := unpack(r.Points)
	if len(fixes) == 0 {
		return reported{}, nil
	}
	near, err := s.near(fixes)
	if err != nil {
		return nil, err
	}
	if n := len(near); n > 0 && near[n-1].Newest.Time.Before(fixes[0].Time) {
		s.row, s.before = near[n-1], near[n-1].Points
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
	if err := s.end(true); err != nil {
		return nil, err
	}
	return s.out, s.drop()
}

// A shaper makes routes of points in their order.
type shaper struct {
	tx     *store.Tx
	report *logv1.FixesReported
	gap    time.Duration

	row     row    // the route that is being made
	before  uint32 // points of it that are stored already
	pending []Fix  // points of it that are not
	found   *row   // the first of old whose points are in it
	old     []row  // routes whose points are all made anew
	kept    map[int64]bool
	out     reported
}

// origin is a point and the route, if any, that it was in before.
type origin struct {
	Fix
	from *row
}

// near returns the routes of the device that points may change: those that they lie in, those that a gap no longer parts from
// these, and so on. A deleted one takes its points with it. One whose points are partly forgotten stays as it is.
func (s *shaper) near(fixes []Fix) (near []row, err error) {
	from, until := fixes[0].Time.Add(-s.gap).UnixMilli(), fixes[len(fixes)-1].Time.Add(s.gap).UnixMilli()
	for grown := true; grown; {
		grown, near = false, nil
		for r, err := range s.tx.Query(columns+"WHERE device = ? AND time >= ? AND start <= ? ORDER BY start, id", s.report.Device, from, until) {
			if err != nil {
				return nil, err
			}
			found := scan(r)
			near = append(near, found)
			if low := found.Start.Add(-s.gap).UnixMilli(); low < from {
				from, grown = low, true
			}
			if high := found.Newest.Time.Add(s.gap).UnixMilli(); high > until {
				until, grown = high, true
			}
		}
	}
	return near, nil
}

// merge returns the points of routes and new ones in their order, and counts the new ones. What was there stays.
func (s *shaper) merge(near []row, fixes []Fix) (all []origin, err error) {
	known := make(map[int64]bool)
	var closed []row // what comes between their ends is not stored
	for _, r := range near {
		points, err := s.points(r)
		if err != nil {
			return nil, err
		}
		if r.deleted || len(points) != int(r.Points) {
			closed = append(closed, r)
			continue
		}
		s.old = append(s.old, r)
		for _, f := range points {
			known[f.Time.UnixMilli()] = true
			all = append(all, origin{f, nil})
		}
	}
	// Pointers into s.old hold from here on.
	at := 0
	for i := range s.old {
		for range s.old[i].Points {
			all[at].from = &s.old[i]
			at++
		}
	}
	for _, f := range fixes {
		covered := slices.ContainsFunc(closed, func(r row) bool { return !f.Time.Before(r.Start) && !f.Time.After(r.Newest.Time) })
		if t := f.Time.UnixMilli(); known[t] || covered {
			s.out.Known++
			continue
		} else {
			known[t] = true
		}
		s.out.Stored++
		all = append(all, origin{f, nil})
	}
	slices.SortStableFunc(all, func(a, b origin) int { return a.Time.Compare(b.Time) })
	s.kept = make(map[int64]bool, len(s.old))
	return all, nil
}

func (s *shaper) points(r row) (points []Fix, err error) {
	for chunk, err := range s.tx.Query("SELECT points FROM chunk WHERE route = ? ORDER BY first", r.id) {
		if err != nil {
			return nil, err
		}
		var p logv1.Points
		if err := proto.Unmarshal(chunk.Blob(0), &p); err != nil {
			return nil, fmt.Errorf("decode points: %w", err)
		}
		points = append(points, unpack(&p)...)
	}
	return points, nil
}

// add has the route go on to a point, or ends it and begins the next one there.
func (s *shaper) add(f origin) error {
	if s.row.Points > 0 {
		last := s.row.Newest
		here := geo.Distance(s.row.anchor.Point, f.Point) <= restRadius
		rested := !here && last.Time.Sub(s.row.anchor.Time) >= s.gap
		if rested || f.Time.Sub(last.Time) > s.gap {
			if err := s.end(false); err != nil {
				return err
			}
		} else if !here {
			s.row.anchor = f.Fix
		}
	}
	if s.row.Points == 0 {
		s.row.anchor = f.Fix
	} else {
		metres := geo.Distance(s.row.Newest.Point, f.Point)
		s.row.Metres += metres
		s.row.Statistics.step(millimetres(metres), f.Time.Sub(s.row.Newest.Time).Milliseconds())
	}
	s.row.Statistics.point(f.Fix)
	if f.Feature {
		s.row.Features++
	}
	s.row.take(f.Fix)
	s.pending = append(s.pending, f.Fix)
	if s.found == nil && f.from != nil && !s.kept[f.from.id] {
		s.found = f.from
	}
	return nil
}

// end stores the route that is being made. The last one of a report is the one that the device is on.
func (s *shaper) end(last bool) error {
	r, state := &s.row, Finished
	if last {
		state = Recording
	}
	switch {
	case r.Points == 0:
		return nil
	case s.before > 0: // it goes on
	case s.found != nil:
		r.id, r.token, r.ID, r.call = s.found.id, s.found.token, s.found.ID, s.found.call
		r.Traveler, r.Name, r.Color, r.Hidden, r.Began = s.found.Traveler, s.found.Name, s.found.Color, s.found.Hidden, s.found.Began
		s.kept[r.id] = true
		if err := s.tx.Exec("DELETE FROM chunk WHERE route = ?", r.id); err != nil {
			return err
		}
	default:
		if err := s.begin(r); err != nil {
			return err
		}
	}
	r.State, r.Ended, r.device = state, time.UnixMilli(s.report.Time), s.report.Device
	if err := s.store(r); err != nil {
		return err
	}
	s.out.routes = append(s.out.routes, made{route: r.Route, fixes: s.pending, anew: s.before == 0 && s.found != nil})
	s.out.Route = r.ID
	s.row, s.before, s.pending, s.found = row{}, 0, nil, nil
	return nil
}

// begin gives a new route its names. What they are made of is the same in every process.
func (s *shaper) begin(r *row) (err error) {
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Concat(s.report.Device, []byte("route")), s.tx.Position()+uint64(r.Start.UnixMilli())))
	r.token = hash[:]
	r.ID = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(hash[16:]))
	r.call, r.Traveler, r.Began = []byte{}, s.report.Traveler, time.UnixMilli(s.report.Time)
	r.id, err = nextID(s.tx)
	return err
}

func (s *shaper) store(r *row) error {
	first := s.before
	for chunk := range slices.Chunk(s.pending, chunkPoints) {
		blob, err := proto.MarshalOptions{Deterministic: true}.Marshal(pack(chunk))
		if err != nil {
			return fmt.Errorf("encode points: %w", err)
		}
		if err := s.tx.Exec("INSERT INTO chunk VALUES(?, ?, ?, ?)", r.id, first, s.report.Time, blob); err != nil {
			return err
		}
		first += uint32(len(chunk))
	}
	if err := r.save(s.tx); err != nil {
		return err
	}
	return r.box(s.tx)
}

// drop deletes the routes that became part of others.
func (s *shaper) drop() error {
	for _, r := range s.old {
		if s.kept[r.id] {
			continue
		}
		gone, err := r.remove(s.tx)
		if err != nil {
			return err
		}
		s.out.routes = append(s.out.routes, gone)
	}
	return nil
}
