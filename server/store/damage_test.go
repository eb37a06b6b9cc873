package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"routeguide/server/store"
)

const page = 4096

// filled returns the bytes of a database with n texts, every fifth of them longer than two pages.
func filled(t *testing.T, n int) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	for i := range n {
		if _, err := s.add(t.Context(), fmt.Sprint("id ", i), wording(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, filepath.Join(dir, store.FileName))
}

func wording(i int) string {
	if i%5 == 0 {
		return strings.Repeat(fmt.Sprint("long ", i, " "), 1200)
	}
	return fmt.Sprint("text ", i)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func put(t *testing.T, path string, all []byte) {
	t.Helper()
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tryOpen opens a store, which is closed in the end.
func tryOpen(t *testing.T, dir string) (*shelf, error) {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	s := newShelf(st)
	if err := st.Open(t.Context()); err != nil {
		return nil, err
	}
	t.Cleanup(func() { st.Close() })
	return s, nil
}

// look reads each text by itself, and returns how many could not be read because they are damaged. All others are right.
func (s *shelf) look(t *testing.T, n int) (damaged int) {
	t.Helper()
	for i := range n {
		for _, query := range []string{"SELECT text FROM text WHERE position = ?", "SELECT text FROM text WHERE id = CAST('id ' || (? - 1) AS BLOB)"} {
			var got string
			err := s.store.View(t.Context(), func(tx *store.Tx) error {
				_, err := tx.First(func(r store.Row) { got = r.Text(0) }, query, i+1)
				return err
			})
			switch {
			case errors.Is(err, store.ErrDamaged):
				damaged++
			case err != nil:
				t.Errorf("text %d: %v", i, err)
			case got != wording(i):
				t.Errorf("text %d is %.40q", i, got)
			}
		}
	}
	return damaged
}

// Whatever happens to one page, no more than what needs it is lost, and nothing is read that was not written.
func TestOneDamagedPage(t *testing.T) {
	const texts = 60
	whole := filled(t, texts)
	harms := map[string]func(page []byte, n int){
		"one bit":       func(p []byte, n int) { p[(n*1237+100)%page] ^= 1 << (n % 8) },
		"zeros":         func(p []byte, n int) { clear(p) },
		"a later bit":   func(p []byte, n int) { p[page-1-n%8] ^= 0x80 },
		"half of zeros": func(p []byte, n int) { clear(p[page/2:]) },
	}
	for name, harm := range harms {
		refused, hurt := 0, 0
		for n := range len(whole) / page {
			dir := t.TempDir()
			all := bytes.Clone(whole)
			harm(all[n*page:(n+1)*page], n)
			put(t, filepath.Join(dir, store.FileName), all)
			s, err := tryOpen(t, dir)
			if err != nil {
				if refused++; !strings.Contains(err.Error(), store.FileName) {
					t.Errorf("%s, page %d: the sentence is %q", name, n+1, err)
				}
				continue
			}
			damaged := s.look(t, texts)
			if damaged > 0 {
				hurt++
			}
			if (damaged > 0) != (s.store.Damage() > 0) {
				t.Errorf("%s, page %d: %d reads fail, and Damage tells of %d", name, n+1, damaged, s.store.Damage())
			}
			if err := s.store.Close(); err != nil {
				t.Error(err)
			}
		}
		if t.Logf("%s: of %d pages, %d keep the store from opening and %d some texts from being read", name, len(whole)/page, refused, hurt); refused == 0 || hurt < 10 {
			t.Errorf("%s: too little was damaged for a test", name)
		}
	}
}

// A file that lost its end, although the log of a killed process says that there is one.
func TestTruncatedUnderALog(t *testing.T) {
	const texts = 60
	dir, cut := t.TempDir(), t.TempDir()
	whole := filled(t, texts)
	put(t, filepath.Join(dir, store.FileName), whole)
	s, err := tryOpen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.add(t.Context(), "id 60", wording(60)); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(cut, store.FileName), whole[:len(whole)/2])
	put(t, filepath.Join(cut, store.FileName+"-wal"), read(t, filepath.Join(dir, store.FileName+"-wal")))
	if s, err = tryOpen(t, cut); err != nil {
		t.Fatal(err)
	}
	if damaged := s.look(t, texts+1); damaged < texts/4 {
		t.Errorf("%d reads fail", damaged)
	}
}

// A write that needs a damaged page is refused, and those that are made in one transaction with it are not.
func TestWriteToADamagedPage(t *testing.T) {
	const indexLeaf = 0x0a
	dir := t.TempDir()
	all := filled(t, 400)
	for at := 0; at < len(all); at += page {
		if p := all[at : at+page]; p[0] == indexLeaf && bytes.Contains(p, []byte("id 155")) {
			p[page/2] ^= 1
		}
	}
	put(t, filepath.Join(dir, store.FileName), all)
	s, err := tryOpen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := s.add(t.Context(), "id 155", "again"); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("a change that needs the damaged page: %v", err)
			}
		})
		wg.Go(func() {
			if at, err := s.add(t.Context(), fmt.Sprint("new ", i), "new"); err != nil || at <= 400 {
				t.Errorf("a change that does not is at %d, %v", at, err)
			}
		})
	}
	wg.Wait()
	if s.store.Damage() == 0 {
		t.Error("nothing is known of the damage")
	}
	if err := s.store.Ready(); err != nil {
		t.Errorf("the rest is not served: %v", err)
	}
}

