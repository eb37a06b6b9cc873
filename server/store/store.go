// Package store keeps the state of the program: the tables of one SQLite file, and the one order of changes that they were
// applied in. On one machine that order is the order of SQLite's transactions; on a cluster it is a NATS JetStream stream,
// which every process applies to a file of its own.
//
// Who owns tables registers a Book: its schema, and how a change is applied to it. The store does not look into changes. It
// is the only place that knows SQLite and NATS.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	logv1 "routeguide/proto/routeguide/log/v1"
)

// Options say where the state is kept.
type Options struct {
	// Dir holds the file and is made, for its owner alone, when there is none. One process at a time has it open.
	Dir string
	// Cluster has the order of changes, if it is not this process alone that makes them.
	Cluster *Cluster
	// MaxBytes is what the file may have before changes are refused with ErrFull; 0 means what the disk has.
	MaxBytes int64
	// Committed is told of each transaction that made changes, and how long it took; nil: nobody is. It must not block.
	Committed func(changes int, took time.Duration)
	// Logger is told what the store does; nil means slog.Default().
	Logger *slog.Logger
}

// A Book is tables with one owner, who says what a change does to them.
type Book struct {
	// Name is that of the field of logv1.Change that holds the book's changes.
	Name string
	// Schema brings the tables from one version to the next, statement by statement; its length is the newest version.
	Schema []string
	// Apply makes a change and returns what its caller is told. It depends on nothing but the change and the tables. An error
	// of its own refuses the change, which must not have written anything then; an error of tx it returns as it is.
	Apply func(tx *Tx, change *logv1.Change) (result any, err error)
	// Frees tells of a change that it makes room: it is made although the store is full. Nil: none does.
	Frees func(change *logv1.Change) bool
	// Load is told of tables that changed by other means than changes: when the store opens, and when a snapshot has taken
	// their place. It ends followers with ErrSlow then, so that they go on from where they were. Nil: nobody needs to know.
	Load func(tx *Tx) error
	// Committed is told of changes that were made and are durable, in their order, before their callers are. It must not
	// block. Nil: nobody needs to know.
	Committed func([]Event)
}

// An Event is a change that was made.
type Event struct {
	Position uint64 // its place in the order of all changes, from 1; the same in every process of a cluster
	Change   *logv1.Change
	Result   any // what Apply returned
}

// A Store is safe for concurrent use once it is open.
type Store struct {
	options Options
	log     *slog.Logger
	books   []*Book

	lock    *flock.Flock
	writer  *Tx // used by the goroutine that applies changes alone
	readers readers
	queue   chan proposal
	order   order

	applied   progress
	followers atomic.Int64
	state     health
	once      sync.Once
	over      chan struct{} // closed when no more changes are made
	why       error         // that they are not; set before over is closed
	stop      context.CancelFunc
	running   sync.WaitGroup // the order
	open      atomic.Bool
}

// A proposal is a change that waits for its place in the order.
type proposal struct {
	change *logv1.Change
	done   chan outcome // has room for one
}

// An outcome is what became of a proposal.
type outcome struct {
	event Event
	err   error
}

// An order gives changes their places and has them applied: the local one, or that of a cluster.
type order interface {
	// run applies changes until ctx ends. It is called once, by Open, when the tables are as the newest snapshot left them.
	run(ctx context.Context)
	// ready returns what keeps changes from being made.
	ready() error
	// reach returns when all is applied that was given its place before.
	reach(ctx context.Context) error
	// shared tells whether other processes make changes too.
	shared() bool
	// close ends connections. It is called last, also where run was not.
	close()
}

const (
	queued   = 4096             // changes that wait for their place
	maxBatch = 1024             // changes of one transaction
	patience = 20 * time.Second // for a change to be made, if its caller sets no deadline
	catchUp  = 5 * time.Second  // for a position that another process has already
)

// New returns a store that is not open.
func New(o Options) *Store {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Store{options: o, log: o.Logger, queue: make(chan proposal, queued), over: make(chan struct{})}
}

