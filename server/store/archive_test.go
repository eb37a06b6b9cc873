package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// scatter appends n records of a size in three cells of many places each, and returns them.
func scatter(t *testing.T, l *Log, n, size int) []Record {
	t.Helper()
	recs := make([]Record, n)
	var appending sync.WaitGroup
	for caller := range 100 {
		appending.Go(func() {
			for i := caller; i < n; i += 100 {
				r := Record{Subject: fmt.Sprintf("n.%d.%d", i%7/3, i*i%97), ID: fmt.Sprint("id", i), Data: bytes.Repeat([]byte{byte(i)}, size)}
				seq, err := l.Append(t.Context(), Entry{Subject: r.Subject, ID: r.ID, Data: r.Data})
				if err != nil {
					t.Error(err)
					return
				}
				r.Seq = seq
				recs[seq-1] = r
			}
		})
	}
	appending.Wait()
	return recs
}

// TestArchive asks for records in all the ways there are, and compares them with what was stored.
func TestArchive(t *testing.T) {
	l := openNotes(t)
	stored := scatter(t, l, 6000, 1500) // in several blocks
	if a := l.files(6000); a == nil || len(a.blocks) < 2 {
		t.Fatal("the log is not read from its files, or they are not several")
	}
	for range 300 {
		q := Query{After: rand.Uint64N(2) * rand.Uint64N(6000), Newest: rand.IntN(2) * rand.IntN(3000)}
		for range 1 + rand.IntN(3) {
			q.Subjects = append(q.Subjects, []string{
				"n.>", "n.*.4", fmt.Sprintf("n.%d.*", rand.IntN(4)), fmt.Sprintf("n.%d.%d", rand.IntN(3), rand.IntN(97)),
			}[rand.IntN(4)])
		}
		if rand.IntN(3) == 0 {
			q.Through = rand.Uint64N(7000)
		}
		if rand.IntN(3) == 0 {
			q.Match = func(s string) bool { return strings.HasSuffix(s, "1") }
		}
		var want []Record
		for _, r := range stored {
			if r.Seq > q.After && (q.Through == 0 || r.Seq <= q.Through) && matchesAny(q.Subjects, r.Subject) && (q.Match == nil || q.Match(r.Subject)) {
				want = append(want, r)
			}
		}
		if q.Newest > 0 {
			want = want[max(0, len(want)-q.Newest):]
		}
		checkSame(t, q, fromFiles(t, l, q), want)
	}
	for subject := range map[string]int{"n.0.4": 0, "n.1.1": 0, "n.2.3": 0, "n.2.none": 0} {
		all := slices.DeleteFunc(slices.Clone(stored), func(r Record) bool { return r.Subject != subject })
		if n, err := l.Count(t.Context(), subject); err != nil || n != uint64(len(all)) {
			t.Errorf("%s: counted %d, %v; want %d", subject, n, err, len(all))
		}
		last, ok, err := l.Last(t.Context(), subject)
		if err != nil || ok != (len(all) > 0) || ok && last.Seq != all[len(all)-1].Seq {
			t.Errorf("%s: last is %d, %v, %v", subject, last.Seq, ok, err)
		}
	}
}

// fromFiles reads past the cache.
func fromFiles(t *testing.T, l *Log, q Query) (recs []Record) {
	t.Helper()
	q.Through = cmp.Or(q.Through, l.end.Load())
	err := l.readStored(t.Context(), q, func(rec Record) bool {
		recs = append(recs, rec)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

func checkSame(t *testing.T, q Query, got, want []Record) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w Record) bool {
		return g.Seq == w.Seq && g.Subject == w.Subject && g.ID == w.ID && bytes.Equal(g.Data, w.Data) && time.Since(g.Time) < time.Hour
	}) {
		t.Fatalf("%+v: got %d records, want %d", q, len(got), len(want))
	}
}

