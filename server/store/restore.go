package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Restore fills an empty store with the records of another under the sequences that they had there. Until Release nobody
// else can write to the logs or open them. It may be interrupted at any moment: another one with the same ID goes on. One
// goroutine uses it.
type Restore struct {
	store *Store
	id    string
	link  *link
	logs  map[string]*restoring
	used  int64 // bytes, about
}

// A restoring is a log that is being filled. A sequence that has no record is stored as a filler and removed in the end:
// JetStream counts every message that it takes, and cannot be told to leave out a number.
type restoring struct {
	Extent
	log      *Log // for its checks
	released bool // by an earlier run
	stored   uint64
	waiting  []*nats.Msg // what comes after the newest stored
	size     int         // bytes of these
	records  uint64      // that were put
	fillers  uint64      // that were put
}

const (
	fillerSubject = "gap"
	// maxFillers bounds what a log may lack between its first and last record: an hour of filling, not for ever.
	maxFillers = 100_000_000
)

// Restore begins to fill the store with logs of the given extents, or goes on with it. What another one brought that was
// never released is removed. Close it.
//
// Errors: ErrNotEmpty when there is a record that none brought; then nothing was changed. ErrInvalid for logs that cannot
// be.
func (s *Store) Restore(ctx context.Context, id string, logs []Extent) (*Restore, error) {
	r := &Restore{store: s, id: id, logs: make(map[string]*restoring)}
	for _, e := range logs {
		if err := validExtent(e); err != nil {
			return nil, err
		}
		r.logs[e.Name] = &restoring{Extent: e}
	}
	there, err := s.streams(ctx)
	if err != nil {
		return nil, err
	}
	for _, config := range there {
		if err := r.examine(ctx, config); err != nil {
			return nil, fmt.Errorf("log %s: %w", config.Name, err)
		}
	}
	for _, config := range there {
		if err := r.clear(ctx, config); err != nil {
			return nil, fmt.Errorf("log %s: %w", config.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.logs)) {
		if err := r.open(ctx, r.logs[name]); err != nil {
			return nil, fmt.Errorf("make log %s: %w", name, err)
		}
	}
	r.link, err = newLink(s.conn)
	return r, err
}

// Close gives up what waits to be stored. What is stored stays.
func (r *Restore) Close() { r.link.close() }

func validExtent(e Extent) error {
	const letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "0123456789_-"
	switch {
	case e.Name == "" || len(e.Name) > 64 || strings.Trim(e.Name, letters+digits) != "":
		return fmt.Errorf("%w: a log called %q", ErrInvalid, e.Name)
	case len(e.Subjects) == 0:
		return fmt.Errorf("%w: log %s takes no subjects", ErrInvalid, e.Name)
	case e.First < 1 || e.Last+1 < e.First || e.Last > 1<<62:
		return fmt.Errorf("%w: log %s from %d to %d", ErrInvalid, e.Name, e.First, e.Last)
	}
	for _, filter := range e.Subjects {
		// A first token that is plain keeps it off the server's own subjects, which begin with $ or _.
		first, _, _ := strings.Cut(filter, ".")
		if !validName(filter) || strings.Trim(first, letters) != "" || strings.Contains("."+filter+".", "..") {
			return fmt.Errorf("%w: log %s takes subjects %q", ErrInvalid, e.Name, filter)
		}
	}
	return nil
}

// examine returns ErrNotEmpty for a log with records that no Restore brought.
func (r *Restore) examine(ctx context.Context, config jetstream.StreamConfig) error {
	info, err := r.store.reader.info(ctx, config.Name, infoRequest{})
	if err != nil {
		return err
	}
	r.used += int64(info.State.Bytes)
	l, part, last := r.logs[config.Name], config.Metadata[kind] == kindPart, info.State.LastSeq
	switch mine := l != nil && config.Metadata[importedBy] == r.id; {
	case mine && part:
		l.stored = last
	case mine && last == l.Last:
		l.stored, l.released = last, true
	case !part && last > 0:
		return fmt.Errorf("%w: it holds %d records", ErrNotEmpty, info.State.Messages)
	}
	return nil
}

// clear removes a log that is in the way: a part that another Restore brought, or one without records.
func (r *Restore) clear(ctx context.Context, config jetstream.StreamConfig) error {
	switch {
	case config.Metadata[importedBy] == r.id && r.logs[config.Name] != nil:
		return nil
	case config.Metadata[kind] == kindPart:
		r.store.log.Warn("what another import began is given up", "log", config.Name)
		return r.delete(ctx, config.Name)
	case r.logs[config.Name] == nil:
		return nil
	}
	return r.remove(ctx, config)
}

// open makes the log's stream unless an earlier run did.
func (r *Restore) open(ctx context.Context, l *restoring) error {
	config := r.store.config(0, l.Name, []string{r.fence(l.Name) + ">"})
	config.SubjectTransform = &jetstream.SubjectTransformConfig{Source: config.Subjects[0], Destination: ">"}
	config.DenyDelete, config.DenyPurge = false, false
	config.FirstSeq = l.First
	config.Metadata = map[string]string{kind: kindPart, importedBy: r.id}
	stream, err := r.store.stream(ctx, config)
	if err != nil {
		return err
	}
	l.log = newReadLog(r.store, stream)
	l.log.subjects = l.Subjects
	l.stored = max(l.stored, l.First-1)
	return nil
}

// fence is what the subjects of a log begin with while it is filled, so that nobody else writes to it.
func (r *Restore) fence(log string) string { return "routeguide.import." + log + "." }

// remove deletes a log without records. Others may be writing to it at this moment; they are kept out before it is looked
// at for the last time.
func (r *Restore) remove(ctx context.Context, config jetstream.StreamConfig) error {
	fenced := config
	fenced.Subjects = []string{r.fence(config.Name) + ">"}
	if err := r.update(ctx, fenced); err != nil {
		return err
	}
	info, err := r.store.reader.info(ctx, config.Name, infoRequest{})
	switch {
	case err != nil:
		return err
	case info.State.LastSeq > 0:
		return errors.Join(fmt.Errorf("%w: somebody has just written to it", ErrNotEmpty), r.update(ctx, config))
	}
	return r.delete(ctx, config.Name)
}

func (r *Restore) update(ctx context.Context, config jetstream.StreamConfig) error {
	return persist(ctx, func(ctx context.Context) error {
		_, err := r.store.js.UpdateStream(ctx, config)
		return err
	})
}

func (r *Restore) delete(ctx context.Context, log string) error {
	return persist(ctx, func(ctx context.Context) error {
		err := r.store.js.DeleteStream(ctx, log)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil // an attempt whose answer was lost
		}
		return err
	})
}

