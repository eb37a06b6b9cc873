package route

import (
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

// A shaper makes routes of points in their order: a route that goes on, or routes that are made anew of the points that they
// had and of those that came late.
type shaper struct {
	tx        *store.Tx
	report    *logv1.FixesReported
	gap, rest time.Duration

	row     row      // the route that is being made
	stored  uint32   // points of it that are stored and stay
	pending []sorted // points of it that are to be stored

	old  []*row         // routes whose points are all among those
	kept map[int64]bool // which of them go on under their names
	out  reported
}

// A sorted point is one in its place, and the route that it was in before, if any.
type sorted struct {
	Fix
	from *row
}

// near returns the routes of the device, in their order, that the points may change: those that are no further from them than
// a gap, those no further from these, and so on. Mostly these are the newest: they are looked for by their end (the + keeps
// SQLite from taking the index of begins, which would go through all that are older).
func (s *shaper) near(fixes []Fix) (near []row, err error) {
	gap := s.gap.Milliseconds()
	from, until := fixes[0].Time.UnixMilli()-gap, fixes[len(fixes)-1].Time.UnixMilli()+gap
	for grown := true; grown; {
		grown, near = false, nil
		for r, err := range s.tx.Query(columns+"WHERE device = ? AND time >= ? AND +start <= ? ORDER BY start, id", s.report.Device, from, until) {
			if err != nil {
				return nil, err
			}
			found := scan(r)
			near = append(near, found)
			if low, high := found.Start.UnixMilli()-gap, found.Newest.Time.UnixMilli()+gap; low < from || high > until {
				from, until, grown = min(from, low), max(until, high), true
			}
		}
	}
	return near, nil
}

// merge returns the points of routes and new ones in their order, and counts the new ones. What was there first stays. Between
// the ends of a route that was deleted, or whose points are partly forgotten, nothing is stored.
func (s *shaper) merge(near []row, fixes []Fix) (all []sorted, err error) {
	s.kept = make(map[int64]bool)
	known := make(map[int64]bool)
	var closed []row
	for i := range near {
		r := &near[i]
		points, err := s.points(r.id)
		if err != nil {
			return nil, err
		}
		if r.deleted || len(points) != int(r.Points) {
			closed = append(closed, *r)
			continue
		}
		s.old = append(s.old, r)
		for _, f := range points {
			known[f.Time.UnixMilli()] = true
			all = append(all, sorted{f, r})
		}
	}
	for _, f := range fixes {
		at := f.Time.UnixMilli()
		if known[at] || slices.ContainsFunc(closed, func(r row) bool { return !f.Time.Before(r.Start) && !f.Time.After(r.Newest.Time) }) {
			s.out.Known++
			continue
		}
		known[at] = true
		s.out.Stored++
		all = append(all, sorted{f, nil})
	}
	slices.SortFunc(all, func(a, b sorted) int { return a.Time.Compare(b.Time) })
	return all, nil
}

func (s *shaper) points(route int64) (points []Fix, err error) {
	for chunk, err := range s.tx.Query("SELECT points FROM chunk WHERE route = ? ORDER BY first", route) {
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
func (s *shaper) add(f sorted) error {
	r := &s.row
	if r.Points > 0 {
		last := r.Newest.Time
		away := geo.Distance(r.anchor.point, f.Point) > restRadius
		if f.Time.Sub(last) > s.gap || away && last.Sub(r.anchor.since) >= s.rest {
			if err := s.end(Finished); err != nil {
				return err
			}
		} else if away {
			r.anchor = anchor{f.Point, f.Time}
		}
	}
	if r.Points == 0 {
		r.anchor = anchor{f.Point, f.Time}
	}
	r.measure(f.Fix)
	s.pending = append(s.pending, f)
	return nil
}

// end stores the route that is being made, under the name of the first route whose points are in it that has not given its
// name to another.
func (s *shaper) end(state State) error {
	r, pending := s.row, s.pending
	goesOn, stored := s.stored > 0, s.stored
	s.row, s.pending, s.stored = row{}, nil, 0
	if r.Points == 0 {
		return nil
	}
	s.out.Route = r.ID
	if len(pending) == 0 {
		return nil // it only seemed to go on
	}
	r.State, r.Ended, r.device = state, time.UnixMilli(s.report.Time), s.report.Device
	first := slices.IndexFunc(pending, func(f sorted) bool { return f.from != nil && !s.kept[f.from.id] })
	anew := !goesOn && first >= 0
	switch {
	case goesOn:
	case anew:
		old := pending[first].from
		s.kept[old.id] = true
		if s.out.Route = old.ID; len(pending) == int(old.Points) && !slices.ContainsFunc(pending, func(f sorted) bool { return f.from != old }) {
			return nil // it is what it was
		}
		r.id, r.token, r.call, r.ID, r.Traveler, r.Began = old.id, old.token, old.call, old.ID, old.Traveler, old.Began
		r.Name, r.Color, r.Hidden, r.anew = old.Name, old.Color, old.Hidden, s.tx.Position()
		if err := s.tx.Exec("DELETE FROM chunk WHERE route = ?", r.id); err != nil {
			return err
		}
	default:
		if err := s.begin(&r); err != nil {
			return err
		}
	}
	fixes := make([]Fix, len(pending))
	for i, f := range pending {
		fixes[i] = f.Fix
	}
	s.out.Route = r.ID
	s.out.routes = append(s.out.routes, made{route: r.Route, fixes: fixes, anew: anew})
	return s.store(r, stored, fixes)
}

// begin gives a new route its names, which are the same in every process.
func (s *shaper) begin(r *row) (err error) {
	if r.id, err = nextID(s.tx); err != nil {
		return err
	}
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clone(s.report.Device), uint64(r.id)))
	r.token, r.call = hash[:], hash[:8]
	r.ID = strings.ToLower(base32.StdEncoding.EncodeToString(hash[:15]))
	r.Traveler, r.Began = s.report.Traveler, time.UnixMilli(s.report.Time)
	return nil
}

func (s *shaper) store(r row, first uint32, fixes []Fix) error {
	for chunk := range slices.Chunk(fixes, chunkPoints) {
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
	if err := s.tx.Exec("DELETE FROM route_box WHERE id IN (?, ?)", r.id, -r.id); err != nil {
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
		r.device = nil // its time is no longer its own
		gone, err := r.remove(s.tx)
		if err != nil {
			return err
		}
		s.out.routes = append(s.out.routes, gone)
	}
	return nil
}

// settle has the newest route of the device be the one that is recorded, and no other.
func (s *shaper) settle() error {
	var unsettled []row
	for found, err := range s.tx.Query(columns+`WHERE id IN (SELECT id FROM route WHERE device = ?1 AND state = 1
		UNION SELECT * FROM (SELECT id FROM route WHERE device = ?1 AND deleted = 0 ORDER BY start DESC, id DESC LIMIT 1)) ORDER BY start DESC, id DESC`,
		s.report.Device) {
		if err != nil {
			return err
		}
		unsettled = append(unsettled, scan(found))
	}
	for i, r := range unsettled {
		want := Finished
		if i == 0 {
			want = Recording
		}
		if r.State == want {
			continue
		}
		r.State = want
		if err := r.save(s.tx); err != nil {
			return err
		}
		if told := slices.IndexFunc(s.out.routes, func(m made) bool { return m.route.ID == r.ID }); told >= 0 {
			s.out.routes[told].route.State = want
		} else {
			s.out.routes = append(s.out.routes, made{route: r.Route})
		}
	}
	return nil
}
