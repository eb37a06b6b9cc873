package feature

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"routeguide/server/geo"
)

// A plain is what an edition has to tell, in the simplest form.
type plain struct {
	file  []Entry
	edits map[string]*Entry // nil for a deleted one
}

func (p plain) all() (all []Entry) {
	for _, f := range p.file {
		if _, edited := p.edits[f.ID]; !edited {
			all = append(all, f)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.edits)) {
		if f := p.edits[id]; f != nil {
			all = append(all, *f)
		}
	}
	return all
}

func (p plain) in(r geo.Rect) (in []Entry) {
	for _, f := range p.all() {
		if r.Contains(f.Location) {
			in = append(in, f)
		}
	}
	return in
}

func (p plain) nearest(at geo.Point, limit int, metres float64) (near []float64) {
	for _, f := range p.all() {
		if d := geo.Distance(at, f.Location); d <= metres {
			near = append(near, d)
		}
	}
	slices.Sort(near)
	return near[:min(limit, len(near))]
}

// edited makes an edit, and in p as well: of a feature of the file, of one that was added, or a new one.
func (p plain) edited(base *Index, id, name string, at geo.Point, deleted bool) *edit {
	d := Described{Feature{name, at}, Details{Description: "edited"}}
	r := row{id: id, deleted: deleted, Patch: patchTo(d)}
	if _, ofFile := base.find(id); !ofFile {
		r.created = 1
	}
	if p.edits[id] = &(Entry{id, d}); deleted {
		p.edits[id] = nil
	}
	return base.edit(r)
}

// compareAll holds an edition against what it has to be: at each of the points, and in rectangles between them.
func compareAll(t *testing.T, e *Edition, want plain, points []geo.Point) {
	t.Helper()
	rects := []geo.Rect{geo.World}
	for i, p := range points {
		got, ok := e.at(p)
		if there := want.in(geo.RectOf(p, p)); ok != (len(there) > 0) || ok && got != there[0].Feature {
			t.Fatalf("with %d edits at(%v) = %v, %v, want the first of %v", len(want.edits), p, got, ok, there)
		}
		var near []float64
		for _, n := range e.Nearest(p, 7, 1e7) {
			near = append(near, n.Metres)
			if f, ok := e.Find(n.ID); !ok || f != n.Entry || geo.Distance(p, f.Location) != n.Metres {
				t.Fatalf("nearest to %v is %v, %v m away, but %q is %v, %v", p, n.Entry, n.Metres, n.ID, f, ok)
			}
		}
		if all := want.nearest(p, 7, 1e7); !slices.Equal(near, all) {
			t.Fatalf("with %d edits the nearest to %v are %v m away, want %v", len(want.edits), p, near, all)
		}
		q := points[(i+1)%len(points)]
		rects = append(rects, geo.RectOf(p, q), geo.Rect{South: p.Lat, West: p.Lng, North: q.Lat, East: q.Lng}, geo.RectOf(p, p))
	}
	for _, r := range rects {
		all := want.in(r)
		if got := slices.Collect(e.In(r)); !slices.Equal(got, all) {
			t.Fatalf("with %d edits entries(%v) yields %v, want %v", len(want.edits), r, got, all)
		}
		seq := e.in(r)
		for _, stop := range []int{0, len(all) - 1, len(all)} { // also not to the end
			n := 0
			for f := range seq {
				if n >= len(all) || f != all[n].Feature {
					t.Fatalf("in(%v) yields %v as number %d", r, f, n)
				}
				if n == stop {
					break
				}
				n++
			}
		}
	}
}

