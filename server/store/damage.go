package store

import (
	"context"
	"fmt"
	"maps"
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
	info, err := l.stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return unavailable(err)
	}
	state := info.State
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.marks.current[l.name]
	if known.End > state.LastSeq {
		known.Lost = append(known.Lost, fmt.Sprintf("%s: %d records after %d were missing at %s",
			l.name, known.End-state.LastSeq, state.LastSeq, time.Now().UTC().Format(time.RFC3339)))
	}
	known.End = state.LastSeq
	d.marks.current[l.name] = known
	lost := slices.Clone(known.Lost)
	gaps := missing(l.fades, state.FirstSeq, state.LastSeq, state.Deleted)
	if size(gaps) <= absent(info.Config.Metadata) {
		gaps = nil // the log was moved here with them
	}
	for _, r := range gaps {
		lost = append(lost, fmt.Sprintf("%s: records %d to %d are missing", l.name, r[0], r[1]))
	}
	d.found[l.name] = lost
	for _, what := range lost {
		d.store.log.Error("the files are damaged", "log", l.name, "what", what)
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

// Damage says what was lost of the logs that are open; nil means nothing. What a log lost at its end is said until it is
// taken out of the file marks.json in the directory, and is seen if it was acknowledged more than a second before the
// process ended. Of a cluster nothing is said: its servers mend one another.
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
