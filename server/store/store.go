// Package store keeps append-only logs of small records that survive a crash, a kill and a power cut, and tells followers
// of each new one. It is the only place that knows NATS JetStream; what the records mean is its callers' business.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where and how records are kept.
type Options struct {
	// Dir holds the files and is made, for its owner alone, when there is none. One process at a time has it open.
	Dir string
	// Cluster keeps the records instead, and is shared with other processes; Dir is not used then.
	Cluster *Cluster
	// MaxBytes bounds what all logs take on disk; 0 means what the disk has, less a reserve. On a cluster it is what one
	// replica takes, and may be exceeded by what the processes write in a few seconds.
	MaxBytes int64
	// CacheBytes is the memory for records that are read often; 0 means DefaultCacheBytes.
	CacheBytes int
	// Remember is how long the IDs of entries are remembered, by logs that are made with it; 0 means ten minutes.
	Remember time.Duration
	// Logger is told what the store does; nil means slog.Default().
	Logger *slog.Logger
}

// A Store is a set of logs. It is safe for concurrent use.
type Store struct {
	log      *slog.Logger
	remember time.Duration // duplicates
	engine   engine
	conn     *nats.Conn // appends, followers and management
	js       jetstream.JetStream
	reader   *reader
	doctor   *doctor // nil on a cluster
	cache    *cache

	mu     sync.Mutex
	closed bool
	logs   map[string]*Log
	all    atomic.Pointer[[]*Log] // the same, for those who must not wait
}

// Open starts the store and recovers what is in the directory, or connects to the cluster. It waits half a minute for one
// that cannot be reached.
//
// Errors: ErrLocked when another process has the directory open, ErrInvalid for a cluster that cannot keep logs,
// ErrUnavailable for one that does not answer.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Store{log: o.Logger, remember: cmp.Or(o.Remember, duplicates), logs: make(map[string]*Log), cache: newCache(cmp.Or(o.CacheBytes, DefaultCacheBytes))}
	where := fmt.Sprintf("open the data directory %q", o.Dir)
	var err error
	if o.Cluster != nil {
		where = "open the store on the NATS cluster"
		s.engine, err = openCluster(ctx, o)
	} else {
		s.engine, err = openEmbedded(o)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", where, errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context) (err error) {
	if s.conn, err = s.engine.connect(ctx); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.conn, jetstream.WithDefaultTimeout(connectTimeout)); err != nil {
		return err
	}
	if s.reader, err = newReader(ctx, s.engine); err != nil {
		return err
	}
	if e, ok := s.engine.(*embedded); ok {
		if s.doctor, err = newDoctor(s, e.disk.dir); err != nil {
			return err
		}
	}
	_, err = s.js.AccountInfo(ctx)
	return err
}

// Close ends every follower and fails what waits with ErrClosed. When it returns, nothing of the store runs any more and
// the directory can be opened again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.reader != nil {
		s.reader.close()
	}
	for _, l := range s.logs {
		l.close()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	if s.doctor != nil {
		s.doctor.close()
	}
	if err := s.engine.close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// Ready returns nil while the store takes records, and otherwise why not.
func (s *Store) Ready(ctx context.Context) error {
	s.mu.Lock()
	closed, logs := s.closed, slices.Collect(maps.Values(s.logs))
	s.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if err := errors.Join(s.engine.health(), s.engine.room(0, s.used())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, l := range logs {
		var info streamInfo
		err := s.reader.askOnce(ctx, "$JS.API.STREAM.INFO."+l.name, nil, &info)
		if err = cmp.Or(err, info.check()); err != nil {
			return fmt.Errorf("%w: log %s: %w", ErrUnavailable, l.name, err)
		}
	}
	return nil
}

// Log opens the log of that name, or makes it when there is none. It takes the records whose subject matches one of
// subjects, which may hold NATS wildcards and do not overlap with those of another log. Calls with the same name return
// the same Log. Records that are missing, as after damage on the disk, are reported by Damage and in the store's own log.
func (s *Store) Log(ctx context.Context, name string, subjects ...string) (*Log, error) {
	return s.LogFor(ctx, 0, name, subjects...)
}

// LogFor is Log for records that are kept for so long only, from one minute; 0 means for ever. A log that was opened
// with another time before has this one from now on, and loses at once what is older.
func (s *Store) LogFor(ctx context.Context, keep time.Duration, name string, subjects ...string) (*Log, error) {
	if keep != 0 && keep < time.Minute {
		return nil, fmt.Errorf("open log %s: %w: records cannot be kept for %v only", name, ErrInvalid, keep)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if l := s.logs[name]; l != nil {
		return l, nil
	}
	l, err := s.openLog(ctx, keep, name, subjects)
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", name, err)
	}
	s.logs[name] = l
	all := slices.Collect(maps.Values(s.logs))
	s.all.Store(&all)
	return l, nil
}

// used returns about how many bytes all logs take.
func (s *Store) used() (n int64) {
	if all := s.all.Load(); all != nil {
		for _, l := range *all {
			n += l.bytes.Load()
		}
	}
	return n
}
