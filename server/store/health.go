package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// health is what keeps a store from doing its work.
type health struct {
	full    atomic.Bool  // the file has as many bytes as it may have
	damaged atomic.Int64 // reads and writes that needed what is damaged

	mu        sync.Mutex
	unwritten error // why the last attempt to write failed, or nil
}

func (h *health) trouble() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unwritten
}

// errHalt: from what happened one cannot go on without making our tables differ from those of others, or from what those who
// follow were told. Starting the process anew begins from what is stored.
var errHalt = errors.New("this process has stopped making changes")

// end ends whatever makes changes, and fails those that wait with why.
func (s *Store) end(why error) {
	s.once.Do(func() {
		s.why = why
		close(s.over)
		s.stop()
	})
}

// halt ends the making of changes for good; reads go on.
func (s *Store) halt(why error, more ...any) {
	s.log.Error("no more changes are made here until the process is started anew", append([]any{"err", why}, more...)...)
	s.end(fmt.Errorf("%w: %w", ErrUnavailable, why))
}

// guarded returns f for a goroutine of its own: a panic of it halts the store.
func (s *Store) guarded(f func()) func() {
	return func() {
		defer func() {
			if p := recover(); p != nil {
				s.halt(fmt.Errorf("%w: panic: %v", errHalt, p), "stack", string(debug.Stack()))
			}
		}()
		f()
	}
}

// wrote keeps, and logs once, what became of an attempt to write.
func (s *Store) wrote(err error) {
	err = s.met(err)
	s.state.mu.Lock()
	before := s.state.unwritten
	s.state.unwritten = err
	s.state.mu.Unlock()
	switch {
	case err != nil && before == nil:
		s.log.Error("the store cannot write", "file", s.path(), "err", err)
	case err == nil && before != nil:
		s.log.Info("the store can write again", "file", s.path())
	}
	if err == nil && s.options.MaxBytes > 0 {
		s.state.full.Store(s.bytes() >= s.options.MaxBytes)
	}
}

// met counts, and logs the first time, that something needed what is damaged.
func (s *Store) met(err error) error {
	if errors.Is(err, ErrDamaged) && s.state.damaged.Add(1) == 1 {
		s.log.Error("the store is damaged: calls that need the damaged part fail, all others are served; \"routeguide check\" tells more",
			"file", s.path(), "err", err)
	}
	return err
}

// Damage tells in how many cases something was needed that is damaged.
func (s *Store) Damage() int64 { return s.state.damaged.Load() }

// Ready returns nil while changes are made, and otherwise why not. It answers at once.
func (s *Store) Ready() error {
	switch {
	case !s.open.Load():
		return ErrClosed
	case s.state.full.Load():
		return ErrFull
	}
	select {
	case <-s.over:
		return s.why
	default:
	}
	if err := s.state.trouble(); err != nil {
		return err
	}
	return s.order.ready()
}

// bytes is what the tables take of the file. The goroutine that applies changes calls it.
func (s *Store) bytes() (n int64) {
	pages := func(pragma string) (n int64) {
		_, _ = s.writer.First(func(r Row) { n = r.Int(0) }, "PRAGMA "+pragma)
		return n
	}
	return (pages("page_count") - pages("freelist_count")) * pages("page_size")
}
