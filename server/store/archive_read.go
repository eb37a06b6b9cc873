package store

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"sort"

	"github.com/minio/highwayhash"
)

const (
	// windowBytes is how much of a block is read at once, for records that lie less than windowGap from one another.
	windowBytes = 64 << 10
	windowGap   = 4 << 10
	// spanLength is how many records are looked at in a row where a good part of all is wanted.
	spanLength = 1024
	// fewOf is the part of a log, as its divisor, up to which records are found by their subjects.
	fewOf = 16
)

// count returns how many records a subject has.
func (a *archive) count(subject string) uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if c, ok := a.subjects.Find([]byte(subject)); ok {
		return uint64(c.count)
	}
	return 0
}

// last returns the newest record of a subject.
func (a *archive) last(ctx context.Context, subject string) (newest Record, found bool, err error) {
	q := Query{Subjects: []string{subject}, Through: math.MaxUint64, Newest: 1}
	err = a.read(ctx, q, func(rec Record) bool {
		newest, found = rec, true
		return false
	})
	return newest, found, err
}

// read hands the records that a query selects to take until it returns false.
func (a *archive) read(ctx context.Context, q Query, take func(Record) bool) error {
	from, to, indexes, ok := a.find(q)
	if ok {
		_, err := a.each(ctx, indexes, take)
		return err
	}
	wanted := func(rec Record) bool {
		return matchesAny(q.Subjects, rec.Subject) && (q.Match == nil || q.Match(rec.Subject))
	}
	if q.Newest == 0 {
		return a.ascend(ctx, from, to, func(rec Record) bool { return !wanted(rec) || take(rec) })
	}
	recs, err := a.newest(ctx, from, to, q.Newest, wanted)
	for _, rec := range recs {
		if !take(rec) {
			break
		}
	}
	return err
}

// ascend reads a range of records until take returns false.
func (a *archive) ascend(ctx context.Context, from, to uint32, take func(Record) bool) error {
	for more := true; more && from < to; from += spanLength {
		var err error
		if more, err = a.each(ctx, span(from, min(from+spanLength, to)), take); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the newest n records of a range that are wanted, in ascending order.
func (a *archive) newest(ctx context.Context, from, to uint32, n int, wanted func(Record) bool) (recs []Record, err error) {
	for to > from && len(recs) < n {
		start := from + (to-from-1)/spanLength*spanLength
		var found []Record
		_, err := a.each(ctx, span(start, to), func(rec Record) bool {
			if wanted(rec) {
				found = append(found, rec)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		recs, to = append(found, recs...), start
	}
	return recs[max(0, len(recs)-n):], nil
}

func span(from, to uint32) []uint32 {
	indexes := make([]uint32, 0, to-from)
	for i := from; i < to; i++ {
		indexes = append(indexes, i)
	}
	return indexes
}

// find returns which range of records a query is about and, if not ok is false, which of these it selects. It is false
// where it is quicker to look at all of them.
func (a *archive) find(q Query) (from, to uint32, indexes []uint32, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	to = uint32(min(q.Through, a.records.len))
	from = uint32(min(q.After, uint64(to)))
	chains, ok := a.chains(q, max(spanLength, (to-from)/fewOf))
	if !ok {
		return from, to, nil, false
	}
	for _, c := range chains {
		n := 0
		for i := c.newest; i != none && i >= from && (q.Newest == 0 || n < q.Newest); i = a.records.at(i).before {
			if i < to {
				indexes = append(indexes, i)
				n++
			}
		}
	}
	slices.Sort(indexes)
	indexes = slices.Compact(indexes)
	if q.Newest > 0 {
		indexes = indexes[max(0, len(indexes)-q.Newest):]
	}
	return from, to, indexes, true
}

// chains returns the subjects that a query selects. When filters with wildcards bring more than limit records, it gives
// up.
func (a *archive) chains(q Query, limit uint32) (chains []chain, ok bool) {
	var total uint32
	for _, filter := range q.Subjects {
		add := func(subject []byte, c *chain) bool {
			if q.Match == nil || q.Match(string(subject)) {
				chains = append(chains, *c)
				total += c.count
			}
			return total <= limit
		}
		if wild(filter) {
			if !a.subjects.MatchUntil([]byte(filter), add) {
				return nil, false
			}
		} else if c, ok := a.subjects.Find([]byte(filter)); ok {
			add([]byte(filter), c)
		}
	}
	return chains, true
}

// each reads records, which go by ascending indexes, until take returns false.
func (a *archive) each(ctx context.Context, indexes []uint32, take func(Record) bool) (more bool, err error) {
	for len(indexes) > 0 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		w, ok := a.window(indexes)
		if !ok {
			return false, fmt.Errorf("%w: it was started anew", ErrUnavailable)
		}
		recs, err := w.read()
		for _, rec := range recs {
			if !take(rec) {
				return false, nil
			}
		}
		if indexes = indexes[len(recs):]; err != nil {
			return false, fmt.Errorf("record %d: %w", indexes[0]+1, err)
		}
	}
	return true, nil
}

// A window is a part of a block with the records of some indexes in it.
type window struct {
	path    string
	hash    *highwayhash.Digest64
	indexes []uint32
	offsets []uint32
	end     int64
}

// window returns the window of the first of the indexes, and of those near it. It is false when there are fewer records
// than there were.
func (a *archive) window(indexes []uint32) (w window, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	after := sort.Search(len(a.blocks), func(i int) bool { return a.blocks[i].first > indexes[0] })
	block, next := a.blocks[after-1], uint32(a.records.len)
	if after < len(a.blocks) {
		next = a.blocks[after].first
	}
	for _, index := range indexes {
		if index >= next {
			break
		}
		offset := a.records.at(index).offset
		if len(w.offsets) > 0 && (int64(offset) > w.end+windowGap || offset > w.offsets[0]+windowBytes) {
			break
		}
		w.offsets = append(w.offsets, offset)
		if w.end = block.end; index+1 < next {
			w.end = int64(a.records.at(index + 1).offset)
		}
	}
	w.path, w.indexes = a.path(block.number), indexes[:len(w.offsets)]
	w.hash = newBlockHash(a.log, block.number)
	return w, len(w.offsets) > 0
}

// read returns the window's records, up to one that is damaged.
func (w window) read() (recs []Record, err error) {
	file, err := os.Open(w.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer file.Close()
	buf := make([]byte, w.end-int64(w.offsets[0]))
	if _, err := file.ReadAt(buf, int64(w.offsets[0])); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for i, offset := range w.offsets {
		r, err := parseBlockRecord(buf[offset-w.offsets[0]:], w.hash)
		if err == nil && r.seq != uint64(w.indexes[i])+1 {
			err = errForeign
		}
		if err != nil {
			return recs, err
		}
		rec, err := r.record()
		if err != nil {
			return recs, err
		}
		recs = append(recs, rec)
	}
	return recs, nil
}
