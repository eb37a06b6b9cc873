package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Query selects records: those of any of Subjects that Match takes, with After < Seq <= Through.
type Query struct {
	Subjects []string                  // NATS wildcards are allowed
	Match    func(subject string) bool // nil takes all
	After    uint64
	Through  uint64 // 0 means the log's end at the time of the call
	Newest   int    // above 0: only the newest so many of them
}

// Read returns the records that q selects in ascending sequence. Every record with Seq <= Through is there or, with
// Through 0, every one whose Append had returned before the call. An error comes last and ends the records early.
func (l *Log) Read(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		more := true
		err := l.read(ctx, q, func(rec Record) bool {
			more = yield(rec, nil)
			return more
		})
		if err != nil && more {
			yield(Record{}, fmt.Errorf("read %s: %w", l.name, err))
		}
	}
}

// Last returns the newest record of a subject, and false where there is none.
func (l *Log) Last(ctx context.Context, subject string) (Record, bool, error) {
	rec, ok, err := l.last(ctx, subject)
	if err != nil {
		return Record{}, false, fmt.Errorf("read %s: %w", l.name, err)
	}
	return rec, ok, nil
}

// Count returns how many records a subject has.
func (l *Log) Count(ctx context.Context, subject string) (uint64, error) {
	n, err := l.count(ctx, subject)
	if err != nil {
		return 0, fmt.Errorf("count in %s: %w", l.name, err)
	}
	return n, nil
}

func (l *Log) count(ctx context.Context, subject string) (uint64, error) {
	if a := l.files(math.MaxUint64); a != nil {
		return a.count(subject), nil
	}
	if l.shared {
		info, err := l.reader.info(ctx, l.name, infoRequest{Subjects: subject})
		return info.State.Subjects[subject], err
	}
	p, err := l.reader.get(ctx, l.name, request{Seq: 1, Filter: subject, Batch: 1})
	return uint64(len(p.recs)) + p.pending, err
}

func (l *Log) last(ctx context.Context, filter string) (Record, bool, error) {
	if a := l.files(math.MaxUint64); a != nil {
		return a.last(ctx, filter)
	}
	if l.shared {
		return l.reader.newest(ctx, l.name, filter)
	}
	p, err := l.reader.get(ctx, l.name, request{LastFor: filter})
	if err != nil || len(p.recs) == 0 {
		return Record{}, false, err
	}
	return p.recs[0], true, nil
}

// files returns what reads the log from its files, where it can, and knows every record up to the sequence through.
func (l *Log) files(through uint64) *archive {
	if l.archive == nil || l.archive.update(through, l.end.Load()) != nil {
		return nil
	}
	return l.archive
}

const (
	firstPage = 128 // records: a place's history in one request, nearly always
	nextPage  = 1024
	// sparse is how many records the server goes through in the time that it takes to look up one subject.
	sparse = 5000
)

// read hands the records to take until it returns false.
func (l *Log) read(ctx context.Context, q Query, take func(Record) bool) error {
	if len(q.Subjects) == 0 {
		return fmt.Errorf("%w: no subject to read", ErrInvalid)
	}
	if q.Through == 0 {
		end, err := l.endNow(ctx)
		if err != nil {
			return err
		}
		q.Through = end
	}
	if q.After >= q.Through {
		return ctx.Err()
	}
	if len(q.Subjects) == 1 && !wild(q.Subjects[0]) && q.Match == nil && l.cache != nil && !l.fades {
		return l.readCached(ctx, q, take)
	}
	return l.readStored(ctx, q, take)
}

// readCached reads the records of one subject, out of the cache if that has them all.
func (l *Log) readCached(ctx context.Context, q Query, take func(Record) bool) error {
	k := cacheKey{l.name, q.Subjects[0]}
	recs, ok, begin := l.hub.cached(k, q)
	if begin > 0 {
		if err := l.fetch(ctx, k, begin); err != nil {
			return err
		}
		recs, ok, _ = l.hub.cached(k, q)
	}
	if !ok {
		return l.readStored(ctx, q, take)
	}
	for _, rec := range recs {
		if !take(rec) {
			break
		}
	}
	return ctx.Err()
}

// fetch completes an entry of the cache.
func (l *Log) fetch(ctx context.Context, k cacheKey, begin uint64) error {
	var recs []Record
	q := Query{Subjects: []string{k.subject}, Through: begin, Newest: cachedRecords}
	err := l.readStored(ctx, q, func(rec Record) bool {
		recs = append(recs, rec)
		return true
	})
	if err != nil {
		l.cache.forget(k)
		return err
	}
	after := uint64(0)
	if len(recs) == cachedRecords {
		after = recs[0].Seq - 1
	}
	l.cache.complete(k, begin, recs, after)
	return nil
}