// Register adds a book. It is called before Open; a name that is no field of a change, or is taken, panics.
func (s *Store) Register(b Book) {
	if bookField(b.Name) == nil || s.book(b.Name) != nil {
		panic(fmt.Sprintf("store: %q is not the name of a new book", b.Name))
	}
	s.books = append(s.books, &b)
}

func (s *Store) book(name string) *Book {
	for _, b := range s.books {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Open opens the file, or makes it, and begins to apply changes. What it cannot read it leaves as it is.
//
// Errors: ErrLocked when another process has the directory open, ErrForeign for a file that is not ours or newer than this
// program, ErrDamaged for one that cannot be read, ErrUnavailable for a cluster that does not answer.
func (s *Store) Open(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open the store in %q: %w", s.options.Dir, err), s.release())
		}
	}()
	if err := s.openFile(); err != nil {
		return err
	}
	if s.options.Cluster == nil {
		if s.order, err = s.alone(); err != nil {
			return err
		}
	} else if s.order, err = s.join(ctx); err != nil {
		return err
	}
	if err := s.load(); err != nil {
		return err
	}
	s.wrote(nil) // nothing yet, but the file may be full
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.running.Go(s.guarded(func() { s.order.run(running) }))
	s.open.Store(true)
	return nil
}

// Close fails what waits with ErrClosed. When it returns nothing of the store runs any more.
func (s *Store) Close() error {
	if !s.open.Swap(false) {
		return nil
	}
	s.end(ErrClosed)
	s.running.Wait()
	return s.release()
}

// Do makes a change and returns what it did when that is durable and every View sees it. The error is that of the book that
// refused it, or one of the store: ErrFull, ErrDamaged, ErrUnavailable, ErrClosed, or that of ctx. After the last three the
// change may still be made; proposing it again is safe, as a change is made once.
func (s *Store) Do(ctx context.Context, change *logv1.Change) (Event, error) {
	if err := s.admit(change); err != nil {
		return Event{}, err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, patience, ErrUnavailable)
		defer cancel()
	}
	p := proposal{change, make(chan outcome, 1)}
	select {
	case s.queue <- p:
	case <-ctx.Done():
		return Event{}, s.late(ctx)
	case <-s.over:
		return Event{}, s.why
	}
	select {
	case o := <-p.done:
		return o.event, o.err
	case <-ctx.Done():
		return Event{}, s.late(ctx)
	case <-s.over:
		return Event{}, s.why
	}
}

// late is why a change was not made in time.
func (s *Store) late(ctx context.Context) error {
	cause := context.Cause(ctx)
	if trouble := s.state.trouble(); trouble != nil && errors.Is(cause, ErrUnavailable) {
		return trouble
	}
	return cause
}

func (s *Store) admit(change *logv1.Change) error {
	b := s.book(bookOf(change))
	if b == nil {
		return fmt.Errorf("store: a change of no book: %v", change)
	}
	if s.state.full.Load() && (b.Frees == nil || !b.Frees(change)) {
		return ErrFull
	}
	return nil
}

// View has f read the tables as they are after some change, tx.Position; no change is made meanwhile as far as f can see. It
// must be short: what f reads for a slow client it reads in pieces.
func (s *Store) View(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := s.readers.take(ctx)
	if err != nil {
		return err
	}
	defer s.readers.give(tx)
	return s.met(tx.view(ctx, f))
}

// Position is that of the newest change which was made here.
func (s *Store) Position() uint64 { return s.applied.at() }

// Await waits until the change at a position was made here, which another process of the cluster may know of already.
//
// Errors: ErrBeyond when there is no such change.
func (s *Store) Await(ctx context.Context, position uint64) error {
	if position <= s.Position() {
		return nil
	}
	if !s.order.shared() {
		return ErrBeyond
	}
	ctx, cancel := context.WithTimeoutCause(ctx, catchUp, ErrBeyond)
	defer cancel()
	return s.applied.wait(ctx, position)
}

// Reach waits until all changes were made here that anybody was told of before, at whichever process of a cluster.
//
// Errors: ErrUnavailable when that takes too long.
func (s *Store) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, catchUp, ErrUnavailable)
	defer cancel()
	return s.order.reach(ctx)
}
