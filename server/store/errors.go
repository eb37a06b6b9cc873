package store

import "errors"

// What the operations of this package fail with; match with errors.Is. An error that ends a context is returned wrapped
// as well.
var (
	// ErrConflict: the newest record of the entry's subject is not the expected one. Nothing was stored.
	ErrConflict = errors.New("the subject has a newer record than expected")
	// ErrSlow: a follower's queue overflowed, and it gets no more records. Go on with a new one from the last cursor.
	ErrSlow = errors.New("too slow for the records that come in")
	// ErrClosed: the store, or the follower, was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrFull: there is no room for more. Nothing was stored; what is stored can be read, and appending works again once
	// there is room.
	ErrFull = errors.New("the store is full")
	// ErrUnavailable: the store does not answer. An entry may or may not have been stored: append it again with its ID.
	ErrUnavailable = errors.New("the store is not available")
	// ErrNotEmpty: the store that another is to be moved to has records of its own.
	ErrNotEmpty = errors.New("not empty")
	// ErrLocked: another process has the directory open.
	ErrLocked = errors.New("in use")
	// ErrInvalid: the call itself is at fault and can never succeed, say by a subject that is none.
	ErrInvalid = errors.New("invalid")
)
