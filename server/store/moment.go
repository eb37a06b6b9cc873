package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"time"
)

// A Moment is a place in an order of time: of what happened at one time, by keys, which mean something to its book alone.
type Moment struct {
	Time time.Time
	Keys [2]int64
}

// Before reports whether m comes before o.
func (m Moment) Before(o Moment) bool {
	return cmp.Or(m.Time.Compare(o.Time), cmp.Compare(m.Keys[0], o.Keys[0]), cmp.Compare(m.Keys[1], o.Keys[1])) < 0
}

// Since is before everything that happened at a time or later.
func Since(t time.Time) Moment { return Moment{t, [2]int64{math.MinInt64, math.MinInt64}} }

// Past is after everything that happened at a time.
func Past(t time.Time) Moment { return Moment{t, [2]int64{math.MaxInt64, math.MaxInt64}} }

// Pages yields what page reads after a moment, then after the one that it goes on from, and so on while there is more. Nothing
// is locked while it yields.
func Pages[T any](ctx context.Context, s *Store, after Moment, page func(tx *Tx, after Moment) (values []T, next Moment, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for more := true; more; {
			var values []T
			err := s.View(ctx, func(tx *Tx) (err error) {
				values, after, more, err = page(tx, after)
				return err
			})
			if err != nil {
				var none T
				yield(none, fmt.Errorf("read the past: %w", err))
				return
			}
			for _, v := range values {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}