// TestArchiveIsCurrent reads each record as soon as it was acknowledged, while others are written.
func TestArchiveIsCurrent(t *testing.T) {
	l := openNotes(t)
	var writing sync.WaitGroup
	for w := range 20 {
		writing.Go(func() {
			subject := fmt.Sprint("n.", w)
			for n := range 50 {
				seq, err := l.Append(t.Context(), Entry{Subject: subject, Data: make([]byte, 5000)})
				if err != nil {
					t.Error(err)
					return
				}
				recs := fromFiles(t, l, Query{Subjects: []string{subject}})
				if len(recs) != n+1 || recs[n].Seq != seq {
					t.Errorf("%d records of %s after %d, sequence %d", len(recs), subject, n+1, seq)
				}
			}
		})
	}
	writing.Wait()
	if l.files(1000) == nil {
		t.Error("the log is not read from its files")
	}
}

// TestArchiveSeesDamage flips a bit of a record that is read afterwards.
func TestArchiveSeesDamage(t *testing.T) {
	l := openNotes(t)
	for i := range 5 {
		if _, err := l.Append(t.Context(), Entry{Subject: fmt.Sprint("n.", i), Data: fmt.Appendf(nil, "note number %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	a := l.files(5)
	path := a.path(1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("note number 2"))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{'N'}, int64(at)); err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for rec, err := range l.Read(t.Context(), Query{Subjects: []string{"n.>"}}) {
		if err == nil {
			seqs = append(seqs, rec.Seq)
		} else if !strings.Contains(err.Error(), "record 3") {
			t.Errorf("the error is %q", err)
		} else {
			seqs = append(seqs, 0)
		}
	}
	if !slices.Equal(seqs, []uint64{1, 2, 0}) {
		t.Errorf("read %v, and 0 for the error", seqs)
	}
	if recs := fromFiles(t, l, Query{Subjects: []string{"n.4"}}); len(recs) != 1 {
		t.Errorf("%d records of another subject", len(recs))
	}
}

// TestForeignFiles reads logs whose files are none that an archive can read.
func TestForeignFiles(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"another record": func(path string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(path), "2.blk"), make([]byte, 100), 0o600)
		},
		"a block less": func(path string) error { return os.Remove(path) },
	} {
		l := openNotes(t)
		for n := range 4 {
			if _, err := l.Append(t.Context(), Entry{Subject: "n.a"}); err != nil {
				t.Fatal(err)
			}
			if recs := fromFiles(t, l, Query{Subjects: []string{"n.a"}}); len(recs) != n+1 {
				t.Errorf("%s: %d records, want %d", name, len(recs), n+1)
			}
			if n == 1 {
				if err := change(l.archive.path(1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if l.archive.trouble == nil {
			t.Errorf("%s: the archive does not see it", name)
		}
	}
}

// TestMemoryOfReading reads many places at random: that takes memory for what is read, not for what lies around it.
func TestMemoryOfReading(t *testing.T) {
	const size, newest, reads = 8 << 10, 10, 2000
	l := openNotes(t)
	scatter(t, l, 12_000, size)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read := 0
	for range reads {
		q := Query{Subjects: []string{fmt.Sprintf("n.%d.%d", rand.IntN(3), rand.IntN(97))}, Newest: newest}
		read += len(fromFiles(t, l, q))
	}
	runtime.ReadMemStats(&after)
	factor := float64(after.TotalAlloc-before.TotalAlloc) / float64(read*size)
	t.Logf("%d records took %.1f times the memory of what is in them", read, factor)
	if factor > 3 {
		t.Error("want 3 times at most")
	}
}

func FuzzBlockRecord(f *testing.F) {
	whole := make([]byte, blockHead, 64)
	binary.LittleEndian.PutUint64(whole[4:], 7)
	binary.LittleEndian.PutUint16(whole[20:], 3)
	whole = append(whole, "n.adata"...)
	binary.LittleEndian.PutUint32(whole, uint32(len(whole)+blockHash))
	hash := newBlockHash("NOTES", 1)
	_, _ = hash.Write(whole[4:20])
	_, _ = hash.Write(whole[blockHead:])
	whole = hash.Sum(whole)
	if r, err := parseBlockRecord(whole, hash); err != nil || string(r.data) != "data" || string(r.subject) != "n.a" || r.seq != 7 {
		f.Fatalf("%+v, %v", r, err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte{0, 0, 0, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseBlockRecord(data, newBlockHash("NOTES", 1))
		if err != nil {
			return
		}
		if _, err := r.record(); err == nil && r.length > len(data) {
			t.Errorf("a record of %d bytes in %d", r.length, len(data))
		}
	})
}
