package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// copyPages is how many pages are copied between two looks at whether to go on: 4 MiB.
const copyPages = 1024

// copyTo writes the tables, as they are after one change, to a file that is there whole and on the disk, or not at all. They
// may be changed meanwhile. Progress is told how many pages of how many are copied.
func (tx *Tx) copyTo(ctx context.Context, path string, progress func(done, total int)) (err error) {
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
	// The transaction that view has begun keeps what is copied as it is.
	err = tx.view(ctx, func(tx *Tx) error {
		b, err := tx.conn.BackupInit("main", uri(f.Name()))
		if err != nil {
			return failed(ctx, err)
		}
		for done := false; !done && err == nil; {
			if done, err = b.Step(copyPages); err == nil {
				progress(b.PageCount()-b.Remaining(), b.PageCount())
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
	if err := f.Sync(); err != nil {
		return err
	}
	return rename(f.Name(), path)
}
