package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// copyPages is how many pages are copied between two looks at whether to go on: 4 MiB.
const copyPages = 1024

// copyTo writes the tables, as they are after one change, to a file that is there whole and on the disk, or not at all. They
// may be changed meanwhile. Progress is told how many pages of how many are copied.
func (tx *Tx) copyTo(ctx context.Context, path string, progress func(done, total int64)) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := blank(f.Name()); err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	// The transaction that view has begun keeps what is copied as it is.
	err = tx.view(ctx, func(tx *Tx) error {
		b, err := tx.conn.BackupInit("main", uri(f.Name()))
		if err != nil {
			return failed(ctx, err)
		}
		for done := false; !done && err == nil; {
			if done, err = b.Step(copyPages); err == nil {
				progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
				err = context.Cause(ctx)
			}
		}
		return errors.Join(failed(ctx, err), failed(ctx, b.Close()))
	})
	if errors.Is(err, ErrFull) {
		return fmt.Errorf("there is no room for %s", path)
	} else if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	if err := detach(f.Name()); err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return rename(f.Name(), path)
}

// blank makes an empty database with page checksums. Without that SQLite learns only from the first page that the others
// have some, and writes them before it; those that it read from the log have none yet.
func blank(path string) error {
	tx, err := openTx(path, sqlite3.OPEN_READWRITE, "")
	if err != nil {
		return err
	}
	return errors.Join(failed(context.Background(), tx.conn.EnableChecksums("main")), tx.close())
}

// detach has a copy be of no cluster: what is made of it is its owner's own business.
func detach(path string) error {
	tx, err := openTx(path, sqlite3.OPEN_READWRITE, "")
	if err != nil {
		return err
	}
	return errors.Join(tx.Exec("UPDATE store SET stream = '', message = 0"), tx.close())
}
