package store

import "sync"

// A Follower gets the records of some subjects as they are stored. Its methods may be called concurrently.
type Follower struct {
	hub    *hub
	buffer int
	ready  chan struct{}

	// What is wanted is guarded by the hub's lock.
	subjects map[string]uint64 // with the sequence each was followed from
	matches  []func(subject string) bool

	mu    sync.Mutex // taken after the hub's
	queue []Record
	err   error // why it has ended
}

// Follow returns a follower that wants nothing yet and queues at most buffer records. Close it.
func (l *Log) Follow(buffer int) *Follower {
	f := &Follower{hub: l.hub, buffer: buffer, ready: make(chan struct{}, 1), subjects: make(map[string]uint64)}
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.hub.closed {
		f.end(ErrClosed)
	}
	return f
}

// Subject adds the records of a subject: every one with Seq > from comes, and none before it. Read with Through: from
// has all the others, but mind that from is 0 where the log was empty: then there are no others.
func (f *Follower) Subject(subject string) (from uint64) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if from, ok := f.subjects[subject]; ok {
		return from
	}
	if !f.ended() {
		f.hub.addSubject(subject, f)
	}
	f.subjects[subject] = f.hub.last
	return f.hub.last
}

// Match adds the records of all subjects that match, as Subject does. A record that is wanted twice comes once. match runs
// for each record of the log and holds up all followers, so it must be quick and must not use the log.
func (f *Follower) Match(match func(subject string) bool) (from uint64) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if !f.ended() {
		f.hub.matchers[f] = struct{}{}
	}
	f.matches = append(f.matches, match)
	return f.hub.last
}

// Ready receives when Take has something: records or an error.
func (f *Follower) Ready() <-chan struct{} { return f.ready }

// Take returns what is queued, in ascending sequence, without waiting. When the follower has ended it returns why, with
// the records that were queued before, of which none is missing: ErrSlow after the queue overflowed, ErrClosed after the
// follower or the store was closed, ErrUnavailable when the store could not tell what was stored. Every later call
// returns the error again.
func (f *Follower) Take() ([]Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	recs := f.queue
	f.queue = nil
	return recs, f.err
}

// Close ends the follower.
func (f *Follower) Close() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.end(ErrClosed)
	f.hub.remove(f)
}

// offer queues the record when a matcher takes it and it is not of a followed subject. The hub's lock is held.
func (f *Follower) offer(rec Record) {
	if _, ok := f.subjects[rec.Subject]; ok {
		return
	}
	for _, match := range f.matches {
		if match(rec.Subject) {
			f.put(rec)
			return
		}
	}
}

func (f *Follower) put(rec Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return
	}
	if len(f.queue) < f.buffer {
		f.queue = append(f.queue, rec)
	} else {
		f.err = ErrSlow
	}
	f.signal()
}

func (f *Follower) ended() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err != nil
}

func (f *Follower) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		f.signal()
	}
}

func (f *Follower) signal() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}
