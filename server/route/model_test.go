package route_test

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/route"
)

// A model is what a book should hold, kept in the plainest way.
type model struct {
	fixes   []route.Fix // stored ones
	began   time.Time
	state   route.State
	edit    [2]string // name and colour
	hidden  bool
	deleted bool
	order   int // by when it came to be

	recorder *route.Recorder // that of the newest call, or nil
	stale    *route.Recorder // that of the call before it
	pending  []route.Fix
}

// statistics are those of the contract's definition, counted from all points at once.
func (m *model) statistics() (metres float64, s route.Statistics, top float64) {
	measured, stepped, rest := -1.0, 0.0, int64(0)
	level, counted := int32(0), false
	for i, f := range m.fixes {
		if speed, known := f.Speed.Get(); known {
			measured = max(measured, float64(speed)/100)
		}
		if elevation, known := f.Elevation.Get(); known {
			change := elevation - level
			switch {
			case !counted:
				level, counted = elevation, true
			case change >= 50:
				s.Climb += int64(change)
				level = elevation
			case change <= -50:
				s.Descent += int64(-change)
				level = elevation
			}
		}
		if i == 0 {
			continue
		}
		way := geo.Distance(m.fixes[i-1].Point, f.Point)
		metres += way
		took, mm := f.Time.Sub(m.fixes[i-1].Time).Milliseconds(), int64(math.Round(way*1000))
		if took > 0 && took <= 5*60*1000 && float64(mm)/float64(took) >= 0.5 {
			s.MovingTime += took
			s.MovingDistance += mm
			if took >= 1000 {
				stepped = max(stepped, math.Round(float64(mm)/float64(took)*100)/100)
			}
			rest = 0
			continue
		}
		if before := rest; before < 2*60*1000 && before+took >= 2*60*1000 {
			s.Stops++
		}
		rest += took
	}
	if top = stepped; measured >= 0 {
		top = measured
	}
	return metres, s, top
}

