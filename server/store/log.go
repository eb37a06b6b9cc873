package store

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// MaxData is the most bytes of data an entry may hold; a cluster may take less.
	MaxData = 1 << 20
	// maxName is the most bytes of a subject or an ID.
	maxName = 512
	// headerRoom is more than a message's headers ever need.
	headerRoom = 4 << 10
)

// A Log is an append-only sequence of records, each with a subject. It is safe for concurrent use.
type Log struct {
	name     string
	subjects []string
	shared   bool // other processes append too, and several servers answer
	fades    bool // old records are not kept, or were not at some time
	stream   jetstream.Stream
	reader   *reader
	appender *appender
	hub      *hub
	archive  *archive // nil where there is none
	cache    *cache   // the store's; nil where there is none

	end     atomic.Uint64 // newest sequence that this process knows of
	bytes   atomic.Int64  // about what it takes in files
	sparse  uint64        // sparse
	maxData int           // bytes of an entry's data
}

// An Entry is what becomes a Record.
type Entry struct {
	// Subject is what the record is found by: at most 512 bytes of non-empty tokens between dots, no spaces or wildcards.
	Subject string
	// ID is unique and at most 512 bytes without spaces; an entry without one is given one. An entry whose ID was stored in
	// the last ten minutes is not stored again.
	ID string
	// Data is at most MaxData bytes. The log keeps it: it must not be changed any more.
	Data []byte
	// Expect has the entry stored only when the newest record of Subject has this sequence; 0 means that there is none.
	Expect *uint64
}

// A Record is a stored entry. Data is shared: read only.
type Record struct {
	Seq     uint64 // 1 for a log's first record, and more for each that follows
	Subject string
	ID      string
	Time    time.Time // when it was stored, in the first store if it has been moved between several
	Data    []byte
}

// newReadLog returns a log that can be read, and nothing else.
func newReadLog(s *Store, stream jetstream.Stream) *Log {
	info := stream.CachedInfo()
	l := &Log{
		name: info.Config.Name, subjects: info.Config.Subjects, shared: s.engine.shared(), fades: info.Config.Metadata[faded] != "",
		maxData: int(min(MaxData, s.conn.MaxPayload()-headerRoom)), stream: stream, reader: s.reader, sparse: sparse,
	}
	l.end.Store(info.State.LastSeq)
	l.bytes.Store(int64(info.State.Bytes))
	if !l.fades {
		l.archive = s.engine.archive(l.name)
		l.files(l.end.Load()) // the first look is a long one
	}
	return l
}

func newLog(s *Store, stream jetstream.Stream) (l *Log, err error) {
	l = newReadLog(s, stream)
	l.cache = s.cache
	l.hub = newHub(l, s.log)
	if l.appender, err = newAppender(l, s); err != nil {
		l.hub.close()
		return nil, err
	}
	return l, nil
}

func (l *Log) close() {
	l.appender.close()
	l.hub.close()
	if l.archive != nil {
		l.archive.close()
	}
}

// advance notes that a record of this sequence is stored.
func (l *Log) advance(seq uint64) {
	for {
		end := l.end.Load()
		if seq <= end || l.end.CompareAndSwap(end, seq) {
			return
		}
	}
}

// Append stores an entry and returns its sequence. It is durable when Append returns; concurrent callers share the cost
// of that. When an entry with this ID was stored before, it returns that one's sequence.
//
// While nobody takes it, as when a cluster chooses a new leader, Append waits until ctx ends, but not longer than 20
// seconds.
//
// Errors: ErrConflict, ErrFull, ErrInvalid: not stored. ErrUnavailable, ErrClosed or the end of ctx: it may or may not
// have been stored; appending it again with the same ID stores it once.
func (l *Log) Append(ctx context.Context, e Entry) (seq uint64, err error) {
	if err := l.check(e); err != nil {
		return 0, err
	}
	if seq, err = l.appender.append(ctx, e); err != nil {
		return 0, fmt.Errorf("append to %s: %w", l.name, err)
	}
	return seq, nil
}

// End returns the sequence of the newest record, and 0 where there was never one.
func (l *Log) End(ctx context.Context) (uint64, error) {
	end, err := l.endNow(ctx)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", l.name, err)
	}
	return end, nil
}

func (l *Log) endNow(ctx context.Context) (uint64, error) {
	if !l.shared {
		return l.end.Load(), ctx.Err()
	}
	info, err := l.reader.info(ctx, l.name, infoRequest{})
	return max(info.State.LastSeq, l.end.Load()), err
}

func (l *Log) check(e Entry) error {
	switch {
	case len(e.Data) > l.maxData:
		return fmt.Errorf("%w: %d bytes of data are more than %d", ErrInvalid, len(e.Data), l.maxData)
	case !validName(e.Subject) || strings.ContainsAny(e.Subject, "*>") || strings.Contains("."+e.Subject+".", ".."):
		return fmt.Errorf("%w: subject %q", ErrInvalid, e.Subject)
	case !matchesAny(l.subjects, e.Subject):
		return fmt.Errorf("%w: subject %q is not one of log %s", ErrInvalid, e.Subject, l.name)
	case e.ID != "" && !validName(e.ID):
		return fmt.Errorf("%w: ID %q", ErrInvalid, e.ID)
	}
	return nil
}

func validName(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}) < 0
}

// matchesAny tells whether one of the filters, which may hold NATS wildcards, takes the subject.
func matchesAny(filters []string, subject string) bool {
	for _, f := range filters {
		if matches(f, subject) {
			return true
		}
	}
	return false
}

func matches(filter, subject string) bool {
	for {
		f, moreFilter, wantMore := strings.Cut(filter, ".")
		s, moreSubject, hasMore := strings.Cut(subject, ".")
		if f == ">" {
			return true
		}
		if f != "*" && f != s || wantMore != hasMore {
			return false
		}
		if !hasMore {
			return true
		}
		filter, subject = moreFilter, moreSubject
	}
}