// persist makes a request that does no harm when it is made twice until it is answered, for as long as a cluster may need
// to choose a leader: one that comes before that is answered by nobody.
func persist(ctx context.Context, request func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	for retry := (pause{}); ; {
		attempt, done := context.WithTimeout(ctx, answerTimeout)
		err := request(attempt)
		done()
		switch {
		case err == nil:
			return nil
		case !transient(err), ctx.Err() != nil:
			return unavailable(err)
		}
		_ = retry.wait(ctx, nil) // one more attempt says what the matter is
	}
}

// Put adds the next record of a log; those of a log come in ascending sequence. A record that an earlier run stored is not
// looked at: compare with Dump in the end. Records are stored many at a time, and all of them by Settle.
//
// Errors: ErrInvalid for a record that cannot be, ErrConflict when somebody else writes to the log, ErrFull, ErrUnavailable.
// Another run may go on after any of them.
func (r *Restore) Put(ctx context.Context, log string, rec Record) error {
	l := r.logs[log]
	if l == nil {
		return fmt.Errorf("%w: there is no log %q", ErrInvalid, log)
	}
	if err := l.log.check(Entry{Subject: rec.Subject, ID: rec.ID, Data: rec.Data}); err != nil {
		return err
	}
	l.records++
	if rec.Seq <= l.stored {
		return nil
	}
	if err := r.fill(ctx, l, rec.Seq); err != nil {
		return err
	}
	return r.add(ctx, l, movedMessage(rec, time.Now()))
}

