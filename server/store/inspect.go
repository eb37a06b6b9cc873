package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// about names the file that an error is about.
func about(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// inspect looks at the files of a directory without changing any, and tells whether there is no store yet.
func inspect(dir string) (fresh bool, err error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		former := filepath.Join(dir, formerName)
		if _, err := os.Stat(former); err == nil {
			return false, fmt.Errorf("%w: %s holds the records of an older version, which this one does not read; choose another directory",
				ErrForeign, former)
		}
		if _, err := os.Stat(path + "-wal"); err == nil {
			return false, fmt.Errorf("%w: %s-wal belongs to a file %s that is not there", ErrForeign, path, FileName)
		}
		return true, nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		f, err := os.OpenFile(path+suffix, os.O_RDWR, 0)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return false, err
		}
		if suffix == "" {
			err = checkHeader(path, f)
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
		return about(path, err)
	case string(header[:16]) != "SQLite format 3\x00":
		return fmt.Errorf("%w: %s is not a SQLite database", ErrForeign, path)
	case [4]byte(header[68:72]) != [4]byte{'R', 't', 'G', 'd'}:
		return fmt.Errorf("%w: %s is the database of another program", ErrForeign, path)
	case header[20] != 8:
		return fmt.Errorf("%w: %s has no page checksums", ErrForeign, path)
	}
	return nil
}

// lock takes a directory for this process, and tells whether it made the file for that.
func lock(dir string) (l *flock.Flock, made bool, err error) {
	path := filepath.Join(dir, lockName)
	_, err = os.Stat(path)
	made = errors.Is(err, fs.ErrNotExist)
	l = flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err == nil && !ok {
		err = ErrLocked
	}
	if err != nil {
		return nil, false, errors.Join(err, l.Close())
	}
	return l, made, nil
}
