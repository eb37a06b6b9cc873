package store

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A doctor finds out what is missing of the logs in a directory. Records are never deleted, but for the oldest ones of a
// log that keeps them for a time: what else is not there was lost.
type doctor struct {
	store   *Store
	closing chan struct{}
	running sync.WaitGroup // writeMarks

	mu      sync.Mutex
	marks   *marks
	failing bool                // the marks could not be written the last time
	found   map[string][]string // by log
}

// markEvery is how old a mark may be.
const markEvery = time.Second

func newDoctor(s *Store, dir string) (*doctor, error) {
	marks, err := readMarks(dir)
	if err != nil {
		return nil, err
	}
	d := &doctor{store: s, closing: make(chan struct{}), marks: marks, found: make(map[string][]string)}
	d.running.Go(d.writeMarks)
	return d, nil
}

// close writes the last marks. The logs are closed already.
func (d *doctor) close() {
	close(d.closing)
	d.running.Wait()
	d.flush()
}

func (d *doctor) writeMarks() {
	tick := time.NewTicker(markEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.closing:
			return
		case <-tick.C:
		}
		d.flush()
	}
}

// flush writes the marks. When it cannot, say because the disk is full, the old ones hold, which promise less.
func (d *doctor) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if all := d.store.all.Load(); all != nil {
		for _, l := range *all {
			d.marks.set(l.name, l.end.Load())
		}
	}
	err := d.marks.write()
	if err != nil && !d.failing {
		d.store.log.Warn("the marks of the logs' ends could not be written", "error", err)
	}
	d.failing = err != nil
}

// receive takes a log that was just opened, and says what is missing of it. When it was started, the server read every
// record and compared it with its checksum.
func (d *doctor) receive(ctx context.Context, l *Log) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.examine(ctx, l.stream); err != nil {
		return err
	}
	for _, what := range d.found[l.name] {
		d.store.log.Error("the files are damaged", "log", l.name, "what", what)
	}
	return nil
}

// examine finds out what is missing of a log that nobody writes to. The lock is held.
func (d *doctor) examine(ctx context.Context, stream jetstream.Stream) error {
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return unavailable(err)
	}
	name, state, metadata := info.Config.Name, info.State, info.Config.Metadata
	d.found[name] = d.compare(name, state.LastSeq)
	gaps := missing(metadata[faded] != "", state.FirstSeq, state.LastSeq, state.Deleted)
	if size(gaps) <= absent(metadata) {
		gaps = nil // the log was moved here with them
	}
	for _, r := range gaps {
		d.found[name] = append(d.found[name], fmt.Sprintf("%s: records %d to %d are missing", name, r[0], r[1]))
	}
	return nil
}

// compare returns what is missing at the end of a log, now or at some time before. The lock is held.
func (d *doctor) compare(log string, end uint64) []string {
	known := d.marks.current[log]
	if known.End > end {
		known.Lost = append(known.Lost, fmt.Sprintf("%s: %d records after %d were missing at %s",
			log, known.End-end, end, time.Now().UTC().Format(time.RFC3339)))
	}
	known.End = end
	d.marks.current[log] = known
	return slices.Clone(known.Lost)
}

// examineRest finds out what is missing of those of the streams that are not open as logs, and of logs of which there are
// only files, or only marks.
func (d *doctor) examineRest(ctx context.Context, streams []jetstream.StreamConfig) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, config := range streams {
		if _, ok := d.found[config.Name]; ok {
			continue
		}
		stream, err := d.store.js.Stream(ctx, config.Name)
		if err != nil {
			return unavailable(err)
		}
		if err := d.examine(ctx, stream); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(d.store.engine.(*embedded).files("*"))
	if err != nil {
		return err
	}
	for _, path := range files {
		log := filepath.Base(path)
		if _, ok := d.found[log]; !ok {
			return fmt.Errorf("%w: the description of log %s is lost: start a RouteGuide on the directory, which makes it anew",
				ErrUnavailable, log)
		}
	}
	for log := range d.marks.current {
		if _, ok := d.found[log]; !ok {
			d.found[log] = d.compare(log, 0)
		}
	}
	return nil
}

// missing returns the first and last sequences of the gaps in a log from 1, or from first if old records are not kept.
func missing(fades bool, first, end uint64, deleted []uint64) (gaps [][2]uint64) {
	if !fades && first > 1 {
		gaps = append(gaps, [2]uint64{1, min(first-1, end)})
	}
	for _, seq := range deleted {
		if seq == 0 {
			continue // what the server says of an empty stream
		}
		if last := len(gaps) - 1; last >= 0 && gaps[last][1]+1 == seq {
			gaps[last][1] = seq
		} else {
			gaps = append(gaps, [2]uint64{seq, seq})
		}
	}
	return gaps
}

// size returns how many sequences are in gaps.
func size(gaps [][2]uint64) (n uint64) {
	for _, r := range gaps {
		n += r[1] - r[0] + 1
	}
	return n
}

// Diagnose has Damage say what was lost of all logs, also of those that are not open.
//
// Errors: ErrUnavailable for files that are no log until one is opened.
func (s *Store) Diagnose(ctx context.Context) error {
	if s.doctor == nil {
		return nil
	}
	streams, err := s.streams(ctx)
	if err != nil {
		return fmt.Errorf("look for damage: %w", err)
	}
	s.mu.Lock() // none is opened meanwhile
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.doctor.examineRest(ctx, streams); err != nil {
		return fmt.Errorf("look for damage: %w", err)
	}
	return nil
}

// Damage says what was lost of the logs that are open or were diagnosed; nil means nothing. What a log lost at its end is
// said until it is taken out of the file marks.json in the directory, and is seen if it was acknowledged more than a
// second before the process ended. Of a cluster nothing is said: its servers mend one another.
func (s *Store) Damage() (lost []string) {
	if s.doctor == nil {
		return nil
	}
	s.doctor.mu.Lock()
	defer s.doctor.mu.Unlock()
	for _, log := range slices.Sorted(maps.Keys(s.doctor.found)) {
		lost = append(lost, s.doctor.found[log]...)
	}
	return lost
}
