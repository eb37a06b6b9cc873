package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"routeguide/server/store"
)

func quiet(int64, int64) {}

// What was acknowledged before a backup of a store in use is in it, and what is in it was written in this order; the same
// store is found whole meanwhile.
func TestBackupWhileOthersWrite(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var written atomic.Int64
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if _, err := s.add(t.Context(), fmt.Sprint(w, ".", i), strings.Repeat("x", i%3000)); err != nil {
					t.Error(err)
				}
				written.Add(1)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	for range 3 { // each takes the place of the one before
		for before := written.Load(); written.Load() < before+300; {
		}
		acknowledged := int(written.Load())
		steps := 0
		if err := store.Backup(t.Context(), o, file, func(done, total int64) { steps++ }); err != nil {
			t.Fatal(err)
		}
		if damage, err := store.Check(t.Context(), o, quiet); err != nil || len(damage) > 0 {
			t.Errorf("check: %v, %q", err, damage)
		}
		to := t.TempDir()
		if err := store.Unpack(t.Context(), to, file, quiet); err != nil {
			t.Fatal(err)
		}
		there, here := open(t, store.Options{Dir: to}).all(t), s.all(t)
		if len(there) < acknowledged || steps == 0 {
			t.Errorf("%d texts were acknowledged before, %d are in the backup; %d steps", acknowledged, len(there), steps)
		}
		for i, got := range there {
			if got != here[i] {
				t.Fatalf("text %d is %v, want %v", i, got, here[i])
			}
		}
	}
	cancel()
	wg.Wait()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if all, err := os.ReadDir(filepath.Dir(file)); err != nil || len(all) != 1 {
		t.Errorf("left beside the backup: %v, %v", all, err)
	}
}

// What is closed, or was killed, is read without a change to it.
func TestBackupOfAStoreNotInUse(t *testing.T) {
	const texts = 60
	left := log(t, texts)
	for name, log := range map[string][]byte{"closed": nil, "killed": left.log} {
		dir, file, to := t.TempDir(), filepath.Join(t.TempDir(), "backup.db"), t.TempDir()
		put(t, filepath.Join(dir, store.FileName), left.file)
		if log == nil {
			put(t, filepath.Join(dir, store.FileName), filled(t, texts))
		} else {
			put(t, filepath.Join(dir, store.FileName+"-wal"), log)
		}
		before := state(t, dir)
		o := store.Options{Dir: dir}
		if damage, err := store.Check(t.Context(), o, quiet); err != nil || len(damage) > 0 {
			t.Errorf("%s: check: %v, %q", name, err, damage)
		}
		if err := store.Backup(t.Context(), o, file, quiet); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if after := state(t, dir); after != before {
			t.Errorf("%s: it was\n%sand is\n%s", name, before, after)
		}
		if err := store.Unpack(t.Context(), to, file, quiet); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := len(open(t, store.Options{Dir: to}).all(t)); got != texts {
			t.Errorf("%s: %d texts", name, got)
		}
		before = state(t, to)
		if err := store.Unpack(t.Context(), to, file, quiet); err == nil || !strings.Contains(err.Error(), "has a store already") {
			t.Errorf("%s: over a store: %v", name, err)
		}
		if after := state(t, to); after != before {
			t.Errorf("%s: the store that was there was\n%sand is\n%s", name, before, after)
		}
	}
}

// A damaged page is named, wherever it is, and no backup is made without it.
func TestCheckAndBackupOfADamagedStore(t *testing.T) {
	whole := filled(t, 60)
	good, named := filepath.Join(t.TempDir(), "good.db"), 0
	put(t, good, []byte("the backup of yesterday"))
	for n := range len(whole) / page {
		dir := t.TempDir()
		path := filepath.Join(dir, store.FileName)
		put(t, path, flip(whole, n*page*8+(n*991+3000)%(page*8-8000)))
		o := store.Options{Dir: dir}
		damage, err := store.Check(t.Context(), o, quiet)
		if said := strings.Join(damage, "\n"); err != nil || !strings.Contains(said, fmt.Sprintf("page %d of %s is damaged", n+1, path)) {
			t.Errorf("page %d: %v, %q", n+1, err, damage)
		} else if strings.Contains(said, "table text") || strings.Contains(said, "index sqlite_autoindex_text_1") {
			named++
		} else {
			t.Log(said)
		}
		if err := store.Backup(t.Context(), o, good, quiet); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("page %d: backup: %v", n+1, err)
		}
		to := t.TempDir()
		if err := store.Unpack(t.Context(), to, path, quiet); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("page %d: restore: %v", n+1, err)
		}
		if all, err := os.ReadDir(to); err != nil || len(all) > 1 { // it may have the lock
			t.Errorf("page %d: a restore that failed leaves %v, %v", n+1, all, err)
		}
	}
	if got := string(read(t, good)); got != "the backup of yesterday" {
		t.Error("the good backup is gone")
	}
	if want := len(whole)/page - 8; named < want {
		t.Errorf("what is damaged is named for %d pages, want %d", named, want)
	}
}

// Pages that are free again are no damage.
func TestCheckAfterDeleting(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	for i := range 400 {
		what := wording(i % 50)
		if i%100 == 99 {
			what = "forget all"
		}
		if _, err := s.add(t.Context(), fmt.Sprint(i), what); err != nil {
			t.Fatal(err)
		}
		if i%90 == 0 {
			if damage, err := store.Check(t.Context(), o, quiet); err != nil || len(damage) > 0 {
				t.Errorf("after %d changes: %v, %q", i, err, damage)
			}
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if damage, err := store.Check(t.Context(), o, quiet); err != nil || len(damage) > 0 {
		t.Errorf("in the end: %v, %q", err, damage)
	}
	if err := store.Backup(t.Context(), o, filepath.Join(t.TempDir(), "b"), quiet); err != nil {
		t.Error(err)
	}
}

func TestBackupWhereItMustNotBe(t *testing.T) {
	dir := t.TempDir()
	open(t, store.Options{Dir: dir})
	for _, file := range []string{filepath.Join(dir, store.FileName), filepath.Join(dir, "backup.db"), t.TempDir(), os.DevNull, filepath.Join(dir, "none", "x")} {
		if err := store.Backup(t.Context(), store.Options{Dir: dir}, file, quiet); err == nil {
			t.Errorf("a backup is made in %s", file)
		}
	}
	if err := store.Backup(t.Context(), store.Options{Dir: t.TempDir()}, filepath.Join(t.TempDir(), "x"), quiet); err == nil || !strings.Contains(err.Error(), "there is no store in") {
		t.Errorf("of nothing: %v", err)
	}
}
