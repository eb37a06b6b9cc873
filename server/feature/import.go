package feature

import (
	"context"
	"fmt"
	"io"

	logv1 "routeguide/proto/routeguide/log/v1"
)

const (
	// importBatch is how many features an import adds in one change: the more, the fewer waits for the disk.
	importBatch = 500
	// importBytes is about how much text they may have: a change fits into any message of a cluster.
	importBytes = 48 << 10
)

// Progress is how far an import has come.
type Progress struct {
	Bytes    int64 // that were read
	Added    int64 // features that were added
	Repeated int64 // features that were there already
}

// A FileError says what is wrong with a file; its text begins with a line number.
type FileError struct{ Err error }

func (e *FileError) Error() string { return "line " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// Import adds the features of a file, in one of the forms that Open reads, and calls progress each time that some are stored
// and at the end. A feature whose values are those of an imported one is not added again, unless that was deleted since.
//
// Errors: those of in and progress as they are, a *FileError, and those of store.Store.Do. What came before stays.
func (b *Book) Import(ctx context.Context, in io.Reader, progress func(Progress) error) error {
	i := importer{book: b, progress: progress}
	read := readerFunc(func(p []byte) (int, error) {
		n, err := in.Read(p)
		i.done.Bytes += int64(n)
		if err != io.EOF {
			i.broken = err
		}
		return n, err
	})
	skipped, err := decode(read, func(d Described) bool {
		i.failed = i.take(ctx, d)
		return i.failed == nil
	})
	switch {
	case i.failed != nil:
		return i.failed
	case i.broken != nil:
		return i.broken
	case err == nil && skipped > 0 && i.features == 0:
		err = located(1, "", fmt.Errorf("none of the %d features is a Point", skipped))
	}
	if stored := i.store(ctx); stored != nil {
		return stored
	}
	if err != nil {
		return &FileError{err}
	}
	return progress(i.done)
}

// An importer is an import that is under way.
type importer struct {
	book     *Book
	progress func(Progress) error
	batch    []*logv1.FeatureAdded
	bytes    int // about so many in batch
	features int
	done     Progress
	broken   error // why the file cannot be read
	failed   error // why no more is to be read
}

func (i *importer) take(ctx context.Context, d Described) error {
	size := 64 + len(d.Name) + len(d.Description) + len(d.Category) + len(d.WebAddress)
	if len(i.batch) == importBatch || i.bytes+size > importBytes && len(i.batch) > 0 {
		if err := i.store(ctx); err != nil {
			return err
		}
		if err := i.progress(i.done); err != nil {
			return err
		}
	}
	i.features++
	i.bytes += size
	i.batch = append(i.batch, Entry{contentID(d), d}.added())
	return nil
}

// store adds the batch.
func (i *importer) store(ctx context.Context) error {
	if len(i.batch) == 0 {
		return nil
	}
	rows, err := i.book.do(ctx, &logv1.FeatureChange{Kind: &logv1.FeatureChange_Added{Added: &logv1.FeaturesAdded{Features: i.batch}}})
	if err != nil {
		return err
	}
	i.done.Added += int64(len(rows))
	i.done.Repeated += int64(len(i.batch) - len(rows))
	i.batch, i.bytes = nil, 0
	return nil
}
