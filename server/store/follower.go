package store

import "sync"

// A Follower is a queue between whoever hands out what was written, which must not wait, and one reader, who may. Its
// methods may be called concurrently.
type Follower[T any] struct {
	limit int
	ready chan struct{}

	mu    sync.Mutex
	queue []T
	err   error // why it has ended
}

// NewFollower returns a follower that queues at most limit values.
func NewFollower[T any](limit int) *Follower[T] {
	return &Follower[T]{limit: limit, ready: make(chan struct{}, 1)}
}

// Offer queues a value. A queue that is full ends the follower.
func (f *Follower[T]) Offer(v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.err != nil:
		return
	case len(f.queue) == f.limit:
		f.err = ErrSlow
	default:
		f.queue = append(f.queue, v)
	}
	f.signal()
}

// End has the follower fail with err once what is queued has been taken.
func (f *Follower[T]) End(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		f.signal()
	}
}

func (f *Follower[T]) signal() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// Ready receives when Take has something.
func (f *Follower[T]) Ready() <-chan struct{} { return f.ready }

// Take returns what is queued, oldest first, without waiting, and once the follower has ended why: ErrSlow when its reader
// was too slow. What was queued before that is whole.
func (f *Follower[T]) Take() ([]T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.queue
	f.queue = nil
	return all, f.err
}