// everything selects all records of a log.
var everything = []string{">"}

// readStored reads what is stored. Through is not 0.
func (l *Log) readStored(ctx context.Context, q Query, take func(Record) bool) error {
	if slices.Equal(q.Subjects, l.subjects) { // which may be others than its records have, while they are imported
		q.Subjects = everything
	}
	if a := l.files(q.Through); a != nil {
		return a.read(ctx, q, take)
	}
	if q.Match == nil {
		q.Match = func(string) bool { return true }
	}
	m, err := l.merge(ctx, q.Subjects, q.After, q.Through)
	if err != nil {
		return err
	}
	if q.Newest == 0 {
		return m.each(ctx, func(rec Record) bool { return !q.Match(rec.Subject) || take(rec) })
	}
	recs, err := l.newest(ctx, q, m)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if !take(rec) {
			break
		}
	}
	return nil
}

// newest returns the newest records of a query, of which m is at the beginning. Where there are not many more, it reads
// them all, and otherwise backwards in growing windows. The first of these is as wide as it takes when the records lie
// evenly in the log.
func (l *Log) newest(ctx context.Context, q Query, m *merge) (recs []Record, err error) {
	total := m.total()
	if total <= uint64(max(2*q.Newest, firstPage)) {
		return m.last(ctx, q.Newest, q.Match)
	}
	width := uint64(math.Ceil(float64(q.Through-q.After) / float64(total) * float64(q.Newest) * 1.5))
	for end := q.Through; end > q.After && len(recs) < q.Newest; width *= 4 {
		start := q.After
		if width < end-q.After {
			start = end - width
		}
		window, err := l.merge(ctx, q.Subjects, start, end)
		if err != nil {
			return nil, err
		}
		found, err := window.last(ctx, q.Newest-len(recs), q.Match)
		if err != nil {
			return nil, err
		}
		recs, end = append(found, recs...), start
	}
	return recs, nil
}

// A merge reads the records of several filters in the order of their sequence, each once.
type merge struct {
	log     *Log
	through uint64
	cursors []*cursor
}

// A cursor reads the records of one filter.
type cursor struct {
	filter string
	page

	// Several servers may answer, and one that lags behind leaves out the newest records. So it is known beforehand what
	// there is, either by the sequence of the newest record or by the number of those that are left; 0 means nothing.
	newest, left uint64
}

// merge asks for the first page of each filter.
func (l *Log) merge(ctx context.Context, filters []string, after, through uint64) (*merge, error) {
	m := &merge{log: l, through: through}
	var cursors []*cursor
	if slices.Equal(filters, everything) {
		filters = []string{""} // the server does not look at subjects then
	}
	for _, f := range filters {
		cursors = append(cursors, &cursor{filter: f})
	}
	if err := m.add(ctx, cursors, after); err != nil {
		return nil, err
	}
	if after == 0 {
		return m, m.expand(ctx)
	}
	return m, nil
}

// add gets the first page of each cursor, all at once.
func (m *merge) add(ctx context.Context, cursors []*cursor, after uint64) (err error) {
	m.cursors = append(m.cursors, cursors...)
	var calls []*call
	var asking sync.WaitGroup
	errs := make([]error, len(cursors))
	for i, c := range cursors {
		sent, e := m.log.reader.send(ctx, m.log.name, firstRequest(c, after))
		if e != nil {
			err = e
			break
		}
		calls = append(calls, sent)
		if m.log.shared && c.left == 0 {
			asking.Go(func() { errs[i] = m.find(ctx, c) })
		}
	}
	pages := make([]page, len(calls))
	for i, sent := range calls {
		var e error
		if pages[i], e = m.log.reader.wait(ctx, sent); e != nil && !errors.Is(e, ErrUnavailable) {
			err = errors.Join(err, e)
		} else if e != nil {
			pages[i] = page{}
			calls[i] = nil
		}
	}
	asking.Wait()
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	for i, c := range cursors {
		if calls[i] != nil && !m.lacking(c, pages[i], after) {
			c.take(pages[i])
		} else if err := m.fetch(ctx, c, firstRequest(c, after)); err != nil {
			return err
		}
	}
	return nil
}

func firstRequest(c *cursor, after uint64) request {
	req := request{Seq: after + 1, Filter: c.filter, Batch: firstPage, MaxBytes: pageBytes}
	if wild(c.filter) {
		req.Batch = 1 // to know how many there are
	}
	return req
}