// fill adds a filler for each sequence up to the next.
func (r *Restore) fill(ctx context.Context, l *restoring, next uint64) error {
	begin := l.stored + uint64(len(l.waiting)) + 1
	if next < begin || next > l.Last+1 {
		return fmt.Errorf("%w: record %d comes after %d in log %s, which ends at %d", ErrInvalid, next, begin-1, l.Name, l.Last)
	}
	if l.fillers += next - begin; l.fillers > maxFillers {
		return fmt.Errorf("%w: log %s lacks more than %d records before record %d", ErrInvalid, l.Name, maxFillers, next)
	}
	for range next - begin {
		if err := r.add(ctx, l, &nats.Msg{Subject: fillerSubject, Header: make(nats.Header, 4)}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Restore) add(ctx context.Context, l *restoring, msg *nats.Msg) error {
	l.size += len(msg.Data) + len(msg.Subject) + len(msg.Header.Get(movedID))
	msg.Subject = r.fence(l.Name) + msg.Subject
	l.waiting = append(l.waiting, msg)
	if len(l.waiting) < maxGroup && l.size < maxGroupBytes {
		return nil
	}
	return r.flush(ctx, l)
}

// flush stores what waits. What is not acknowledged it sends again: the sequence that it must come after keeps it from
// being stored twice.
func (r *Restore) flush(ctx context.Context, l *restoring) error {
	if len(l.waiting) == 0 {
		return nil
	}
	const overhead = 256 // of each, about
	size := int64(l.size + overhead*len(l.waiting))
	if err := r.store.engine.room(size, r.used); err != nil {
		return err
	}
	l.waiting[0].Header[nats.ExpectedLastSeqHdr] = []string{strconv.FormatUint(l.stored, 10)}
	end := l.stored + uint64(len(l.waiting))
	start := time.Now()
	for retry := (pause{}); ; {
		_, err := r.link.commit(l.waiting, ctx.Done())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *jetstream.APIError
		if errors.As(err, &refused) {
			err = refusal(refused)
		}
		if err != nil {
			stored, e := r.arrived(ctx, l, end)
			if e != nil {
				return e
			} else if stored {
				err = nil
			}
		}
		switch {
		case err == nil:
			l.stored, l.waiting, l.size = end, l.waiting[:0], 0
			r.used += size
			return nil
		case !errors.Is(err, ErrUnavailable) || time.Since(start) > patience:
			return fmt.Errorf("store records %d to %d of log %s: %w", l.stored+1, end, l.Name, err)
		}
		if err := retry.wait(ctx, r.store.reader.closing); err != nil {
			return err
		}
	}
}

// arrived tells whether a group that was not acknowledged is stored all the same.
func (r *Restore) arrived(ctx context.Context, l *restoring, end uint64) (bool, error) {
	info, err := r.store.reader.info(ctx, l.Name, infoRequest{})
	if err != nil {
		return false, err
	}
	last := info.State.LastSeq
	if last != end && last != l.stored {
		return false, fmt.Errorf("%w: somebody else writes to log %s", ErrConflict, l.Name)
	}
	return last == end, nil
}

// Settle stores what waits, so that each log ends at its last sequence with exactly the records that were put.
func (r *Restore) Settle(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(r.logs)) {
		l := r.logs[name]
		if l.stored == l.Last { // by an earlier run, or nothing waits
			l.waiting = nil
		} else if err := errors.Join(r.fill(ctx, l, l.Last+1), r.flush(ctx, l)); err != nil {
			return err
		}
		if !l.released {
			err := persist(ctx, func(ctx context.Context) error {
				return l.log.stream.Purge(ctx, jetstream.WithPurgeSubject(fillerSubject))
			})
			if err != nil {
				return fmt.Errorf("remove the fillers of log %s: %w", name, err)
			}
		}
		info, err := r.store.reader.info(ctx, name, infoRequest{})
		if err != nil {
			return err
		}
		if s := info.State; s.LastSeq != l.Last || s.Messages != l.records {
			return fmt.Errorf("%w: log %s has %d records and ends at %d, and not %d and %d", ErrConflict, name,
				s.Messages, s.LastSeq, l.records, l.Last)
		}
	}
	return nil
}

// Release hands the logs over to those who use the store.
func (r *Restore) Release(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(r.logs)) {
		l := r.logs[name]
		config := r.store.config(0, name, l.Subjects)
		config.FirstSeq = l.First
		config.Metadata = map[string]string{
			kind: kindLog, importedBy: r.id, importedGaps: strconv.FormatUint(l.Last-l.records, 10),
		}
		if l.released {
			continue
		}
		if err := r.update(ctx, config); err != nil {
			return fmt.Errorf("release log %s: %w", name, err)
		}
	}
	return nil
}
