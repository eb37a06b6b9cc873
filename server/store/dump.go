package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// An Extent is what there is of a log at one moment.
type Extent struct {
	Name        string
	Subjects    []string // that the log takes
	First, Last uint64   // sequences of the oldest record and of the newest; without records First is Last+1
	Records     uint64
}

// Exists tells whether there is a store in a directory.
func Exists(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, "jetstream"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Extents returns what there is of every log, by name. Every record whose Append had returned before the call is in it.
//
// Errors: ErrUnavailable while an import into the store is not complete.
func (s *Store) Extents(ctx context.Context) ([]Extent, error) {
	configs, err := s.streams(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	var all []Extent
	for _, config := range configs {
		if config.Metadata[kind] == kindPart {
			return nil, fmt.Errorf("%w: the import of log %s is not complete and must be run again", ErrUnavailable, config.Name)
		}
		info, err := s.reader.info(ctx, config.Name, infoRequest{})
		if err != nil {
			return nil, fmt.Errorf("look at log %s: %w", config.Name, err)
		}
		e := Extent{Name: config.Name, Subjects: config.Subjects, Last: info.State.LastSeq, Records: info.State.Messages}
		if e.First = info.State.FirstSeq; e.Records == 0 {
			e.First = e.Last + 1
		}
		all = append(all, e)
	}
	return all, nil
}

// streams returns the streams that are logs, by name. On a cluster there may be others.
func (s *Store) streams(ctx context.Context) (configs []jetstream.StreamConfig, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	for retry := (pause{}); ; {
		configs = nil
		attempt, done := context.WithTimeout(ctx, answerTimeout)
		list := s.js.ListStreams(attempt)
		for info := range list.Info() {
			if !s.engine.shared() || info.Config.Metadata[kind] != "" {
				configs = append(configs, info.Config)
			}
		}
		done()
		if err = list.Err(); err == nil {
			break
		} else if !transient(err) || retry.wait(ctx, nil) != nil {
			return nil, unavailable(err)
		}
	}
	slices.SortFunc(configs, func(a, b jetstream.StreamConfig) int { return strings.Compare(a.Name, b.Name) })
	return configs, nil
}

// Dump returns the records of a log in an extent, in ascending sequence. It does not open the log, but reads one that is
// open as its users do. An error comes last and ends the records early.
func (s *Store) Dump(ctx context.Context, e Extent) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if e.First > e.Last {
			return
		}
		l, err := s.readLog(ctx, e.Name)
		if err != nil {
			yield(Record{}, fmt.Errorf("read %s: %w", e.Name, err))
			return
		}
		l.Read(ctx, Query{Subjects: l.subjects, After: e.First - 1, Through: e.Last})(yield)
	}
}

// readLog returns a log that can be read: the open one of that name, or else one for this alone.
func (s *Store) readLog(ctx context.Context, name string) (*Log, error) {
	s.mu.Lock()
	open := s.logs[name]
	s.mu.Unlock()
	if open != nil {
		return open, nil
	}
	var stream jetstream.Stream
	err := persist(ctx, func(ctx context.Context) (err error) {
		stream, err = s.js.Stream(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newReadLog(s, stream), nil
}
