package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamName = "ROUTEGUIDE"
	// identity is the key of the stream's metadata that tells it from all others, also from a later one of the same name.
	identity = "routeguide-identity"
	// remembered is how long the cluster knows the number of a batch: longer than one is sent again and again.
	remembered = 2 * time.Minute
)

// openStream finds the stream, or makes it when there is none. It goes on while the cluster is not ready for it.
func (c *cluster) openStream(ctx context.Context) error {
	id := strings.ToLower(rand.Text())
	config := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject(id)}, Storage: jetstream.FileStorage, Replicas: c.Replicas,
		Description: "the changes of RouteGuide, in their order", Metadata: map[string]string{identity: id},
		Duplicates: remembered, Discard: jetstream.DiscardNew, DenyDelete: true,
	}
	var refusal error
	waiting := false
	for {
		err := c.findStream(ctx, config)
		if apiCode(err) != 0 {
			refusal = err
		} else if ctx.Err() != nil && refusal != nil {
			err = refusal // it says more than that time is up
		}
		code := apiCode(err)
		switch {
		case err == nil:
			return c.know()
		case code == errReplicas, code == errNoPeers && ctx.Err() != nil:
			return c.tooFew(err)
		case !transient(err), ctx.Err() != nil:
			return fmt.Errorf("%w: the stream %s: %w", ErrUnavailable, streamName, err)
		case code == errNoPeers && !waiting:
			waiting = true
			c.log.Warn("the cluster has too few servers for so many replicas: waiting for others to start", "replicas", c.Replicas)
		}
		_ = pause(ctx, retryEvery) // one more attempt says what the matter is
	}
}

func (c *cluster) findStream(ctx context.Context, config jetstream.StreamConfig) (err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if c.stream, err = c.js.Stream(ctx, streamName); errors.Is(err, jetstream.ErrStreamNotFound) {
		c.stream, err = c.js.CreateStream(ctx, config)
	}
	return err
}

// know learns which stream it is.
func (c *cluster) know() error {
	config := c.stream.CachedInfo().Config
	c.id = config.Metadata[identity]
	if c.id == "" {
		return fmt.Errorf("the cluster's stream %s was made by another program, or its servers are older than nats-server 2.10", streamName)
	}
	if config.Replicas != c.Replicas {
		c.log.Warn("the cluster keeps another number of replicas than was asked for", "replicas", config.Replicas, "asked", c.Replicas)
	}
	return nil
}

// subject is what changes are published to. As a stream of another identity has another one, it never gets ours.
func subject(id string) string { return "routeguide.changes." + id }

// look asks the stream's leader how it is. A server that is cut off from the others answers too, with what it had before:
// it knows of no leader then.
func (c *cluster) look(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	info, err := c.stream.Info(ctx)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, fmt.Errorf("%w: the cluster has no stream %s", ErrUnavailable, streamName)
	case err != nil:
		return nil, fmt.Errorf("%w: the cluster has no leader or cannot be reached: %w", ErrUnavailable, err)
	case info.Cluster != nil && info.Cluster.Leader == "":
		return nil, fmt.Errorf("%w: the cluster has no leader, or %s is cut off from it", ErrUnavailable, c.conn.ConnectedServerName())
	case info.Config.Metadata[identity] != c.id:
		return nil, fmt.Errorf("%w: the cluster's stream %s is another one now", errHalt, streamName)
	}
	return info, nil
}

// feed yields the messages of a stream that come after one, in their order, none left out, until something is wrong.
func feed(ctx context.Context, stream jetstream.Stream, filter string, after uint64) iter.Seq2[jetstream.Msg, error] {
	return func(yield func(jetstream.Msg, error) bool) {
		attempt, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		consumer, err := stream.CreateConsumer(attempt, jetstream.ConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1, FilterSubject: filter,
			AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
		})
		if err != nil {
			yield(nil, err)
			return
		}
		messages, err := consumer.Messages(jetstream.PullMaxMessages(ahead), jetstream.PullExpiry(10*time.Second),
			jetstream.PullHeartbeat(2*time.Second), jetstream.WithMessagesErrOnMissingHeartbeat(true))
		if err != nil {
			yield(nil, err)
			return
		}
		defer messages.Stop()
		for n := uint64(1); ; n++ {
			msg, err := messages.Next(jetstream.NextContext(ctx))
			if err == nil {
				var at *jetstream.MsgMetadata
				if at, err = msg.Metadata(); err == nil && at.Sequence.Consumer != n {
					err = fmt.Errorf("%w: a message was left out", ErrUnavailable)
				}
			}
			if !yield(msg, err) || err != nil {
				return
			}
		}
	}
}

// ahead is how many messages of a feed are on their way at a time.
const ahead = 32

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
