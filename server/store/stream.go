package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// duplicates is how long the IDs of entries are remembered unless the options say something else.
const duplicates = 10 * time.Minute

// faded is the key of a stream's metadata that says that it has kept, or keeps, its records for a time.
const faded = "routeguide-faded"

func (s *Store) openLog(ctx context.Context, keep time.Duration, name string, subjects []string) (*Log, error) {
	stream, err := s.stream(ctx, s.config(keep, name, subjects))
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	switch config := info.Config; {
	case config.Metadata[kind] == kindPart:
		return nil, fmt.Errorf("%w: its import is not complete and must be run again", ErrUnavailable)
	case !slices.Equal(config.Subjects, subjects):
		return nil, fmt.Errorf("%w: it takes %q, not %q", ErrInvalid, config.Subjects, subjects)
	case !config.AllowDirect || !config.AllowAtomicPublish:
		return nil, fmt.Errorf("%w: it was made by something else, and allows no direct reads or atomic batches", ErrInvalid)
	}
	if info.Config.Replicas != s.engine.replicas() {
		s.log.Warn("a log has another number of replicas than was asked for", "log", name,
			"replicas", info.Config.Replicas, "asked", s.engine.replicas())
	}
	if info.Config.MaxAge != keep {
		s.log.Warn("a log keeps its records for another time from now on", "log", name, "before", info.Config.MaxAge, "now", keep)
		info.Config.MaxAge, info.Config.Duplicates = keep, s.remembered(keep)
		info.Config.Metadata[faded] = "yes"
		if stream, err = s.js.UpdateStream(ctx, info.Config); err != nil {
			return nil, unavailable(err)
		}
		info = stream.CachedInfo()
	}
	l, err := newLog(s, stream)
	if err != nil {
		return nil, err
	}
	s.log.Info("log opened", "log", name, "records", info.State.Msgs)
	if s.doctor != nil {
		if err := s.doctor.receive(ctx, l); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (s *Store) config(keep time.Duration, name string, subjects []string) jetstream.StreamConfig {
	metadata := map[string]string{kind: kindLog}
	if keep > 0 {
		metadata[faded] = "yes"
	}
	return jetstream.StreamConfig{
		Name: name, Subjects: subjects, Storage: jetstream.FileStorage, Replicas: s.engine.replicas(),
		MaxAge: keep, Duplicates: s.remembered(keep), Metadata: metadata,
		AllowDirect: true, AllowAtomicPublish: true,
		Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true,
		// It never comes to that. But with any such limit the server keeps files of half the size, and a file is what
		// it goes through for the next record of a subject: that halves the cost of reading one.
		MaxMsgsPerSubject: 1 << 40,
	}
}

// remembered is how long IDs are remembered by a log that keeps records for so long.
func (s *Store) remembered(keep time.Duration) time.Duration {
	if keep == 0 {
		return s.remember
	}
	return min(keep, s.remember)
}

// stream returns the stream of that name, made when there is none. It goes on while the cluster is not ready for it.
func (s *Store) stream(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var revived, waiting bool
	var refusal error
	for retry := (pause{}); ; {
		stream, err := s.tryStream(ctx, config, &revived)
		if apiCode(err) != 0 {
			refusal = err
		} else if ctx.Err() != nil && refusal != nil {
			err = refusal // it says more than that time is up
		}
		code := apiCode(err)
		switch {
		case err == nil:
			return stream, nil
		case code == errReplicas, code == errNoPeers && ctx.Err() != nil:
			return nil, tooFew(config.Replicas, err)
		case !transient(err), ctx.Err() != nil:
			return nil, unavailable(err)
		case code == errNoPeers && !waiting:
			waiting = true
			s.log.Warn("the cluster has too few servers for so many replicas: waiting for others to start", "replicas", config.Replicas)
		}
		_ = retry.wait(ctx, nil) // one more attempt says what the matter is
	}
}

func (s *Store) tryStream(ctx context.Context, config jetstream.StreamConfig, revived *bool) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	stream, err := s.js.Stream(ctx, config.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return stream, err
	}
	if *revived {
		return nil, errors.New("its files are there but could not be recovered")
	}
	create := func() error {
		stream, err = s.js.CreateStream(ctx, config)
		return err
	}
	if *revived, err = s.engine.revive(config.Name, create); err != nil {
		return nil, err
	} else if *revived {
		return nil, nats.ErrDisconnected // for a moment
	}
	return stream, create()
}

// Error codes of JetStream that its client has no names for.
const (
	errAccountResources = 10002
	errNoPeers          = 10005
	errNotAvailable     = 10008
	errNotLeader        = 10009
	errResources        = 10023
	errStorage          = 10047
	errReplicas         = 10074
	errStoreFailed      = 10077
)

// apiCode returns the code that JetStream refused a request with, or 0.
func apiCode(err error) jetstream.ErrorCode {
	var refused jetstream.JetStreamError
	if errors.As(err, &refused) && refused.APIError() != nil {
		return refused.APIError().ErrorCode
	}
	return 0
}

// transient tells whether the same request may succeed later.
func transient(err error) bool {
	switch apiCode(err) {
	case 0:
	case errNotAvailable, errNotLeader, errNoPeers, jetstream.JSErrCodeStreamNameInUse:
		return true // the name: another process makes the stream at this moment
	default:
		return false
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrDisconnected) || errors.Is(err, nats.ErrReconnectBufExceeded) ||
		errors.Is(err, jetstream.ErrNoStreamResponse)
}
