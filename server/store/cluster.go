package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Cluster says which NATS JetStream cluster has the order of changes.
type Cluster struct {
	URL           string // servers, as nats://a:4222,nats://b:4222
	Creds         string // file of NATS credentials; "" means none
	CA, Cert, Key string // PEM files: authorities to trust, our certificate, its key; "" means none
	Replicas      int    // servers that keep each change, 1 to 5; 0 means 3

	pace pace
}

const (
	connectTimeout = 30 * time.Second // for a cluster to be there and to answer
	answerTimeout  = 5 * time.Second  // for one answer
	retryEvery     = 250 * time.Millisecond
	// minPayload is what a message must be allowed to have: more than any one change.
	minPayload = 64 << 10
)

// pause waits, or returns the cause that ctx ended with.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// connect connects to a cluster and checks that it can do what is asked of it.
func (c *cluster) connect(ctx context.Context) (err error) {
	if c.Replicas == 0 {
		c.Replicas = 3
	}
	for _, file := range []string{c.Creds, c.CA, c.Cert, c.Key} {
		if file == "" {
			continue
		}
		if _, err := os.ReadFile(file); err != nil {
			return err
		}
	}
	if c.conn, err = c.dial(ctx); err != nil {
		return err
	}
	if most := c.conn.MaxPayload(); most < minPayload {
		return fmt.Errorf("the cluster's max_payload is %d bytes, and less than %d", most, minPayload)
	}
	if c.js, err = jetstream.New(c.conn); err != nil {
		return err
	}
	for {
		attempt, cancel := context.WithTimeout(ctx, answerTimeout)
		_, err := c.js.AccountInfo(attempt)
		cancel()
		switch {
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return errors.New("JetStream is not enabled for this account of the cluster")
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
			return errors.New("JetStream is not enabled on the cluster's servers")
		case err == nil:
			return c.inspect()
		}
		if pause(ctx, retryEvery) != nil { // the cluster may be about to start
			return fmt.Errorf("%w: JetStream does not answer: %w", ErrUnavailable, err)
		}
	}
}

// dial connects to any of the servers. While none can be reached it tries on, as they may be about to start.
func (c *cluster) dial(ctx context.Context) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("routeguide"), nats.Timeout(answerTimeout), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(retryEvery), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(answerTimeout),
		// What is sent while there is no connection fails at once, and is sent again by who knows whether it still matters.
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			c.log.Warn("trouble on a connection to the cluster", "err", err)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.log.Debug("a connection to the cluster is lost", "err", err)
		}),
	}
	if c.Creds != "" {
		options = append(options, nats.UserCredentials(c.Creds))
	}
	if c.CA != "" {
		options = append(options, nats.RootCAs(c.CA))
	}
	if c.Cert != "" || c.Key != "" {
		options = append(options, nats.ClientCert(c.Cert, c.Key))
	}
	for {
		conn, err := nats.Connect(c.URL, options...)
		switch {
		case err == nil:
			return conn, nil
		case !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) && !errors.As(err, new(*net.OpError)):
			return nil, err // it will not get better by itself
		}
		if pause(ctx, retryEvery) != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// A status is what a server says of itself.
type status struct {
	Server struct{ Name string }
	Data   struct {
		Start, Now time.Time
		JetStream  struct {
			Config *struct {
				SyncInterval time.Duration `json:"sync_interval"`
				SyncAlways   bool          `json:"sync_always"`
			}
			Meta struct {
				Size int `json:"cluster_size"`
			}
		}
	}
}

// inspect says whether the servers sync what they acknowledge, and refuses a cluster that is too small, where they let us
// see it, as few do.
func (c *cluster) inspect() error {
	all, err := c.statuses()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.log.Info("the cluster does not show its sync_interval: without \"always\", what it acknowledged in the last minutes "+
			"may be lost when all its servers lose power at once", "url", c.conn.ConnectedUrlRedacted())
	}
	for _, s := range all {
		if config := s.Data.JetStream.Config; !config.SyncAlways {
			c.log.Warn("the cluster may lose what it acknowledged when all its servers lose power at once",
				"server", s.Server.Name, "sync_interval", config.SyncInterval)
		}
		// Others may still be about to join a server that has not been there for as long as we would wait for them.
		size := s.Data.JetStream.Meta.Size
		if s.Data.Now.Sub(s.Data.Start) > connectTimeout && 0 < size && size < c.Replicas {
			return c.tooFew(fmt.Errorf("there are %d servers", size))
		}
	}
	return nil
}

// statuses returns what the servers with JetStream say of themselves in a moment.
func (c *cluster) statuses() (all []status, err error) {
	inbox := c.conn.NewInbox()
	answers, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answers.Unsubscribe()) }()
	if err := c.conn.PublishRequest("$SYS.REQ.SERVER.PING.VARZ", inbox, nil); err != nil {
		return nil, err
	}
	end := time.Now().Add(answerTimeout / 10)
	for {
		msg, err := answers.NextMsg(time.Until(end))
		if err != nil {
			return all, nil // it is time, or nobody answers
		}
		var s status
		if json.Unmarshal(msg.Data, &s) == nil && s.Data.JetStream.Config != nil {
			all = append(all, s)
		}
	}
}

// tooFew says what to do about a cluster that cannot keep so many replicas.
func (c *cluster) tooFew(why error) error {
	return fmt.Errorf("%d replicas are not possible: ask for fewer (-nats-replicas), or add servers: %w", c.Replicas, why)
}