func indexOf(t testing.TB, file []Feature) (*Index, plain) {
	t.Helper()
	base, err := NewIndex(sequence(func(yield func(Described) bool) error {
		for _, f := range file {
			if !yield(Described{Feature: f}) {
				break
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := plain{edits: make(map[string]*Entry)}
	count := make(map[geo.Point]int)
	for _, f := range file {
		count[f.Location]++
		want.file = append(want.file, Entry{fileID(f.Location, count[f.Location]), Described{Feature: f}})
	}
	return base, want
}

// Edits in batches, many of one feature or at one location, up to so many that the trees have several levels. No edition
// changes once the next one is made, and one that is made of all edits at once is the same.
func TestEditionsAgainstAPlainMap(t *testing.T) {
	for _, test := range []struct{ side, file, batches, batch int }{
		{3, 5, 40, 4}, {20, 300, 20, 40}, {200, 2000, 8, 300}, {1000, 0, 6, 500},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, uint64(test.side)))
			point := func() geo.Point {
				half := test.side / 2
				return geo.Point{Lat: int32(random.IntN(test.side)-half) * (90e7 / int32(test.side)), Lng: int32(random.IntN(test.side)-half) * (180e7 / int32(test.side))}
			}
			var file []Feature
			for i := range test.file {
				file = append(file, Feature{fmt.Sprint("file ", i), point()})
			}
			base, want := indexOf(t, file)
			id := func() string {
				if n := random.IntN(3 * (test.file + 1)); n < test.file {
					return want.file[n].ID
				}
				return fmt.Sprint("added", random.IntN(test.batches*test.batch/2))
			}
			e, all := unedited(base), []*edit(nil)
			middle, then := e, want
			for b := range test.batches {
				var made []*edit
				for i := range test.batch {
					made = append(made, want.edited(base, id(), fmt.Sprint("edit ", b, " ", i), point(), random.IntN(3) == 0))
				}
				all = append(all, made...)
				e, _ = e.with(made, 0)
				var points []geo.Point
				for range 2 {
					points = append(points, point(), all[random.IntN(len(all))].Location)
				}
				compareAll(t, e, want, points)
				if b == test.batches/2 {
					middle, then = e, plain{want.file, maps.Clone(want.edits)}
				}
			}
			var points []geo.Point
			for range 10 {
				points = append(points, point(), all[random.IntN(len(all))].Location)
			}
			compareAll(t, middle, then, points)
			again, _ := unedited(base).with(all, 0)
			compareAll(t, again, want, points)
		})
	}
}

// FuzzEditions reads edits from data, three bytes each: of which feature, a place on a grid, and what happens there.
func FuzzEditions(f *testing.F) {
	f.Add([]byte{1, 0x11, 1, 2, 0x12, 1, 1, 0x11, 2, 200, 0x33, 2, 200, 0x11, 3})
	f.Add([]byte{1, 0x80, 0, 1, 0x08, 4, 255, 0x88, 8, 255, 0x80, 12})
	f.Fuzz(func(t *testing.T, data []byte) {
		grid := func(b byte) geo.Point { return geo.Point{Lat: int32(b>>4)*12e7 - 90e7, Lng: int32(b&15)*24e7 - 180e7} }
		var file []Feature
		for i := range byte(40) {
			file = append(file, Feature{fmt.Sprint(i), grid(i * 7)})
		}
		base, want := indexOf(t, file)
		e := unedited(base)
		var batch []*edit
		points := []geo.Point{grid(0), grid(255), grid(0x0f), grid(0xf0)}
		for ; len(data) >= 3; data = data[3:] {
			id, at, what := fmt.Sprint("added", data[0]), grid(data[1]), data[2]
			if int(data[0]) < len(file) {
				id = want.file[data[0]].ID
			}
			batch = append(batch, want.edited(base, id, fmt.Sprint("edit ", what>>2), at, what&1 == 1))
			if what&2 == 2 {
				e, _ = e.with(batch, 0)
				batch = nil
			}
			if len(points) < 12 {
				points = append(points, at)
			}
		}
		e, _ = e.with(batch, 0)
		compareAll(t, e, want, points)
	})
}

// Nearest is right where the sphere is not a plane: near the poles, across the antimeridian, and of points half around it.
func TestNearestAgainstLookingAtEach(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	around := func(lat, lng, spread float64) geo.Point {
		y := max(-90e7, min(90e7, lat*1e7+random.NormFloat64()*spread*1e7))
		x := lng*1e7 + random.NormFloat64()*spread*1e7
		for x > 180e7 {
			x -= 360e7
		}
		for x < -180e7 {
			x += 360e7
		}
		return geo.Point{Lat: int32(y), Lng: int32(x)}
	}
	anywhere := func() geo.Point {
		switch random.IntN(5) {
		case 0:
			return around(90, random.Float64()*360-180, 3)
		case 1:
			return around(-90, random.Float64()*360-180, 3)
		case 2:
			return around(random.Float64()*180-90, 180, 2)
		}
		return geo.Point{Lat: random.Int32N(180e7+1) - 90e7, Lng: int32(random.Int64N(360e7+1) - 180e7)}
	}
	var file []Feature
	for range 4000 {
		file = append(file, Feature{"", anywhere()})
	}
	base, want := indexOf(t, file)
	var made []*edit
	for i := range 1000 {
		made = append(made, want.edited(base, fmt.Sprint("added", i), "", anywhere(), false))
	}
	for i := range 500 {
		made = append(made, want.edited(base, want.file[i].ID, "", anywhere(), i%2 == 0))
	}
	e, _ := unedited(base).with(made, 0)
	points := []geo.Point{{Lat: 90e7}, {Lat: -90e7, Lng: 7}, {Lng: 180e7}, {Lng: -180e7}, {Lat: 89e7, Lng: -180e7}}
	for range 100 {
		points = append(points, anywhere())
	}
	for _, p := range points {
		limit, metres := 1+random.IntN(100), []float64{1e5, 1e6, 3e7}[random.IntN(3)]
		var got []float64
		for _, n := range e.Nearest(p, limit, metres) {
			got = append(got, n.Metres)
		}
		if near := want.nearest(p, limit, metres); !slices.Equal(got, near) {
			t.Fatalf("the %d nearest to %v within %v m are %v m away, want %v", limit, p, metres, got, near)
		}
	}
}

// One more edit, where there are many.
func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("after ", n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(9, 9))
			made := make([]*edit, n+1)
			for i := range made {
				at := geo.Point{Lat: int32(random.IntN(180e7) - 90e7), Lng: int32(random.IntN(360e7) - 180e7)}
				made[i] = &edit{Entry: Entry{fmt.Sprint("added", i), Described{Feature: Feature{"edited", at}}}, shown: true}
			}
			e, _ := unedited(Default()).with(made[1:], 0)
			b.ReportAllocs()
			for b.Loop() {
				e.with(made[:1], 0)
			}
		})
	}
}
