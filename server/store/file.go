package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/ncruces/go-sqlite3"
)

// FileName is the name of the store's one file in its directory. While it is open SQLite keeps two more beside it, FileName
// with -wal and -shm.
const FileName = "routeguide.db"

const (
	lockName = "lock"
	// newName is what a new file is called until it is whole.
	newName = FileName + ".new"
	// formerName is what older versions of this program kept their records in.
	formerName = "jetstream"
	// applicationID marks a database as ours, "RtGd"; see PRAGMA application_id.
	applicationID = 0x52744764
)

// openFile takes the directory and opens the file in it. Until all is known to be ours and readable, nothing is changed.
func (s *Store) openFile() error {
	dir, path := s.options.Dir, filepath.Join(s.options.Dir, FileName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh, err := inspect(dir)
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	if ok, err := lock.TryLock(); err != nil {
		return err
	} else if !ok {
		return ErrLocked
	}
	s.lock = lock
	if fresh {
		if err := create(dir); err != nil {
			return err
		}
	}
	pragmas := "PRAGMA cache_size = -16384; PRAGMA synchronous = full;"
	if s.options.Cluster != nil { // the stream has what this file may lose
		pragmas = "PRAGMA cache_size = -16384; PRAGMA synchronous = normal;"
	}
	if s.writer, err = openTx(path, sqlite3.OPEN_READWRITE, pragmas); err != nil {
		return unreadable(path, err)
	}
	// A file that is refused stays as it is: SQLite would otherwise clear up behind what the last process left.
	if _, err := s.writer.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return err
	}
	if err := s.migrate(s.writer); err != nil {
		return unreadable(path, err)
	}
	if _, err := s.writer.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false); err != nil {
		return err
	}
	s.readers.open(path)
	return nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, ErrForeign) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// inspect looks at the files of a directory without changing any, and tells whether there is no store yet.
func inspect(dir string) (fresh bool, err error) {
	if _, err := os.Stat(filepath.Join(dir, FileName)); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, formerName)); err == nil {
			return false, fmt.Errorf("%w: %s holds the records of an older version, which this one does not read; choose another directory",
				ErrForeign, filepath.Join(dir, formerName))
		}
		return true, nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		path := filepath.Join(dir, FileName+suffix)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return false, err
		}
		if suffix == "" {
			err = checkHeader(path, f)
		} else {
			_, err = io.ReadFull(f, make([]byte, 1))
			if err == io.EOF {
				err = nil
			}
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return false, err
		}
	}
	return false, nil
}

// checkHeader refuses what is not a database of ours, by https://www.sqlite.org/fileformat.html#the_database_header.
func checkHeader(path string, r io.Reader) error {
	var header [100]byte
	switch _, err := io.ReadFull(r, header[:]); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: %s is shorter than a database", ErrForeign, path)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case string(header[:16]) != "SQLite format 3\x00":
		return fmt.Errorf("%w: %s is not a SQLite database", ErrForeign, path)
	case [4]byte(header[68:72]) != [4]byte{'R', 't', 'G', 'd'}:
		return fmt.Errorf("%w: %s is the database of another program", ErrForeign, path)
	case header[20] != 8:
		return fmt.Errorf("%w: %s has no page checksums", ErrForeign, path)
	}
	return nil
}

// create makes an empty database under another name, so that the file is there whole or not at all.
func create(dir string) error {
	path := filepath.Join(dir, newName)
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // SQLite gives its other files the same permissions
	if err != nil {
		return err
	}
	defer f.Close()
	tx, err := openTx(path, sqlite3.OPEN_READWRITE, "")
	if err != nil {
		return err
	}
	err = tx.conn.EnableChecksums("main")
	if err == nil {
		err = tx.conn.Exec(fmt.Sprintf(`PRAGMA application_id = %d;
			CREATE TABLE store(only INTEGER PRIMARY KEY CHECK(only = 0), position INTEGER NOT NULL, stream TEXT NOT NULL, message INTEGER NOT NULL);
			INSERT INTO store VALUES(0, 0, '', 0);
			CREATE TABLE book(name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
			PRAGMA journal_mode = wal;`, applicationID))
	}
	if err := errors.Join(failed(context.Background(), err), tx.close()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return rename(path, filepath.Join(dir, FileName))
}

// rename has a file take the place of another, for good when it returns.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// migrate brings the tables of all books to their newest version.
func (s *Store) migrate(tx *Tx) error {
	versions := make(map[string]int)
	for row, err := range tx.Query("SELECT name, version FROM book") {
		if err != nil {
			return err
		}
		versions[row.Text(0)] = int(row.Int(1))
	}
	for name, version := range versions {
		b := s.book(name)
		if b == nil || version > len(b.Schema) {
			return fmt.Errorf("%w: %s was written by a newer version of RouteGuide, which has %s of version %d", ErrForeign, s.path(), name, version)
		}
	}
	for _, b := range s.books {
		for version := versions[b.Name]; version < len(b.Schema); version++ {
			if err := tx.step(b, version); err != nil {
				return fmt.Errorf("bring %s to version %d: %w", b.Name, version+1, err)
			}
		}
	}
	return nil
}

// step brings the tables of a book from one version to the next.
func (tx *Tx) step(b *Book, version int) (err error) {
	if err := tx.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.rollback()) }()
	if err := tx.conn.Exec(b.Schema[version]); err != nil {
		return failed(context.Background(), err)
	}
	if err := tx.Exec("INSERT OR REPLACE INTO book VALUES(?, ?)", b.Name, version+1); err != nil {
		return err
	}
	return tx.Exec("COMMIT")
}

func (s *Store) path() string { return filepath.Join(s.options.Dir, FileName) }

// load tells the books of the tables, and everybody of the position.
func (s *Store) load() error {
	return s.writer.view(context.Background(), func(tx *Tx) error {
		for _, b := range s.books {
			if b.Load == nil {
				continue
			}
			if err := b.Load(tx); err != nil {
				return fmt.Errorf("load %s: %w", b.Name, err)
			}
		}
		s.applied.set(tx.position)
		return nil
	})
}

// release closes what is open.
func (s *Store) release() (err error) {
	if s.order != nil {
		s.order.close()
	}
	if s.readers.slots != nil {
		err = s.readers.close()
	}
	if s.writer != nil {
		err = errors.Join(err, s.writer.close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
