package feature

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"routeguide/server/geo"
)

// A plain is what an edition has to tell, in the simplest form.
type plain struct {
	file  []Feature
	edits map[geo.Point]*Feature // nil for a deleted one
}

func (p plain) at(at geo.Point) (Feature, bool) {
	if f, edited := p.edits[at]; edited {
		if f == nil {
			return Feature{}, false
		}
		return *f, true
	}
	for _, f := range p.file {
		if f.Location == at {
			return f, true
		}
	}
	return Feature{}, false
}

func (p plain) in(r geo.Rect) (all []Feature) {
	for _, f := range p.file {
		if _, edited := p.edits[f.Location]; !edited && r.Contains(f.Location) {
			all = append(all, f)
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(p.edits), func(a, b geo.Point) int { return cmp.Or(cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lng, b.Lng)) }) {
		if f := p.edits[at]; f != nil && r.Contains(at) {
			all = append(all, *f)
		}
	}
	return all
}

// compareAll holds an edition against what it has to be: at each of the points, and in rectangles between them.
func compareAll(t *testing.T, e *edition, want plain, points []geo.Point) {
	t.Helper()
	rects := []geo.Rect{geo.World}
	for i, p := range points {
		got, ok := e.at(p)
		if f, there := want.at(p); got != f || ok != there {
			t.Fatalf("with %d edits at(%v) = %v, %v, want %v, %v", len(want.edits), p, got, ok, f, there)
		}
		q := points[(i+1)%len(points)]
		rects = append(rects, geo.RectOf(p, q), geo.Rect{South: p.Lat, West: p.Lng, North: q.Lat, East: q.Lng}, geo.RectOf(p, p))
	}
	for _, r := range rects {
		seq := e.in(r)
		all := want.in(r)
		if got := slices.Collect(seq); !slices.Equal(got, all) {
			t.Fatalf("with %d edits in(%v) yields %v, want %v", len(want.edits), r, got, all)
		}
		for _, stop := range []int{0, len(all) - 1} { // once more, and not to the end
			n := 0
			for f := range seq {
				if n == stop {
					if f != all[n] {
						t.Fatalf("in(%v) yields %v as number %d, want %v", r, f, n, all[n])
					}
					break
				}
				n++
			}
		}
	}
}

func indexOf(t *testing.T, file []Feature) *Index {
	t.Helper()
	base, err := NewIndex(sequence(func(yield func(Feature) bool) error {
		for _, f := range file {
			if !yield(f) {
				break
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// edited makes an edit, and in want as well.
func (p plain) edited(at geo.Point, name string, deleted bool) *edit {
	if deleted {
		p.edits[at] = nil
		return &edit{Feature{Location: at}, true}
	}
	p.edits[at] = &Feature{name, at}
	return &edit{Feature{name, at}, false}
}

// Edits in batches, many to one location, up to so many that the trees have several levels. No edition changes once the
// next one is made, and one that is made of all edits at once is the same.
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
			want := plain{edits: make(map[geo.Point]*Feature)}
			for i := range test.file {
				want.file = append(want.file, Feature{fmt.Sprint("file ", i), point()})
			}
			base := indexOf(t, want.file)
			e, all := unedited(base), []*edit(nil)
			middle, then := e, want
			for b := range test.batches {
				var made []*edit
				for i := range test.batch {
					made = append(made, want.edited(point(), fmt.Sprint("edit ", b, " ", i), random.IntN(3) == 0))
				}
				all = append(all, made...)
				e = e.with(made)
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
			compareAll(t, unedited(base).with(all), want, points)
		})
	}
}

// FuzzEditions reads edits from data, two bytes each: a place on a grid, and what happens there.
func FuzzEditions(f *testing.F) {
	f.Add([]byte{0x11, 1, 0x12, 1, 0x11, 2, 0x33, 2, 0x11, 3})
	f.Add([]byte{0x80, 0, 0x08, 4, 0x88, 8, 0x80, 12})
	f.Fuzz(func(t *testing.T, data []byte) {
		grid := func(b byte) geo.Point { return geo.Point{Lat: int32(b>>4)*12e7 - 90e7, Lng: int32(b&15)*24e7 - 180e7} }
		want := plain{edits: make(map[geo.Point]*Feature)}
		for i := range byte(40) {
			want.file = append(want.file, Feature{fmt.Sprint(i), grid(i * 7)})
		}
		e := unedited(indexOf(t, want.file))
		var batch []*edit
		points := []geo.Point{grid(0), grid(255), grid(0x0f), grid(0xf0)}
		for ; len(data) >= 2; data = data[2:] {
			at, what := grid(data[0]), data[1]
			batch = append(batch, want.edited(at, fmt.Sprint("edit ", what>>2), what&1 == 1))
			if what&2 == 2 {
				e, batch = e.with(batch), nil
			}
			if len(points) < 12 {
				points = append(points, at)
			}
		}
		compareAll(t, e.with(batch), want, points)
	})
}

// One more edit, where there are many.
func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("after ", n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(9, 9))
			made := make([]*edit, n+1)
			for i := range made {
				at := geo.Point{Lat: int32(random.IntN(180e7) - 90e7), Lng: int32(random.IntN(360e7) - 180e7)}
				made[i] = &edit{Feature: Feature{"edited", at}}
			}
			e := unedited(Default()).with(made[1:])
			b.ReportAllocs()
			for b.Loop() {
				e.with(made[:1])
			}
		})
	}
}