func (m *model) check(t *testing.T, book *route.Book, id string) {
	t.Helper()
	r, err := book.Get(t.Context(), id)
	if m.deleted {
		if !errors.Is(err, route.ErrNotFound) {
			t.Fatalf("%s, which was deleted: %+v, %v", id, r, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := track(t, book, id); !slices.Equal(got, m.fixes) {
		t.Fatalf("%s has the points %v, want %v", id, got, m.fixes)
	}
	metres, s, top := m.statistics()
	if r.Metres != metres || r.Statistics.TopSpeed() != top || r.Statistics.MovingTime != s.MovingTime || r.Statistics.MovingDistance != s.MovingDistance ||
		r.Statistics.Stops != s.Stops || r.Statistics.Climb != s.Climb || r.Statistics.Descent != s.Descent {
		t.Fatalf("%s comes to %v m and %+v with %v m/s, want %v m and %+v with %v m/s", id, r.Metres, r.Statistics, r.Statistics.TopSpeed(), metres, s, top)
	}
	want := route.Route{
		ID: id, Traveler: "ada", State: m.state, Name: m.edit[0], Color: m.edit[1], Hidden: m.hidden, Began: m.began, Start: m.began,
		Newest: route.Fix{Time: m.began}, Points: uint32(len(m.fixes)),
	}
	for i, f := range m.fixes {
		if i == 0 {
			want.Start, want.Bounds = f.Time, geo.RectOf(f.Point, f.Point)
		}
		want.Newest, want.Bounds = f, want.Bounds.With(f.Point)
		if f.Point == home {
			want.Features++
		}
	}
	want.Ended, want.Metres, want.Statistics, want.Sketch = r.Ended, r.Metres, r.Statistics, r.Sketch // other tests are for them
	if r != want {
		t.Fatalf("%s is %+v, want %+v", id, r, want)
	}
}

// Whatever is done to routes, and however often the program is started anew, they are what a plain model says.
func TestBookAgreesWithAModel(t *testing.T) {
	const seed, steps, routes = 11, 600, 6
	r := rand.New(rand.NewPCG(seed, 0))
	c := &clock{time.UnixMilli(1_700_000_000_000)}
	dir := t.TempDir()
	models := make(map[string]*model)
	began := 0
	step := 0
	for step < steps {
		t.Run(fmt.Sprint("from ", step), func(t *testing.T) { // the store is closed when it ends
			book := open(t, dir, c)
			for id, m := range models {
				m.recorder, m.stale, m.pending = nil, nil, nil // what waits is lost
				m.check(t, book, id)
			}
			for ; step < steps && r.IntN(40) > 0; step++ {
				c.now = c.now.Add(time.Duration(r.IntN(5000)) * time.Millisecond)
				id := fmt.Sprint("route ", r.IntN(routes))
				if m := models[id]; m != nil && m.deleted && r.IntN(4) == 0 {
					id = fmt.Sprint("route ", step) // the others fade away
				}
				m := models[id]
				if m == nil {
					m = &model{began: c.now.Truncate(time.Millisecond), order: began}
					began++
					models[id] = m
					rec, err := book.Record(t.Context(), sha256.Sum256([]byte(id)), id, "ada")
					if err != nil {
						t.Fatal(err)
					}
					m.recorder, m.state = rec, route.Recording
				}
				m.act(t, r, c, book, id)
				m.check(t, book, id)
			}
			for _, hidden := range []bool{false, true} {
				var want []string
				for id, m := range models {
					if !m.deleted && (hidden || !m.hidden) {
						want = append(want, id)
					}
				}
				slices.SortFunc(want, func(a, b string) int {
					return cmp.Or(models[b].start().Compare(models[a].start()), cmp.Compare(models[b].order, models[a].order))
				})
				var got []string
				for _, listed := range pages(t, book, route.Query{Limit: 1 + r.IntN(5), Hidden: hidden}) {
					got = append(got, listed.ID)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("listed %v, want %v", got, want)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
}

func (m *model) start() time.Time {
	if len(m.fixes) > 0 {
		return m.fixes[0].Time
	}
	return m.began
}

// act does something to a route that may or may not be possible.
func (m *model) act(t *testing.T, r *rand.Rand, c *clock, book *route.Book, id string) {
	t.Helper()
	expect := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("%s of %s: %v, want %v", what, id, err, want)
		}
	}
	missing := error(nil)
	if m.deleted {
		missing = route.ErrNotFound
	}
	switch what := r.IntN(20); {
	case what == 0 && r.IntN(4) == 0:
		expect("the deletion", book.Delete(t.Context(), id), nil)
		m.deleted = true
	case what <= 2:
		var e route.Edit
		name, color, hidden := fmt.Sprint("name ", r.IntN(100)), fmt.Sprintf("#%06x", r.IntN(1<<24)), r.IntN(2) == 0
		if r.IntN(2) == 0 {
			e.Name = &name
		}
		if r.IntN(2) == 0 {
			e.Color = &color
		}
		if r.IntN(2) == 0 {
			e.Hidden = &hidden
		}
		_, err := book.Update(t.Context(), id, e)
		if expect("an edit", err, missing); err != nil {
			return
		}
		if e.Name != nil {
			m.edit[0] = name
		}
		if e.Color != nil {
			m.edit[1] = color
		}
		if e.Hidden != nil {
			m.hidden = hidden
		}
	case what <= 4 || m.recorder == nil:
		rec, err := book.Record(t.Context(), sha256.Sum256([]byte(id)), id, "somebody else")
		if expect("a call", err, missing); err != nil {
			return
		}
		m.stale, m.recorder, m.pending = m.recorder, rec, nil
		if m.state != route.Finished {
			m.state = route.Recording
		}
		if rec.Stored() != len(m.fixes) {
			t.Fatalf("of %s are %d points stored, want %d", id, rec.Stored(), len(m.fixes))
		}
	case what == 5 && m.stale != nil && !m.deleted && m.state != route.Finished:
		expect("the call before", m.stale.Interrupt(t.Context()), route.ErrTaken)
	case what <= 7 && len(m.pending) > 0:
		err := m.recorder.Flush(t.Context())
		m.stored(err)
		expect("a flush", err, missing)
	case what == 8 && m.state != route.Finished:
		err := m.recorder.Interrupt(t.Context())
		if m.stored(err); err == nil {
			m.state = route.Interrupted
		}
		expect("an interruption", err, missing)
	case what == 9 && r.IntN(3) == 0 && m.state != route.Finished:
		_, err := m.recorder.Finish(t.Context())
		if m.stored(err); err == nil {
			m.state = route.Finished
		}
		expect("the end", err, missing)
	default:
		m.add(t, r, c)
	}
}

// stored says that what waits is stored, unless the error says something else.
func (m *model) stored(err error) {
	if err == nil {
		m.fixes, m.pending = append(m.fixes, m.pending...), nil
		m.state = route.Recording
	}
}

// add adds a few points, some with times that go back, at home, or far away.
func (m *model) add(t *testing.T, r *rand.Rand, c *clock) {
	t.Helper()
	for range r.IntN(12) {
		f := randomFix(r, c.now.Add(time.Duration(r.IntN(100_000))*time.Millisecond))
		if r.IntN(3) > 0 { // near the antimeridian, at the speed of somebody who walks or drives
			f.Point = geo.Point{Lat: r.Int32N(20_000), Lng: geo.MaxLng - r.Int32N(20_000)}
			if r.IntN(2) == 0 {
				f.Point.Lng = -f.Point.Lng
			}
		}
		if r.IntN(9) == 0 {
			f.Point = home
		}
		err := m.recorder.Add(t.Context(), f)
		if m.state == route.Finished {
			if !errors.Is(err, route.ErrFinished) {
				t.Fatalf("a point after the end: %v", err)
			}
			return
		}
		all := append(slices.Clone(m.fixes), m.pending...)
		if n := len(all); n > 0 && f.Time.Before(all[n-1].Time) {
			f.Time = all[n-1].Time
		}
		m.pending = append(m.pending, f)
		if len(m.pending) == route.MaxPending {
			if m.stored(err); m.deleted && errors.Is(err, route.ErrNotFound) {
				return
			}
		}
		if err != nil && !m.deleted {
			t.Fatal(err)
		}
	}
}
