package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

const (
	queueLength   = 4096
	maxGroup      = 1000    // entries, the most an atomic batch may have
	maxGroupBytes = 4 << 20 // and about so many bytes
	// batchFrom is the number of entries from which a batch, which costs two syncs and a file of its own, is quicker than
	// a sync for each of them.
	batchFrom = 16
)

// An appender stores the entries of one log. Whatever has come in while it stored one group is the next one, so the more
// callers there are, the more of them share a sync. What is not acknowledged is sent again, with its ID, so that it is
// stored once however often the acknowledgement was lost.
type appender struct {
	log      *Log
	engine   engine
	used     func() int64 // bytes of all logs
	link     *link
	patience time.Duration // patience

	queue   chan *pending
	closing chan struct{}
	done    chan struct{}         // closed when run has returned
	trouble atomic.Pointer[error] // why entries are not acknowledged at the moment
}

// A pending is an entry on its way into the log.
type pending struct {
	Entry
	ctx    context.Context // of the caller that waits
	until  time.Time       // when it is given up
	result chan result
}

type result struct {
	seq uint64
	err error
}

func (p *pending) settle(seq uint64, err error) { p.result <- result{seq, err} }

func newAppender(l *Log, s *Store) (*appender, error) {
	link, err := newLink(s.conn)
	if err != nil {
		return nil, err
	}
	a := &appender{
		log: l, engine: s.engine, used: s.used, link: link, patience: patience,
		queue: make(chan *pending, queueLength), closing: make(chan struct{}), done: make(chan struct{}),
	}
	go a.run()
	return a, nil
}

// close fails what waits and returns when nothing runs any more.
func (a *appender) close() {
	close(a.closing)
	<-a.done
}

func (a *appender) append(ctx context.Context, e Entry) (uint64, error) {
	if e.ID == "" {
		e.ID = rand.Text()
	}
	until := time.Now().Add(a.patience)
	for retry := (pause{}); ; {
		seq, err := a.enqueue(ctx, e, until)
		if !errors.Is(err, ErrConflict) {
			return seq, err
		}
		if seq, err = a.stored(ctx, e, err); !errors.Is(err, errUnderWay) || time.Now().After(until) {
			return seq, err
		}
		if err := retry.wait(ctx, a.closing); err != nil {
			return 0, err
		}
	}
}

// enqueue waits until the entry has been stored or refused.
func (a *appender) enqueue(ctx context.Context, e Entry, until time.Time) (uint64, error) {
	p := &pending{Entry: e, ctx: ctx, until: until, result: make(chan result, 1)}
	select {
	case a.queue <- p:
	case <-ctx.Done():
		return 0, a.ended(ctx)
	case <-a.closing:
		return 0, ErrClosed
	}
	select {
	case r := <-p.result:
		return r.seq, r.err
	case <-ctx.Done():
		return 0, a.ended(ctx)
	case <-a.done:
		select {
		case r := <-p.result:
			return r.seq, r.err
		default:
			return 0, ErrClosed
		}
	}
}

// ended returns why a caller waits no longer. When its time ran out because nobody acknowledged, it is told so.
func (a *appender) ended(ctx context.Context) error {
	err := ctx.Err()
	if trouble := a.trouble.Load(); trouble != nil && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", *trouble, err)
	}
	return err
}

// errUnderWay: the entry conflicts with one that is not stored yet, which may be itself.
var errUnderWay = errors.New("an entry of the subject is under way")

// stored returns the sequence of an entry that conflicts with itself: the server looks at what is expected before it looks
// at the ID. An entry that was stored is the first record of its subject after the one it expected.
func (a *appender) stored(ctx context.Context, e Entry, conflict error) (uint64, error) {
	q := Query{Subjects: []string{e.Subject}, After: *e.Expect, Through: math.MaxUint64}
	for rec, err := range a.log.Read(ctx, q) {
		switch {
		case err != nil:
			return 0, err
		case rec.ID == e.ID:
			return rec.Seq, nil
		}
		return 0, conflict
	}
	switch last, _, err := a.log.Last(ctx, e.Subject); {
	case err != nil:
		return 0, err
	case last.Seq >= *e.Expect:
		return 0, fmt.Errorf("%w: %w", conflict, errUnderWay)
	}
	return 0, conflict
}

