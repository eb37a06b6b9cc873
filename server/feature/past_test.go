package feature

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A version is what an edit made of a feature; nil for a deletion.
type version struct {
	id       string
	time     int64
	sequence int
	value    *Described
}

// A history is what the past has to tell, in the simplest form: the versions of each feature, in their order.
type history struct {
	file      map[string]Described
	versions  map[string][]version
	overtaken []string // whose versions were overtaken, one after the other
	edits     int
}

func (h *history) at(id string, t int64) *Described {
	var now *Described
	if d, ok := h.file[id]; ok {
		now = &d
	}
	for _, v := range h.versions[id] {
		if v.time <= t {
			now = v.value
		}
	}
	return now
}

func (h *history) edit(id string, t int64, value *Described, keep int) {
	h.edits++
	all := h.versions[id]
	if n := len(all); n > 0 {
		t = max(t, all[n-1].time)
		h.overtaken = append(h.overtaken, id)
	}
	h.versions[id] = append(all, version{id, t, h.edits, value})
	for ; len(h.overtaken) > keep; h.overtaken = h.overtaken[1:] {
		gone := h.overtaken[0]
		h.versions[gone] = h.versions[gone][1:]
		h.versions[gone][0].time = 0
	}
}

func (h *history) ids() []string {
	all := maps.Clone(h.versions)
	for id := range h.file {
		all[id] = nil
	}
	return slices.Sorted(maps.Keys(all))
}

// then is what there was in an area, by identifier.
func (h *history) then(area geo.Rect, t int64) (there []Entry) {
	for _, id := range h.ids() {
		if d := h.at(id, t); d != nil && area.Contains(d.Location) {
			there = append(there, Entry{id, *d})
		}
	}
	return there
}

// past is what became of the features of an area from one time to another.
func (h *history) past(area geo.Rect, from, until int64) (told []string) {
	var all []version
	for _, versions := range h.versions {
		all = append(all, versions...)
	}
	slices.SortFunc(all, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.sequence, b.sequence))
	})
	for _, v := range all {
		if v.time < max(from, 1) || v.time >= until {
			continue
		}
		before := (*Described)(nil)
		if d, ok := h.file[v.id]; ok {
			before = &d
		}
		for _, earlier := range h.versions[v.id] {
			if earlier.sequence < v.sequence {
				before = earlier.value
			}
		}
		switch {
		case v.value != nil && area.Contains(v.value.Location):
			told = append(told, fmt.Sprint(v.time, " ", Entry{v.id, *v.value}))
		case before != nil && area.Contains(before.Location):
			told = append(told, fmt.Sprint(v.time, " no ", v.id))
		}
	}
	return told
}

