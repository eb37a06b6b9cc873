package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// Backup writes the state in a directory to a file that is there whole and on the disk, or not at all; it takes the place of
// one of that name. Another process may have the directory open and make changes meanwhile. Progress is told how many pages
// of how many are copied.
//
// Errors: ErrDamaged when a part cannot be read, ErrForeign for a directory without a store or with one that is not ours.
func Backup(ctx context.Context, o Options, file string, progress func(done, total int64)) error {
	switch info, err := os.Stat(file); {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", file)
	case sameDir(filepath.Dir(file), o.Dir):
		return fmt.Errorf("%s lies in the directory of the store", file)
	}
	return aside(o, func(tx *Tx) error { return about(o.path(), tx.copyTo(ctx, file, progress)) })
}

// Unpack makes the database in a file, which Backup made, the state in a directory that has none. It is there whole and on
// the disk, or not at all. Progress is told how many pages of how many are copied.
//
// Errors: ErrDamaged when a part of the file cannot be read, ErrForeign for a file that is no store of ours.
func Unpack(ctx context.Context, dir, file string, progress func(done, total int64)) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	if err := errors.Join(checkHeader(file, f), f.Close()); err != nil {
		return err
	}
	if err := checkLog(file + "-wal"); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if fresh, err := inspect(dir); err != nil {
		return err
	} else if !fresh {
		return fmt.Errorf("%s has a store already", dir)
	}
	l, _, err := lock(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	tx, err := openAside(file, true)
	if err != nil {
		return about(file, err)
	}
	defer func() { err = errors.Join(err, tx.close()) }()
	return about(file, tx.copyTo(ctx, filepath.Join(dir, FileName), progress))
}

// aside has f read the store in a directory, whether another process has it open or not. No file is changed.
func aside(o Options, f func(*Tx) error) (err error) {
	if err := present(o.Dir); err != nil {
		return err
	}
	l, made, err := lock(o.Dir)
	alone := err == nil
	if alone {
		defer func() {
			if made {
				_ = os.Remove(l.Path())
			}
			err = errors.Join(err, l.Close())
		}()
		if o.Cluster == nil { // as in look
			err = checkLog(o.path() + "-wal")
		}
	}
	if err != nil && !errors.Is(err, ErrLocked) {
		return err
	}
	tx, err := openAside(o.path(), alone)
	if err != nil {
		return about(o.path(), err)
	}
	defer func() { err = errors.Join(err, tx.close()) }()
	return f(tx)
}

func present(dir string) error {
	fresh, err := inspect(dir)
	if fresh {
		return fmt.Errorf("there is no store in %s", dir)
	}
	return err
}

// openAside opens a database to read it, and changes no file. Alone says that no other process has it open.
func openAside(path string, alone bool) (*Tx, error) {
	info, err := os.Stat(path + "-wal")
	logged := err == nil && info.Size() > 0
	if alone && !logged {
		return openTx(path, sqlite3.OPEN_READONLY, "")
	}
	pragmas := "PRAGMA query_only = on;" // none that reads the file: closing it would clear the log away until Config says not to
	if alone {                           // SQLite reads what a process left that was killed, and keeps in memory what it would write beside it
		pragmas = "PRAGMA locking_mode = exclusive;" + pragmas
	}
	tx, err := openTx(path, sqlite3.OPEN_READWRITE, pragmas)
	if err == nil {
		_, err = tx.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	}
	return tx, err
}

func sameDir(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
