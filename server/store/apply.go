package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	logv1 "routeguide/proto/routeguide/log/v1"
)

var books = (*logv1.Change)(nil).ProtoReflect().Descriptor().Oneofs().ByName("book")

func bookField(name string) protoreflect.FieldDescriptor {
	return books.Fields().ByName(protoreflect.Name(name))
}

// bookOf returns the name of the book that a change is for, or "".
func bookOf(change *logv1.Change) string {
	if field := change.ProtoReflect().WhichOneof(books); field != nil {
		return string(field.Name())
	}
	return ""
}

// errPanic is why a change was not made whose book panicked, or wrote what the tables do not take.
var errPanic = errors.New("the change cannot be made")

// apply makes changes in one transaction, and tells the books when it is durable. Each has an outcome: one that its book
// refuses has that error and has written nothing. message is the place of the batch in the cluster's stream, or 0.
//
// A change whose book panics, or writes what the tables do not take, is left out: it does so in every process. One that
// needs a damaged page is left out where alone is true, as no other process knows of it.
//
// An error means that nothing was made, of any change.
func (s *Store) apply(changes []*logv1.Change, message uint64, alone bool) ([]outcome, error) {
	outcomes, began := make([]outcome, len(changes)), time.Now()
	left := make(map[int]error)
	for {
		at, err := s.try(changes, outcomes, left, message)
		if err == nil {
			break
		}
		if end := s.writer.rollback(); end != nil {
			return nil, errors.Join(err, end)
		}
		if at == len(changes) || !errors.Is(err, errPanic) && !(alone && errors.Is(err, ErrDamaged)) {
			return nil, err
		}
		if errors.Is(err, errPanic) {
			s.log.Error("a change is left out", "book", bookOf(changes[at]), "err", err)
		}
		left[at] = s.met(err)
	}
	if s.options.Committed != nil && len(changes) > 0 {
		s.options.Committed(len(changes), time.Since(began))
	}
	s.commit(outcomes)
	return outcomes, nil
}

// try makes changes in one transaction. Where it fails it tells at which change, or len(changes) for all.
func (s *Store) try(changes []*logv1.Change, outcomes []outcome, left map[int]error, message uint64) (at int, err error) {
	tx := s.writer
	tx.err = nil
	all := len(changes)
	if err := tx.Exec("BEGIN IMMEDIATE"); err != nil {
		return all, err
	}
	if err := tx.readPosition(); err != nil {
		return all, err
	}
	for i, change := range changes {
		tx.position++
		outcomes[i] = outcome{event: Event{Position: tx.position, Change: change}}
		if outcomes[i].err = left[i]; outcomes[i].err != nil {
			continue
		}
		result, err := s.make(tx, change)
		if tx.err != nil {
			return i, tx.err
		}
		if errors.Is(err, errPanic) {
			return i, err
		}
		outcomes[i].event.Result, outcomes[i].err = result, err
	}
	if err := tx.Exec("UPDATE store SET position = ?, message = ?", tx.position, message); err != nil {
		return all, err
	}
	return all, tx.Exec("COMMIT")
}

func (s *Store) make(tx *Tx, change *logv1.Change) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a change cannot be made", "book", bookOf(change), "panic", p, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	b := s.book(bookOf(change))
	if b == nil {
		return nil, fmt.Errorf("%w: it is of a newer version of RouteGuide", errPanic)
	}
	return b.Apply(tx, change)
}

// commit tells of changes that are durable.
func (s *Store) commit(outcomes []outcome) {
	byBook := make(map[string][]Event)
	for _, o := range outcomes {
		if o.err == nil {
			name := bookOf(o.event.Change)
			byBook[name] = append(byBook[name], o.event)
		}
	}
	s.applied.set(s.writer.position)
	for _, b := range s.books {
		if events := byBook[b.Name]; len(events) > 0 && b.Committed != nil {
			b.Committed(events)
		}
	}
}

// gather waits for changes and returns those that wait, or none when ctx ends.
func (s *Store) gather(ctx context.Context) []proposal {
	var batch []proposal
	select {
	case p := <-s.queue:
		batch = append(batch, p)
	case <-ctx.Done():
		return nil
	}
	for len(batch) < maxBatch {
		select {
		case p := <-s.queue:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

func changesOf(batch []proposal) []*logv1.Change {
	changes := make([]*logv1.Change, len(batch))
	for i, p := range batch {
		changes[i] = p.change
	}
	return changes
}

// answer tells those who proposed a batch what became of it.
func answer(batch []proposal, outcomes []outcome, err error) {
	for i, p := range batch {
		if err != nil {
			p.done <- outcome{err: err}
		} else {
			p.done <- outcomes[i]
		}
	}
}