// state is the names, sizes, permissions and contents of all that is in a directory.
func state(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir { // the directory's own permissions are part of no test
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := ""
		if info.Mode().IsRegular() {
			sum = fmt.Sprintf("%x", sha256.Sum256(read(t, path)))
		}
		all += fmt.Sprintln(path, info.Mode(), info.Size(), sum)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// foreign makes a database by SQL.
func foreign(t *testing.T, path, sql string) {
	t.Helper()
	db, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Exec(sql), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// What cannot be read is refused with a sentence that names the file, and nothing in the directory is changed.
func TestWhatCannotBeRead(t *testing.T) {
	whole := filled(t, 60)
	left := log(t, 60)
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		t.Log("a disk with I/O errors is not tried: only Linux has a file that cannot be read")
	}
	for name, make := range map[string]func(file string){
		"input/output errors":             func(file string) { os.Symlink("/proc/self/mem", file) },
		"a folder in its place":           func(file string) { os.Mkdir(file, 0o700) },
		"a folder in its log's place":     func(file string) { put(t, file, whole); os.Mkdir(file+"-wal", 0o700) },
		"a log without its file":          func(file string) { put(t, file+"-wal", left.log) },
		"another format":                  func(file string) { put(t, file, []byte(strings.Repeat("{\"format\":\"other\"}\n", 1000))) },
		"an empty file":                   func(file string) { put(t, file, nil) },
		"another program's SQLite":        func(file string) { foreign(t, file, "CREATE TABLE t(a); INSERT INTO t VALUES(1)") },
		"a newer schema":                  func(file string) { put(t, file, whole); foreign(t, file, "UPDATE book SET version = 99") },
		"a newer schema, killed":          func(file string) { put(t, file, left.newer); put(t, file+"-wal", left.newerLog) },
		"a book of a newer version":       func(file string) { put(t, file, whole); foreign(t, file, "INSERT INTO book VALUES('share', 1)") },
		"an older version's records":      func(file string) { os.MkdirAll(filepath.Join(filepath.Dir(file), "jetstream", "$G"), 0o700) },
		"a truncated file":                func(file string) { put(t, file, whole[:len(whole)-page-17]) },
		"a file cut in its first page":    func(file string) { put(t, file, whole[:1000]) },
		"a damaged first page":            func(file string) { put(t, file, flip(whole, 3000)) },
		"a first page without checksums":  func(file string) { put(t, file, flip(whole, 20*8)) },
		"a first page of another program": func(file string) { put(t, file, flip(whole, 69*8)) },
		"a damaged first page, killed":    func(file string) { put(t, file, flip(left.file, 60*8)); put(t, file+"-wal", left.log[:1]) },
		"a damaged log":                   func(file string) { put(t, file, left.file); put(t, file+"-wal", flip(left.log, 8*(32+24+2000))) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			make(filepath.Join(dir, store.FileName))
			before := state(t, dir)
			_, err := tryOpen(t, dir)
			if err == nil {
				t.Fatal("it is opened")
			}
			t.Log(err)
			if !strings.Contains(err.Error(), dir+string(filepath.Separator)) {
				t.Errorf("no file is named: %v", err)
			}
			if after := state(t, dir); after != before {
				t.Errorf("it was\n%sand is\n%s", before, after)
			}
		})
	}
}

func flip(all []byte, bit int) []byte {
	all = bytes.Clone(all)
	all[bit/8] ^= 1 << (bit % 8)
	return all
}

// asNobody in the environment has the tests of this program run as the one whose name it is, for a user without rights.
const asNobody = "ROUTEGUIDE_TEST_AS_NOBODY"

// A store that was once run as root is refused to another user, and stays whole.
func TestFilesOfAnotherUser(t *testing.T) {
	if dir := os.Getenv(asNobody); dir != "" {
		_, err := tryOpen(t, dir)
		if err == nil || !strings.Contains(err.Error(), dir+string(filepath.Separator)) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("a store that may not be read: %v", err)
		}
		t.Log(err)
		return
	}
	if os.Geteuid() != 0 {
		t.Log("not tried: only root can be another user")
		return
	}
	const nobody = 65534
	for _, owned := range []string{store.FileName, store.FileName + "-wal", "lock"} {
		dir, err := os.MkdirTemp("", "routeguide-nobody-") // one of t would be closed to others
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		left := log(t, 60)
		for name, all := range map[string][]byte{store.FileName: left.file, store.FileName + "-wal": left.log, "lock": nil} {
			put(t, filepath.Join(dir, name), all)
			if name != owned {
				if err := os.Chown(filepath.Join(dir, name), nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		before := state(t, dir)
		self := filepath.Join(dir, "..", filepath.Base(dir)+".test")
		put(t, self, read(t, os.Args[0]))
		defer os.Remove(self)
		if err := os.Chmod(self, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, "-test.run=^TestFilesOfAnotherUser$", "-test.v")
		cmd.Dir, cmd.Env = dir, []string{asNobody + "=" + dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		t.Logf("%s of root: %s", owned, out)
		if err != nil {
			t.Errorf("%s of root: %v", owned, err)
		}
		if after := state(t, dir); after != before {
			t.Errorf("%s of root: it was\n%sand is\n%s", owned, before, after)
		}
	}
}
