package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
func (s *Store) openFile() (err error) {
	dir, path := s.options.Dir, s.path()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh, err := inspect(dir)
	if err != nil {
		return err
	}
	var made bool
	if s.lock, made, err = lock(dir); err != nil {
		return err
	}
	defer func() {
		if err != nil && made {
			_ = os.Remove(s.lock.Path()) // Windows keeps it, as it is open; it is empty
		}
	}()
	if fresh {
		err = create(dir)
	} else {
		err = s.look()
	}
	if err != nil {
		return err
	}
	pragmas := "PRAGMA cache_size = -16384; PRAGMA synchronous = full;"
	if s.options.Cluster != nil { // the stream has what this file may lose
		pragmas = "PRAGMA cache_size = -16384; PRAGMA synchronous = normal;"
	}
	if s.writer, err = openTx(path, sqlite3.OPEN_READWRITE, pragmas); err != nil {
		return about(path, err)
	}
	if err := s.migrate(s.writer); err != nil {
		return about(path, err)
	}
	s.readers.open(path)
	return nil
}

// look reads what a start needs of the file, and refuses one that cannot be read or that a newer version wrote.
func (s *Store) look() (err error) {
	path := s.path()
	// On a cluster the file is not synced with each transaction: a power cut may tear several, and the stream has them all.
	if s.options.Cluster == nil {
		if err := checkLog(path + "-wal"); err != nil {
			return err
		}
	}
	tx, err := openAside(path, true)
	if err != nil {
		return about(path, err)
	}
	defer func() { err = errors.Join(err, tx.close()) }()
	if err := tx.readPosition(); err != nil {
		return about(path, err)
	}
	_, err = s.versions(tx)
	return about(path, err)
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

// versions returns of which version the tables of each book are, none of them newer than this program.
func (s *Store) versions(tx *Tx) (map[string]int, error) {
	versions := make(map[string]int)
	for row, err := range tx.Query("SELECT name, version FROM book") {
		if err != nil {
			return nil, err
		}
		versions[row.Text(0)] = int(row.Int(1))
	}
	for name, version := range versions {
		if b := s.book(name); b == nil || version > len(b.Schema) {
			return nil, fmt.Errorf("%w: a newer one wrote it, which has %s of version %d", ErrForeign, name, version)
		}
	}
	return versions, nil
}

// migrate brings the tables of all books to their newest version.
func (s *Store) migrate(tx *Tx) error {
	versions, err := s.versions(tx)
	if err != nil {
		return err
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

func (s *Store) path() string { return s.options.path() }

func (o Options) path() string { return filepath.Join(o.Dir, FileName) }

// load tells the books of the tables, and everybody of the position.
func (s *Store) load() error {
	return s.writer.view(context.Background(), func(tx *Tx) error {
		for _, b := range s.books {
			if b.Load == nil {
				continue
			}
			if err := b.Load(tx); err != nil {
				return about(s.path(), fmt.Errorf("load %s: %w", b.Name, err))
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
