package feature_test

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

const million = 1_000_000

// scattered returns n named features all over the world, the same ones every time.
func scattered(n int) []feature.Feature {
	random := rand.New(rand.NewPCG(1, 2))
	features := make([]feature.Feature, n)
	for i := range features {
		features[i] = feature.Feature{Name: fmt.Sprintf("Feature number %d", i), Location: randomPoint(random)}
	}
	return features
}

func randomPoint(random *rand.Rand) geo.Point {
	return geo.Point{
		Lat: int32(random.IntN(2*geo.MaxLat+1) - geo.MaxLat),
		Lng: int32(random.IntN(2*geo.MaxLng+1) - geo.MaxLng),
	}
}

var millionIndex = sync.OnceValues(func() (*feature.Index, error) { return feature.NewIndex(each(scattered(million))) })

func BenchmarkOpenMillion(b *testing.B) {
	for _, form := range forms {
		b.Run(form.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "features")
			writeFile(b, path, form.write, scattered(million))
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var index *feature.Index
			for b.Loop() {
				var err error
				if index, err = feature.Open(b.Context(), path, slog.New(slog.DiscardHandler)); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(index.Len()), "B/feature")
			b.ReportMetric(float64(b.N*index.Len())/b.Elapsed().Seconds(), "features/s")
		})
	}
}

type read struct {
	name string
	from interface {
		At(geo.Point) (feature.Feature, bool)
		In(geo.Rect) iter.Seq[feature.Feature]
	}
}

// reads are from the index by itself, from the book of it without an edit, and with some.
func reads(b *testing.B) []read {
	b.Helper()
	index, err := millionIndex()
	if err != nil {
		b.Fatal(err)
	}
	unedited, _ := openBook(b, b.TempDir(), index)
	edited, _ := openBook(b, b.TempDir(), index)
	var wg sync.WaitGroup
	const writers = 100
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(13, uint64(w)))
			for range 100 {
				create(b, edited, "edited", randomPoint(random))
			}
		})
	}
	wg.Wait()
	return []read{{"index", index}, {"no edits", unedited}, {"10,000 edits", edited}}
}

func BenchmarkIn(b *testing.B) {
	reads := reads(b)
	for _, size := range []struct {
		name string
		rect geo.Rect
	}{
		{"small", geo.Rect{South: 40e7, West: -75e7, North: 41e7, East: -74e7}},
		{"crossing", geo.Rect{South: 40e7, West: 179.5e7, North: 41e7, East: -179.5e7}},
		{"country", geo.Rect{South: 25e7, West: -125e7, North: 49e7, East: -67e7}},
		{"hemisphere", geo.Rect{South: 0, West: -180e7, North: 90e7, East: 180e7}},
		{"world", geo.World},
	} {
		for _, read := range reads {
			b.Run(size.name+"/"+read.name, func(b *testing.B) {
				b.ReportAllocs()
				hits := 0
				for b.Loop() {
					hits = 0
					for range read.from.In(size.rect) {
						hits++
					}
				}
				b.ReportMetric(float64(hits), "hits")
			})
		}
	}
}

func BenchmarkAt(b *testing.B) {
	reads := reads(b)
	features := scattered(million)
	for _, read := range reads {
		b.Run(read.name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				if _, ok := read.from.At(features[i].Location); !ok {
					b.Fatal("a feature is not where it is")
				}
				i = (i + 7919) % len(features)
			}
		})
	}
}

func writeFile(tb testing.TB, path string, write func(io.Writer, []feature.Feature), features []feature.Feature) {
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	buffered := bufio.NewWriter(file)
	write(buffered, features)
	if err := buffered.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
}
