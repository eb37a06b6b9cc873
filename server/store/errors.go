package store

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// What the operations of this package fail with; match with errors.Is.
var (
	// ErrFull: there is no room for more. Nothing was stored; what is stored can be read, and storing works again once there
	// is room.
	ErrFull = errors.New("the store is full")
	// ErrDamaged: a part of the file that is needed cannot be read. The rest can.
	ErrDamaged = errors.New("a part of the store that is needed is damaged")
	// ErrUnavailable: the order of changes cannot be reached.
	ErrUnavailable = errors.New("the store is not available")
	// ErrSlow: a follower's queue overflowed, and it gets nothing more. Go on with a new one from the last position.
	ErrSlow = errors.New("too slow for what is written")
	// ErrBeyond: a position after the newest change; it was given by another store.
	ErrBeyond = errors.New("the cursor lies beyond the newest change")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrLocked: another process has the directory open.
	ErrLocked = errors.New("in use by another process")
	// ErrElsewhere: the file is of one machine or of another cluster, and not of this one.
	ErrElsewhere = errors.New("the file belongs elsewhere")
	// ErrNotEmpty: the cluster has changes already.
	ErrNotEmpty = errors.New("the cluster is not empty")
	// ErrForeign: a file that this program did not write, or that a newer one did.
	ErrForeign = errors.New("not a store that this version of RouteGuide reads")
)

// A failure is an error of SQLite with its meaning.
type failure struct {
	means error // one of the above, or nil
	cause error
}

func (f *failure) Error() string {
	if f.means == nil {
		return f.cause.Error()
	}
	return f.means.Error() + ": " + f.cause.Error()
}

func (f *failure) Unwrap() []error { return []error{f.means, f.cause} }

// failed says what an error of SQLite means; ctx is that of the statement.
func failed(ctx context.Context, err error) error {
	var known *failure
	if err == nil || errors.As(err, &known) {
		return err
	}
	f := &failure{cause: err}
	switch {
	case errors.Is(err, sqlite3.INTERRUPT) && ctx.Err() != nil:
		f.means = context.Cause(ctx)
	case errors.Is(err, sqlite3.FULL), noRoom(err):
		f.means = ErrFull
	case errors.Is(err, sqlite3.IOERR_DATA), errors.Is(err, sqlite3.IOERR_READ), errors.Is(err, sqlite3.IOERR_SHORT_READ),
		errors.Is(err, sqlite3.IOERR_CORRUPTFS), errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		f.means = ErrDamaged
	case errors.Is(err, sqlite3.CONSTRAINT), errors.Is(err, sqlite3.ERROR), errors.Is(err, sqlite3.MISMATCH),
		errors.Is(err, sqlite3.RANGE), errors.Is(err, sqlite3.TOOBIG):
		f.means = errPanic
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.READONLY):
		f.means = ErrUnavailable
	}
	return f
}
