package store

import (
	"context"
	"fmt"
)

// A Source is what Follow tells: what a book has stored, in ascending order of positions.
type Source[T any] struct {
	// Page returns some of what is stored after a position, through another, and the position through which that is all: the
	// next page begins after it.
	Page func(tx *Tx, after, through uint64) (page []T, next uint64, err error)
	// At is the position of a value.
	At func(T) uint64
}

// Follow tells what is stored after a position, then what the follower, which began before, is offered; it calls live in
// between, with the position up to which everything was told. Nothing is missed or told twice. It ends with an error of
// tell or live, that of the follower, or the cause that ctx ended with.
func Follow[T any](ctx context.Context, s *Store, from Source[T], after uint64, f *Follower[T], tell func(T) error, live func(position uint64) error) error {
	s.followers.Add(1)
	defer s.followers.Add(-1)
	through := after
	for first := true; first || after < through; first = false {
		var page []T
		err := s.View(ctx, func(tx *Tx) (err error) {
			through = max(through, tx.Position())
			page, after, err = from.Page(tx, after, through)
			return err
		})
		if err != nil {
			return fmt.Errorf("read what is stored: %w", err)
		}
		for _, v := range page {
			if err := tell(v); err != nil {
				return err
			}
		}
	}
	if err := live(through); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.Ready():
		}
		values, ended := f.Take()
		for _, v := range values {
			if from.At(v) <= through {
				continue
			}
			if err := tell(v); err != nil {
				return err
			}
		}
		if ended != nil {
			return ended
		}
	}
}
