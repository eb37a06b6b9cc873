package rpc

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// A call may hold this many bytes of a message, each way, without asking the budget: gRPC keeps as much of what nobody has
// read yet, and how many calls there may be is bounded too.
const freeBytes = 64 << 10

// budgetWait is how long a message waits for others to give memory back.
const budgetWait = 5 * time.Second

var errBudget = errors.New("the server has no memory for a message of this size; try again later")

// A Budget is the memory that messages may take, all calls together. It is safe for concurrent use.
type Budget struct {
	bytes int64
	free  *semaphore.Weighted
}

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{bytes, semaphore.NewWeighted(bytes)} }

// Acquire takes bytes, and waits a few seconds for them. Its error is that of ctx, or one that is told as
// RESOURCE_EXHAUSTED. Release gives them back.
func (b *Budget) Acquire(ctx context.Context, bytes int64) error {
	if bytes > b.bytes {
		return errBudget
	}
	if b.free.TryAcquire(bytes) {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, budgetWait, errBudget)
	defer cancel()
	if b.free.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Release gives back what Acquire took.
func (b *Budget) Release(bytes int64) { b.free.Release(bytes) }

// A share is what one call has of a budget for its newest request.
type share struct {
	budget *Budget

	mu    sync.Mutex
	bytes int64
	over  bool
}

// set makes the share so many bytes.
func (s *share) set(ctx context.Context, bytes int64) error {
	if bytes <= freeBytes {
		bytes = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return context.Canceled
	case bytes > s.bytes:
		if err := s.budget.Acquire(ctx, bytes-s.bytes); err != nil {
			return err
		}
	case bytes < s.bytes:
		s.budget.Release(s.bytes - bytes)
	}
	s.bytes = bytes
	return nil
}

// close gives all back. The context of a set under way must have ended.
func (s *share) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.bytes > 0 {
		s.budget.Release(s.bytes)
	}
}

// A loan is the memory of one answer: a mem.BufferPool for one buffer, which gives the bytes back when gRPC frees it.
// gRPC forgets what a lost connection still had to send; then the garbage collector gives them back.
type loan struct{ *debt }

type debt struct {
	budget *Budget
	bytes  int64
	paid   atomic.Bool
}

// lend does not wait: what is to be sent is in memory meanwhile.
func (b *Budget) lend(bytes int64) (*loan, error) {
	if !b.free.TryAcquire(bytes) {
		return nil, errBudget
	}
	l := &loan{&debt{budget: b, bytes: bytes}}
	runtime.AddCleanup(l, (*debt).pay, l.debt)
	return l, nil
}

func (d *debt) pay() {
	if d.paid.CompareAndSwap(false, true) {
		d.budget.Release(d.bytes)
	}
}

// Get and Put implement mem.BufferPool.
func (l *loan) Get(length int) *[]byte {
	b := make([]byte, length)
	return &b
}

func (l *loan) Put(*[]byte) { l.pay() }
