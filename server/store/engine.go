package store

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// An engine is the JetStream that keeps the logs: a server inside this process, or a cluster that other processes use too.
type engine interface {
	// connect makes a connection that lasts until it is closed: it is made anew whenever it breaks.
	connect(ctx context.Context) (*nats.Conn, error)
	// shared tells whether other processes write to the logs, and several servers answer, of which one may lag behind.
	shared() bool
	// replicas is how many servers keep each log.
	replicas() int
	// room returns ErrFull when size more bytes of records have no room beside those used, which a server in this process
	// knows better than its caller.
	room(size, used int64) error
	// health returns what keeps records from being taken.
	health() error
	// revive recovers a log of which there are files, but which is not there: it gives it the description that create makes.
	// It returns false where there are no files.
	revive(log string, create func() error) (bool, error)
	// archive returns what reads a log from the files of this process, or nil where they are elsewhere.
	archive(log string) *archive
	// close ends what runs, after all connections were closed.
	close() error
}

const (
	// connectTimeout is what a busy machine may need, and a cluster that is being started at the same time.
	connectTimeout = 30 * time.Second
	// patience is how long an operation goes on while nobody answers it, if its caller sets no deadline: longer than a
	// cluster needs for choosing a new leader.
	patience = 20 * time.Second
	// answerTimeout is how long one attempt of it waits. A leader that is gone answers nothing at all.
	answerTimeout = 3 * time.Second
)

// A pause is the time between two attempts; each is longer than the one before, up to half a second.
type pause struct{ next time.Duration }

// wait returns why the attempts must end, or nil when it is time for the next.
func (p *pause) wait(ctx context.Context, closing <-chan struct{}) error {
	p.next = min(max(2*p.next, 10*time.Millisecond), 500*time.Millisecond)
	timer := time.NewTimer(p.next)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-closing:
		return ErrClosed
	}
}
