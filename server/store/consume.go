package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
)

// cluster is the order that a JetStream stream has. Every process applies all of it.
type cluster struct {
	Cluster
	store *Store
	conn  *nats.Conn
	js    jetstream.JetStream
	log   *slog.Logger

	stream  jetstream.Stream
	id      string // the stream's identity
	process string // ours, another one each time
	message atomic.Uint64
	newest  atomic.Uint64 // message that the cluster had when it was last asked
	goal    atomic.Uint64 // the newest message when we began to follow; until it is reached we are behind

	mu      sync.Mutex
	flights map[uint64]chan []outcome // by number, with room for one
	cut     error                     // why the stream cannot be reached, or nil
	idle    error                     // why nothing is applied, or nil
}

// join connects to the cluster and brings the tables to a message that its stream goes on from.
func (s *Store) join(ctx context.Context) (_ order, err error) {
	c := &cluster{Cluster: *s.options.Cluster, store: s, log: s.log, process: rand.Text(), flights: make(map[uint64]chan []outcome)}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	waiting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := c.connect(waiting); err != nil {
		return nil, err
	}
	if err := c.openStream(waiting); err != nil {
		return nil, err
	}
	for {
		err := c.adopt(ctx)
		if err == nil {
			return c, nil
		}
		if !transient(err) || pause(waiting, retryEvery) != nil {
			return nil, err
		}
	}
}

func (c *cluster) close() {
	if c.conn != nil {
		c.conn.Close()
	}
}

func (c *cluster) shared() bool { return true }

// reachEvery is how often reach looks; a message is seldom longer on its way.
const reachEvery = 2 * time.Millisecond

func (c *cluster) reach(ctx context.Context) error {
	info, err := c.look(ctx)
	if err != nil {
		return err
	}
	for c.message.Load() < info.State.LastSeq {
		if err := pause(ctx, reachEvery); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, err := range []error{c.cut, c.idle} {
		if err != nil {
			return err
		}
	}
	if at, goal := c.message.Load(), c.goal.Load(); at < goal {
		return fmt.Errorf("%w: catching up with the cluster, at message %d of %d", ErrUnavailable, at, goal)
	}
	return nil
}

func (c *cluster) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, part := range []func(context.Context){c.publish, c.watch, c.keepSnapshots, c.follow} {
		running.Go(c.store.guarded(func() { part(ctx) }))
	}
	running.Wait()
}

// follow applies messages until ctx ends, or one comes that cannot be applied.
func (c *cluster) follow(ctx context.Context) {
	for {
		err := c.consume(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errHalt) {
			c.store.halt(err, "message", c.message.Load())
			return
		}
		c.stopped(err)
		if pause(ctx, retryEvery) != nil {
			return
		}
	}
}

// stopped keeps, and logs once, why no messages are applied; nil means that they are.
func (c *cluster) stopped(err error) {
	c.mu.Lock()
	before := c.idle
	c.idle = err
	c.mu.Unlock()
	switch at := c.message.Load(); {
	case err != nil && before == nil:
		c.log.Warn("the cluster's changes do not come", "message", at, "err", err)
	case err == nil && before != nil:
		c.log.Info("the cluster's changes come again", "message", at)
	}
}

// consume applies the messages after ours, as they come. A message that the stream no longer has is in a snapshot.
func (c *cluster) consume(ctx context.Context) error {
	info, err := c.look(ctx)
	if err != nil {
		return err
	}
	at, state := c.message.Load(), info.State
	if state.LastSeq < at {
		return fmt.Errorf("%w: the cluster has %d messages and this process has applied %d: it lost some, or its leader is behind",
			ErrUnavailable, state.LastSeq, at)
	}
	c.goal.Store(state.LastSeq)
	if state.FirstSeq > at+1 {
		return c.begin(ctx, at+1)
	}
	c.stopped(nil)
	for msg, err := range feed(ctx, c.stream, "", at) {
		if err != nil {
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		at++
		if meta.Sequence.Stream != at || msg.Headers().Get(restored) != "" {
			return c.begin(ctx, at)
		}
		if err := c.take(ctx, at, msg.Data()); err != nil {
			return err
		}
	}
	return nil
}

// take applies a message. It tries again until that works: others have applied it already.
func (c *cluster) take(ctx context.Context, at uint64, data []byte) error {
	batch, err := c.unpack(data)
	if err != nil {
		return fmt.Errorf("%w: message %d of the cluster %w", errHalt, at, err)
	}
	for {
		outcomes, err := c.store.apply(batch.Changes, at, false)
		c.store.wrote(err)
		if err == nil {
			c.message.Store(at)
			c.tell(batch, outcomes)
			return nil
		}
		if err := pause(ctx, probeEvery); err != nil {
			return err
		}
	}
}

// tell hands what became of a batch to who carries it, if it is one of ours. The stream may have it twice.
func (c *cluster) tell(batch *logv1.Batch, outcomes []outcome) {
	if batch.Process != c.process {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.flights[batch.Number]; made != nil {
		made <- outcomes
		delete(c.flights, batch.Number)
	}
}

// unpack returns a batch only if this version knows all that is in it.
func (c *cluster) unpack(data []byte) (*logv1.Batch, error) {
	batch := new(logv1.Batch)
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, batch); err != nil {
		return nil, fmt.Errorf("is malformed: %w", err)
	}
	if batch.Process == "" {
		return nil, errors.New("is malformed: it names no process")
	}
	newer := errors.New("is of a newer version of RouteGuide: run that here too")
	if proto.Size(batch) != len(data) { // what was discarded is missing
		return nil, newer
	}
	for _, change := range batch.Changes {
		if c.store.book(bookOf(change)) == nil {
			return nil, newer
		}
	}
	return batch, nil
}

const (
	watchEvery = 3 * time.Second
	// misses is how many answers may be missing in a row before another server is tried.
	misses = 3
)

// watch keeps whether the stream can be reached. It leaves a server that is cut off from the others, which would take
// messages for ever and answer none.
func (c *cluster) watch(ctx context.Context) {
	for missed := 0; pause(ctx, watchEvery) == nil; {
		info, err := c.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			c.newest.Store(info.State.LastSeq)
		}
		c.mu.Lock()
		c.cut = err
		c.mu.Unlock()
		if err == nil || !c.conn.IsConnected() {
			missed = 0
			continue
		}
		if missed++; missed < misses {
			continue
		}
		missed = 0
		c.log.Warn("a server of the cluster does not answer: trying another", "server", c.conn.ConnectedServerName(), "err", err)
		if err := c.conn.ForceReconnect(); err != nil {
			c.log.Warn("no connection to another server", "err", err)
		}
	}
}
