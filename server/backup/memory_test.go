package backup

import (
	"bytes"
	"io"
	"runtime"
	"testing"
	"time"

	"routeguide/server/store"
)

// Moving takes memory for what is under way, not for all there is.
func TestMemoryIsBounded(t *testing.T) {
	const line, n, bound = 24 << 10, 3500, 72 << 20
	file, to := io.Pipe()
	w := newWriter(to)
	go func() {
		err := w.write(header{Format: format, Version: version, ID: "x", Logs: []extent{
			{Name: "NOTES", Subjects: []string{"n.>"}, First: 1, Last: n, Records: n},
		}}, shortSum)
		data := bytes.Repeat([]byte("x"), line)
		for i := range uint64(n) {
			if err == nil {
				err = w.write(newEvent("NOTES", store.Record{Seq: i + 1, Time: time.Unix(1e9, 0), Subject: "n.a", Data: data}), shortSum)
			}
		}
		if err == nil {
			err = w.end(trailer{Records: map[string]uint64{"NOTES": n}})
		}
		to.CloseWithError(err)
	}()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, peak := heap(), uint64(0) // other tests leave something behind
	watch := func(_ string, done, _ uint64) {
		if done%reportEvery == 0 {
			peak = max(peak, heap())
		}
	}
	st := open(t, t.TempDir())
	if _, err := Import(t.Context(), st, file, watch); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(t.Context(), st, io.Discard, watch); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB were moved, and the heap grew from %d to %d MB at most", n*line>>20, before>>20, peak>>20)
	if peak > before+bound {
		t.Errorf("the heap grew by %d bytes, want %d at most", peak-before, bound)
	}
}