func (a *appender) run() {
	defer close(a.done)
	defer a.link.close()
	for {
		select {
		case <-a.closing:
			return
		case p := <-a.queue:
			a.store(a.group(p))
		}
	}
}

// group returns p and what else waits, less those whose caller has gone.
func (a *appender) group(p *pending) []*pending {
	var group []*pending
	for size := 0; ; {
		if err := p.ctx.Err(); err != nil {
			p.settle(0, err)
		} else {
			group = append(group, p)
			size += len(p.Data)
		}
		if len(group) == maxGroup || size >= maxGroupBytes {
			return group
		}
		select {
		case p = <-a.queue:
		default:
			return group
		}
	}
}

// store stores the entries in their order and settles each. Those that are not acknowledged it sends again until they are,
// or until nobody waits for them any more.
func (a *appender) store(group []*pending) {
	background := context.Background()
	var err error
	for retry := (pause{}); len(group) > 0; {
		if full := a.engine.room(sizeOf(group), a.used()); full != nil {
			if err != nil { // an attempt was made: something may have been stored
				full = fmt.Errorf("%w: %w", full, ErrUnavailable)
			}
			settleAll(group, full)
			break
		}
		if group, err = a.try(group); len(group) == 0 {
			break
		}
		if reason := a.engine.health(); reason != nil {
			err = reason
		}
		why := err
		a.trouble.Store(&why)
		if retry.wait(background, a.closing) != nil {
			settleAll(group, ErrClosed)
			break
		}
		group = slices.DeleteFunc(group, func(p *pending) bool {
			switch gone := p.ctx.Err(); {
			case gone != nil:
				p.settle(0, gone)
				return true
			case time.Now().After(p.until):
				p.settle(0, err)
				return true
			}
			return false
		})
	}
	a.trouble.Store(nil)
}

// try settles the entries that were acknowledged or refused. Of those it returns it is not known what became of them.
func (a *appender) try(group []*pending) (left []*pending, err error) {
	if len(group) < batchFrom {
		return a.tryEach(group)
	}
	switch last, err := a.link.batch(group, a.closing); {
	case err == nil:
		a.log.advance(last)
		a.log.bytes.Add(sizeOf(group))
		for i, p := range group {
			p.settle(last-uint64(len(group)-1-i), nil)
		}
		return nil, nil
	case errors.Is(err, errRejected):
		// At least one entry is at fault and none was stored: halving separates the others from it.
		left, err := a.try(group[:len(group)/2])
		more, errMore := a.try(group[len(group)/2:])
		return slices.Concat(left, more), errors.Join(err, errMore)
	default:
		return group, err
	}
}

func (a *appender) tryEach(group []*pending) (left []*pending, err error) {
	left = slices.Clone(group)
	var doubt error
	err = a.link.each(group, a.closing, func(i int, seq uint64, err error) {
		if errors.Is(err, ErrUnavailable) {
			doubt = err
			return
		}
		a.log.advance(seq)
		a.log.bytes.Add(sizeOf(group[i : i+1]))
		left[i].settle(seq, err)
		left[i] = nil
	})
	return slices.DeleteFunc(left, func(p *pending) bool { return p == nil }), errors.Join(err, doubt)
}

func settleAll(group []*pending, err error) {
	for _, p := range group {
		p.settle(0, err)
	}
}

// sizeOf is about what the entries take in a file.
func sizeOf(group []*pending) (size int64) {
	const overhead = 256 // headers and the file's own
	for _, p := range group {
		size += int64(len(p.Data)+len(p.Subject)+len(p.ID)) + overhead
	}
	return size
}
