package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"routeguide/server/store"
)

// A wreck is a copy of a directory with 300 records of 100 KB, whose files a test damages.
type wreck struct {
	t   *testing.T
	dir string
}

func (w wreck) stream(name string) string {
	return filepath.Join(w.dir, "jetstream", "$G", "streams", "NOTES", name)
}

// block returns the file that holds the records before number n of 40 each.
func (w wreck) block(n int) string { return w.stream(fmt.Sprintf("msgs/%d.blk", n)) }

func (w wreck) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w wreck) remove(file string) { w.t.Helper(); w.must(os.Remove(file)) }

func (w wreck) truncate(file string) {
	w.t.Helper()
	info, err := os.Stat(file)
	w.must(err)
	w.must(os.Truncate(file, info.Size()/2))
}

func (w wreck) flip(file string) {
	w.t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	w.must(err)
	defer f.Close()
	at, err := f.Seek(0, io.SeekEnd)
	w.must(err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at/2)
	w.must(err)
	b[0] ^= 0x55
	_, err = f.WriteAt(b, at/2)
	w.must(err)
}

// TestDamage damages real files: what is left is found, what is missing is said, and the log goes on.
func TestDamage(t *testing.T) {
	const records = 300
	origin := t.TempDir()
	s := open(t, store.Options{Dir: origin})
	for i := range records {
		add(t, notes(t, s), store.Entry{
			Subject: fmt.Sprintf("n.%d", i%7), ID: fmt.Sprint(i), Data: bytes.Repeat([]byte{byte(i)}, 100<<10),
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		damage func(wreck)
		said   string // of what is missing; nothing is when it is empty
	}{
		"nothing":                     {func(wreck) {}, ""},
		"no index":                    {func(w wreck) { w.remove(w.stream("msgs/index.db")) }, ""},
		"index flipped":               {func(w wreck) { w.flip(w.stream("msgs/index.db")) }, ""},
		"index truncated":             {func(w wreck) { w.truncate(w.stream("msgs/index.db")) }, ""},
		"no description":              {func(w wreck) { w.remove(w.stream("meta.inf")) }, ""},
		"description flipped":         {func(w wreck) { w.flip(w.stream("meta.inf")) }, ""},
		"no checksum of it":           {func(w wreck) { w.remove(w.stream("meta.sum")) }, ""},
		"no first block":              {func(w wreck) { w.remove(w.block(1)) }, "records 1 to 40 are missing"},
		"block removed":               {func(w wreck) { w.remove(w.block(3)) }, "records 81 to 120 are missing"},
		"block flipped":               {func(w wreck) { w.flip(w.block(3)) }, "records 101 to 120 are missing"},
		"block flipped, and no index": {func(w wreck) { w.flip(w.block(3)); w.remove(w.stream("msgs/index.db")) }, "records 101 to 120 are missing"},
		"block truncated":             {func(w wreck) { w.truncate(w.block(3)) }, "records 101 to 120 are missing"},
		"no last block":               {func(w wreck) { w.remove(w.block(8)) }, "20 records after 280 were missing"},
		"last block flipped":          {func(w wreck) { w.flip(w.block(8)) }, "10 records after 290 were missing"},
		"last block truncated":        {func(w wreck) { w.truncate(w.block(8)) }, "10 records after 290 were missing"},
		"all but the mark":            {func(w wreck) { w.must(os.RemoveAll(w.stream(""))) }, "300 records after 0 were missing"},
	} {
		t.Run(name, func(t *testing.T) {
			w := wreck{t, t.TempDir()}
			w.must(os.CopyFS(w.dir, os.DirFS(origin)))
			c.damage(w)
			said := new(bytes.Buffer)
			o := store.Options{Dir: w.dir, Logger: slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelError}))}
			s := open(t, o)
			unopened := s.Diagnose(t.Context())
			diagnosis := s.Damage()
			l := notes(t, s)
			if unopened == nil {
				if got := s.Damage(); !slices.Equal(got, diagnosis) {
					t.Errorf("before the log was opened %q was missing, then %q", diagnosis, got)
				}
			} else if c.said != "" || !errors.Is(unopened, store.ErrUnavailable) || len(diagnosis) > 0 {
				t.Errorf("before the log was opened: %v, %q", unopened, diagnosis)
			}
			found := read(t, l, subjects("n.>"))
			for _, rec := range found {
				if i := len(rec.Data); i != 100<<10 || rec.ID != fmt.Sprint(rec.Seq-1) || rec.Data[0] != byte(rec.Seq-1) || rec.Data[i-1] != rec.Data[0] {
					t.Fatalf("record %d is %s with %d bytes", rec.Seq, rec.ID, i)
				}
			}
			if c.said == "" {
				if len(found) != records || len(s.Damage()) > 0 {
					t.Errorf("%d records; lost are %q", len(found), s.Damage())
				}
				return
			}
			if len(found) >= records {
				t.Fatal("there is no damage")
			}
			damage := s.Damage()
			if len(damage) != 1 || !strings.Contains(damage[0], c.said) || !strings.Contains(said.String(), damage[0]) {
				t.Errorf("of %d records are missing %q; the log says %q", records-len(found), damage, said)
			}
			end, err := l.End(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := add(t, l, entry("n.a", "next"))[0]; got != end+1 {
				t.Errorf("the next record after %d is %d", end, got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, o) // it is not forgotten
			if got := read(t, notes(t, s), subjects("n.>")); len(got) != len(found)+1 {
				t.Errorf("%d records, then with one more %d", len(found), len(got))
			}
			if again := s.Damage(); !slices.Equal(again, damage) {
				t.Errorf("first %q was missing, then %q", damage, again)
			}
		})
	}
}