// fetch gets a cursor's page until it comes from a server that has all of it.
func (m *merge) fetch(ctx context.Context, c *cursor, req request) error {
	start := time.Now()
	for retry := (pause{}); ; {
		p, err := m.log.reader.get(ctx, m.log.name, req)
		switch {
		case err != nil:
			return err
		case !m.lacking(c, p, req.Seq-1):
			c.take(p)
			return nil
		case time.Since(start) > patience:
			return fmt.Errorf("%w: the servers that answer lag behind", ErrUnavailable)
		}
		if err := retry.wait(ctx, m.log.reader.closing); err != nil {
			return err
		}
		if c.newest > 0 {
			if err := m.find(ctx, c); err != nil { // it may have been too old to be kept
				return err
			}
		}
	}
}

// find asks the leader what a cursor must find.
func (m *merge) find(ctx context.Context, c *cursor) error {
	rec, _, err := m.log.reader.newest(ctx, m.log.name, cmp.Or(c.filter, ">"))
	c.newest = rec.Seq
	return err
}

// lacking tells whether a page of the records after a sequence leaves some out that are known to be there.
func (m *merge) lacking(c *cursor, p page, after uint64) bool {
	if uint64(len(p.recs))+p.pending < c.left {
		return true
	}
	if len(p.recs) > 0 {
		after = p.recs[len(p.recs)-1].Seq
	}
	// Servers store in one order: one that has a record beyond through has all up to it.
	return p.pending == 0 && after < c.newest && after <= m.through
}

func (c *cursor) take(p page) {
	c.page = p
	c.left -= min(c.left, uint64(len(p.recs)))
}

// expand replaces filters with wildcards that take few of the log's records by the subjects of these. The server finds
// the records of a subject in an index, but those of a filter by going through the log.
func (m *merge) expand(ctx context.Context) error {
	var places []*cursor
	few := min(m.through, m.log.end.Load()) / m.log.sparse
	for i, c := range m.cursors {
		if !wild(c.filter) || c.pending == 0 || c.pending > few {
			continue
		}
		info, err := m.log.stream.Info(ctx, jetstream.WithSubjectFilter(c.filter))
		if err != nil {
			return unavailable(err)
		}
		for subject, n := range info.State.Subjects {
			places = append(places, &cursor{filter: subject, left: n})
		}
		m.cursors[i] = &cursor{}
	}
	return m.add(ctx, places, 0)
}

func wild(filter string) bool { return strings.ContainsAny(filter, "*>") }

// total returns how many records there are, counting one that several filters take more than once.
func (m *merge) total() (n uint64) {
	for _, c := range m.cursors {
		n += uint64(len(c.recs)) + c.pending
	}
	return n
}

// last returns the last n records that match.
func (m *merge) last(ctx context.Context, n int, match func(string) bool) ([]Record, error) {
	var ring []Record // with the oldest at next once it is full
	var next int
	err := m.each(ctx, func(rec Record) bool {
		switch {
		case !match(rec.Subject):
		case len(ring) < n:
			ring = append(ring, rec)
		default:
			ring[next] = rec
			next = (next + 1) % n
		}
		return true
	})
	return slices.Concat(ring[next:], ring[:next]), err
}

func (m *merge) each(ctx context.Context, take func(Record) bool) error {
	for {
		var first *cursor
		for _, c := range m.cursors {
			if len(c.recs) > 0 && (first == nil || c.recs[0].Seq < first.recs[0].Seq) {
				first = c
			}
		}
		if first == nil {
			return nil
		}
		rec := first.recs[0]
		if rec.Seq > m.through || !take(rec) {
			return nil
		}
		for _, c := range m.cursors {
			if len(c.recs) == 0 || c.recs[0].Seq != rec.Seq {
				continue
			}
			if err := m.advance(ctx, c); err != nil {
				return err
			}
		}
	}
}

// advance drops a cursor's first record and gets its next page when it was the last of one.
func (m *merge) advance(ctx context.Context, c *cursor) error {
	last := c.recs[0].Seq
	if c.recs = c.recs[1:]; len(c.recs) > 0 || c.pending == 0 || last >= m.through {
		return nil
	}
	if m.log.shared && !m.log.fades {
		c.left = max(c.left, 1) // the page before told of more, which the next server to answer may not have yet
	}
	err := m.fetch(ctx, c, request{Seq: last + 1, Filter: c.filter, Batch: nextPage, MaxBytes: pageBytes})
	if err == nil && len(c.recs) == 0 && !m.log.fades {
		err = fmt.Errorf("%w: records after %d are missing", ErrUnavailable, last)
	}
	return err
}
