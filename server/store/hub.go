package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A hub hands each record of one log to the followers that want it. One consumer feeds all of them.
type hub struct {
	log    *Log
	logger *slog.Logger
	cancel context.CancelFunc // of run
	done   chan struct{}      // closed when run has returned

	feeding sync.Mutex // one record at a time

	mu        sync.Mutex
	last      uint64 // sequence of the newest record handed out; written by feed alone
	closed    bool
	bySubject map[string]map[*Follower]struct{}
	matchers  map[*Follower]struct{}
}

const (
	// pullBytes is how much the consumer may have on its way to the hub.
	pullBytes = 8 << 20
	// heartbeat is how often a consumer without records shows that it is there; two may be missing.
	heartbeat = 2 * time.Second
	// keepConsumer is how long the server keeps a consumer that nobody asks any more.
	keepConsumer = 30 * time.Second
)

func newHub(l *Log, logger *slog.Logger) *hub {
	ctx, cancel := context.WithCancel(context.Background())
	h := &hub{
		log: l, logger: logger, last: l.end.Load(), cancel: cancel, done: make(chan struct{}),
		bySubject: make(map[string]map[*Follower]struct{}), matchers: make(map[*Follower]struct{}),
	}
	go h.run(ctx)
	return h
}

// run has one consumer after the other feed the hub. Each goes on where the one before it ended.
func (h *hub) run(ctx context.Context) {
	defer close(h.done)
	for retry := (pause{}); ; {
		fed, err := h.consume(ctx)
		if ctx.Err() != nil {
			return
		}
		h.report(err)
		if fed {
			retry = pause{}
		}
		if retry.wait(ctx, nil) != nil {
			return
		}
	}
}

// consume feeds what one consumer brings until it fails, and tells whether it brought anything.
func (h *hub) consume(ctx context.Context) (fed bool, err error) {
	begin := h.newest()
	creating, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	consumer, err := h.log.stream.CreateConsumer(creating, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: begin + 1, AckPolicy: jetstream.AckNonePolicy,
		Replicas: 1, MemoryStorage: true, InactiveThreshold: keepConsumer,
	})
	if err != nil {
		return false, err
	}
	failed := make(chan error, 1)
	feed, err := consumer.Consume(h.receive, jetstream.PullMaxBytes(pullBytes), jetstream.PullHeartbeat(heartbeat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			select {
			case failed <- err:
			default: // the first is what ended it
			}
		}))
	if err != nil {
		return false, err
	}
	err = h.watch(ctx, failed)
	feed.Stop()
	<-feed.Closed()
	return h.newest() > begin, err
}

// errBehind: the consumer seems well, but brings nothing although there is more.
var errBehind = errors.New("the feed stands still")

// watch returns why the consumer must be replaced.
func (h *hub) watch(ctx context.Context, failed <-chan error) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for before, goal := h.newest(), uint64(0); ; {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		last := h.newest()
		if last == before && last < goal {
			return errBehind
		}
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		if info, err := h.log.reader.info(asking, h.log.name, infoRequest{}); err == nil {
			before, goal = last, info.State.LastSeq
			h.log.bytes.Store(int64(info.State.Bytes))
		}
		cancel()
	}
}

func (h *hub) newest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// report notes what went wrong with the consumer; another goes on.
func (h *hub) report(err error) {
	h.logger.Warn("the feed of followers was interrupted", "log", h.log.name, "error", err)
}

func (h *hub) receive(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		h.report(err)
		return
	}
	rec := Record{Seq: meta.Sequence.Stream, Subject: msg.Subject(), Time: meta.Timestamp, Data: msg.Data()}
	rec.label(msg.Headers())
	h.feed(rec)
}

// feed takes the next record. When the consumer had to start anew, records may come twice or be left out.
func (h *hub) feed(rec Record) {
	h.feeding.Lock()
	defer h.feeding.Unlock()
	h.log.advance(rec.Seq)
	if rec.Seq <= h.last {
		return
	}
	if rec.Seq > h.last+1 {
		h.fill(rec.Seq - 1)
	}
	h.dispatch(rec)
}

// fill hands out what is left before the next record. Followers that would miss some because it cannot be read are ended.
func (h *hub) fill(through uint64) {
	q := Query{Subjects: h.log.subjects, After: h.last, Through: through}
	for rec, err := range h.log.Read(context.Background(), q) {
		if err != nil {
			h.report(err)
			h.endAll(ErrUnavailable)
			return
		}
		h.dispatch(rec)
	}
}

func (h *hub) dispatch(rec Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = rec.Seq
	h.log.cache.add(h.log.name, rec)
	for f := range h.bySubject[rec.Subject] {
		f.put(rec)
	}
	for f := range h.matchers {
		f.offer(rec)
	}
}

// cached returns what the cache has for a query of one subject. Where it has nothing of the subject, it gets an entry to
// be completed with the records up to begin, which is 0 otherwise.
func (h *hub) cached(k cacheKey, q Query) (recs []Record, ok bool, begin uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	recs, ok, known := h.log.cache.get(k, q)
	if !known {
		h.log.cache.begin(k, h.last)
		return nil, false, h.last
	}
	return recs, ok && q.Through <= h.last, 0
}

// close ends all followers and returns when nothing runs any more. The log's reader is closed already.
func (h *hub) close() {
	h.cancel()
	<-h.done
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.endAll(ErrClosed)
}

func (h *hub) endAll(err error) {
	h.log.cache.forgetLog(h.log.name)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, fs := range h.bySubject {
		for f := range fs {
			f.end(err)
		}
	}
	for f := range h.matchers {
		f.end(err)
	}
}

// The methods below are for holders of the lock.

func (h *hub) addSubject(subject string, f *Follower) {
	fs := h.bySubject[subject]
	if fs == nil {
		fs = make(map[*Follower]struct{})
		h.bySubject[subject] = fs
	}
	fs[f] = struct{}{}
}

func (h *hub) remove(f *Follower) {
	delete(h.matchers, f)
	for subject := range f.subjects {
		fs := h.bySubject[subject]
		if delete(fs, f); len(fs) == 0 {
			delete(h.bySubject, subject)
		}
	}
}
