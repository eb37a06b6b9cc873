package store

import (
	"bytes"
	"container/list"
	"sort"
	"sync"
)

// A cache holds the newest records of the subjects that were read last, as many as there is room for. Hubs add what is
// stored later, so that nothing in it is ever out of date.
type cache struct {
	max int // bytes

	mu      sync.Mutex
	bytes   int
	entries map[cacheKey]*list.Element
	used    *list.List // of *cached; what was used last comes first
}

type cacheKey struct{ log, subject string }

// A cached is what the cache has of a subject: every record with Seq > after that its hub has handed out.
type cached struct {
	cacheKey
	after uint64
	recs  []Record
	bytes int
}

const (
	// DefaultCacheBytes is the room for records that are read often.
	DefaultCacheBytes = 32 << 20
	// cachedRecords is how many records of a subject are fetched for the cache.
	cachedRecords = 1100
	// subjectShare is the part of the cache, as its divisor, that one subject may take.
	subjectShare = 8
	// entryBytes and recordBytes are about what a subject and a record take beside their text.
	entryBytes, recordBytes = 300, 120
)

func newCache(max int) *cache {
	return &cache{max: max, entries: make(map[cacheKey]*list.Element), used: list.New()}
}

// get returns what a query for the one subject of the key selects. known is false where the cache has nothing of it, and
// ok where it does not have all.
func (c *cache) get(k cacheKey, q Query) (recs []Record, ok, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.entries[k]
	if element == nil {
		return nil, false, false
	}
	c.used.MoveToFront(element)
	e := element.Value.(*cached)
	to := sort.Search(len(e.recs), func(i int) bool { return e.recs[i].Seq > q.Through })
	from := sort.Search(to, func(i int) bool { return e.recs[i].Seq > q.After })
	if q.Newest > 0 && to-from >= q.Newest {
		return e.recs[to-q.Newest : to], true, true
	}
	return e.recs[from:to], q.After >= e.after, true
}

// begin makes an entry for a subject, into which add puts what comes after a sequence.
func (c *cache) begin(k cacheKey, after uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &cached{cacheKey: k, after: after}
	c.entries[k] = c.used.PushFront(e)
	c.grow(e, entryBytes+len(k.subject))
}

// complete puts the records from after to the beginning of an entry into it.
func (c *cache) complete(k cacheKey, begin uint64, recs []Record, after uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.entries[k]
	if element == nil || element.Value.(*cached).after != begin {
		return
	}
	e := element.Value.(*cached)
	size := 0
	older := make([]Record, 0, len(recs)+len(e.recs))
	for _, rec := range recs {
		rec.Data = bytes.Clone(rec.Data) // it may be a part of more
		older = append(older, rec)
		size += sizeOfRecord(rec)
	}
	e.recs, e.after = append(older, e.recs...), after
	c.grow(e, size)
}

// add puts a new record into the entry of its subject, if there is one.
func (c *cache) add(log string, rec Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element := c.entries[cacheKey{log, rec.Subject}]; element != nil {
		e := element.Value.(*cached)
		e.recs = append(e.recs, rec)
		c.grow(e, sizeOfRecord(rec))
	}
}

func sizeOfRecord(rec Record) int { return recordBytes + len(rec.ID) + len(rec.Data) }

// grow makes room for what was added to an entry: that loses its oldest records when it is too large, and those that were
// not used for longest go.
func (c *cache) grow(e *cached, size int) {
	e.bytes += size
	c.bytes += size
	if share := c.max / subjectShare; e.bytes > share {
		drop := 0
		for ; drop < len(e.recs) && e.bytes > share/2; drop++ { // half, so that it does not happen with each record
			e.after = e.recs[drop].Seq
			e.bytes -= sizeOfRecord(e.recs[drop])
			c.bytes -= sizeOfRecord(e.recs[drop])
		}
		e.recs = append([]Record(nil), e.recs[drop:]...) // readers may still have the old ones
	}
	for c.bytes > c.max {
		c.remove(c.used.Back())
	}
}

func (c *cache) remove(element *list.Element) {
	e := c.used.Remove(element).(*cached)
	delete(c.entries, e.cacheKey)
	c.bytes -= e.bytes
}

// forget drops the entry of a subject.
func (c *cache) forget(k cacheKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element := c.entries[k]; element != nil {
		c.remove(element)
	}
}

// forgetLog drops all that there is of a log.
func (c *cache) forgetLog(log string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, element := range c.entries {
		if k.log == log {
			c.remove(element)
		}
	}
}
