package store

import (
	"context"
	"errors"
	"sync"

	"github.com/ncruces/go-sqlite3"
)

// readers are connections that read, each opened when all others are in use.
type readers struct {
	path  string
	slots chan struct{} // as many as may be in use

	mu     sync.Mutex
	idle   []*Tx
	closed bool
}

// maxReaders is how many may read at a time; a connection takes about 3 MB with its cache.
const maxReaders = 8

const readerPragmas = "PRAGMA query_only = on; PRAGMA cache_size = -2048;"

func (r *readers) open(path string) {
	r.path, r.slots = path, make(chan struct{}, maxReaders)
}

func (r *readers) take(ctx context.Context) (*Tx, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r.mu.Lock()
	n, closed := len(r.idle), r.closed
	if n > 0 {
		tx := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return tx, nil
	}
	r.mu.Unlock()
	if closed {
		<-r.slots
		return nil, ErrClosed
	}
	tx, err := openTx(r.path, sqlite3.OPEN_READWRITE, readerPragmas)
	if err != nil {
		<-r.slots
	}
	return tx, err
}

func (r *readers) give(tx *Tx) {
	r.mu.Lock()
	r.idle = append(r.idle, tx)
	r.mu.Unlock()
	<-r.slots
}

// close waits for those in use.
func (r *readers) close() (err error) {
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, tx := range r.idle {
		err = errors.Join(err, tx.close())
	}
	r.idle = nil
	for range cap(r.slots) {
		<-r.slots
	}
	return err
}