// all yields features without errors.
func all(features []Described) iter.Seq2[Described, error] {
	return func(yield func(Described, error) bool) {
		for _, d := range features {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// What was there at a time, and what happened since, is what a plain record of all edits says.
func TestThePast(t *testing.T) {
	for _, keep := range []int{1_000_000, 60} {
		t.Run(fmt.Sprint("keeping ", keep), func(t *testing.T) { thePast(t, keep) })
	}
}

func thePast(t *testing.T, keep int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	at := func() geo.Point {
		return geo.Point{Lat: r.Int32N(10), Lng: (r.Int32N(2)*2 - 1) * (geo.MaxLng - r.Int32N(10))}
	}
	var file []Described
	for range 20 {
		file = append(file, Described{Feature{"of the file", at()}, Details{}})
	}
	base, err := NewIndex(all(file))
	if err != nil {
		t.Fatal(err)
	}
	st := store.New(store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	book := New(st, base)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	h := &history{file: make(map[string]Described), versions: make(map[string][]version)}
	for i := range file {
		e := base.entry(uint32(i))
		h.file[e.ID] = e.Described
	}

	clock := int64(1_000_000)
	for n := range 400 {
		clock += r.Int64N(4) // some at one time
		made := clock - r.Int64N(2)*r.Int64N(10)
		change := &logv1.FeatureChange{Id: binary.BigEndian.AppendUint64(nil, uint64(n)), Time: made, PastLimit: uint32(keep)}
		id := fmt.Sprint("added", r.IntN(20))
		if r.IntN(2) == 0 {
			id = base.entry(uint32(r.IntN(len(file)))).ID
		}
		_, ofFile := h.file[id]
		now := h.at(id, 1<<60)
		d := Described{Feature{fmt.Sprint("name ", n), at()}, Details{}}
		switch {
		case now == nil && !ofFile:
			change.Kind = &logv1.FeatureChange_Added{Added: &logv1.FeaturesAdded{Features: []*logv1.FeatureAdded{Entry{id, d}.added()}}}
		case now == nil:
			continue // for good
		case r.IntN(3) == 0:
			change.Kind = &logv1.FeatureChange_Deleted{Deleted: &logv1.FeatureDeleted{Id: id}}
		default:
			updated := &logv1.FeatureUpdated{Id: id, Name: &d.Name}
			if r.IntN(2) == 0 {
				updated.Latitude, updated.Longitude = &d.Location.Lat, &d.Location.Lng
			} else {
				d.Location = now.Location
			}
			change.Kind = &logv1.FeatureChange_Updated{Updated: updated}
		}
		if _, err := st.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Feature{Feature: change}}); err != nil {
			t.Fatal(err)
		}
		if change.GetDeleted() != nil {
			h.edit(id, made, nil, keep)
		} else {
			h.edit(id, made, &d, keep)
		}
	}
	var kept, want int
	if err := st.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.First(func(r store.Row) { kept = int(r.Int(0)) }, "SELECT count(*) FROM feature_past")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if want = len(h.overtaken); kept != want {
		t.Errorf("%d earlier values are kept, want %d", kept, want)
	}

	areas := []geo.Rect{geo.World, {South: 0, West: geo.MaxLng - 4, North: 9, East: -geo.MaxLng + 4}, {South: 3, West: -geo.MaxLng, North: 6, East: 0}}
	for range 60 {
		from := 999_990 + r.Int64N(clock-999_980)
		until := from + r.Int64N(300)
		for _, area := range areas {
			then, err := book.Then(t.Context(), time.UnixMilli(from))
			if err != nil {
				t.Fatal(err)
			}
			there := slices.SortedFunc(then.In(area), func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
			if want := h.then(area, from); !slices.Equal(there, want) {
				t.Fatalf("at %d there was in %v\n%v, want\n%v", from, area, there, want)
			}
			var told []string
			var moments []store.Moment
			for e, err := range book.Past(t.Context(), area, store.Since(time.UnixMilli(from)), time.UnixMilli(until)) {
				if err != nil {
					t.Fatal(err)
				}
				moments = append(moments, e.Moment)
				if e.Deleted {
					told = append(told, fmt.Sprint(e.Moment.Time.UnixMilli(), " no ", e.Entry.ID))
				} else {
					told = append(told, fmt.Sprint(e.Moment.Time.UnixMilli(), " ", e.Entry))
				}
			}
			if want := h.past(area, from, until); !slices.Equal(told, want) {
				t.Fatalf("from %d to %d in %v\n%q, want\n%q", from, until, area, told, want)
			}
			if n := len(moments); n > 1 { // and on from a moment
				i, rest := r.IntN(n), 0
				for range book.Past(t.Context(), area, moments[i], time.UnixMilli(until)) {
					rest++
				}
				if rest != n-1-i {
					t.Fatalf("after event %d of %d there are %d", i, n, rest)
				}
			}
		}
	}
	if now, err := book.Then(t.Context(), time.UnixMilli(clock)); err != nil || len(slices.Collect(now.In(geo.World))) != len(slices.Collect(book.Now().In(geo.World))) {
		t.Errorf("then is not now: %v", err)
	}
}
