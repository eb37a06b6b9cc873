package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Cluster says where the servers of a NATS JetStream cluster are, and how to talk to them.
type Cluster struct {
	// URL is one or more addresses, as "nats://a:4222,nats://b:4222". The other servers of the cluster become known by
	// themselves where they announce their addresses.
	URL string
	// Replicas is how many servers keep each log: 3 unless it is set, of which one may be lost without anything being lost.
	Replicas int
	// Creds is a file of NATS credentials, CA one of the certificates to trust, Cert and Key are our own; empty means none.
	Creds, CA, Cert, Key string
}

// minPayload is what a message must be allowed to hold: more than any record that is not an import.
const minPayload = 64 << 10

// A cluster is the engine that other processes use too.
type cluster struct {
	Cluster
	log     *slog.Logger
	max     int64 // bytes of all logs, or 0
	closing chan struct{}
	running sync.WaitGroup // watch, one for each connection
}

// openCluster checks that the cluster can do what is asked of it, and says what is wrong where it cannot.
func openCluster(ctx context.Context, o Options) (*cluster, error) {
	c := &cluster{Cluster: *o.Cluster, log: o.Logger, max: o.MaxBytes, closing: make(chan struct{})}
	if c.Replicas == 0 {
		c.Replicas = 3
	}
	for _, file := range []string{c.Creds, c.CA, c.Cert, c.Key} {
		if file == "" {
			continue
		}
		if _, err := os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if most := conn.MaxPayload(); most < minPayload {
		return nil, fmt.Errorf("%w: its max_payload is %d bytes, and less than %d", ErrInvalid, most, minPayload)
	}
	if err := c.check(ctx, conn); err != nil {
		return nil, err
	}
	return c, nil
}

// check waits until JetStream answers, as it may not while the cluster starts, and sees whether it is new enough.
func (c *cluster) check(ctx context.Context, conn *nats.Conn) error {
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	for retry := (pause{}); ; {
		attempt, cancel := context.WithTimeout(ctx, answerTimeout)
		info, err := js.AccountInfo(attempt)
		cancel()
		switch {
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return fmt.Errorf("%w: JetStream is not enabled for this account", ErrInvalid)
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
			return fmt.Errorf("%w: JetStream is not enabled on its servers", ErrInvalid)
		case err == nil && info.API.Level < apiLevel:
			return fmt.Errorf("%w: its servers (%s) are older than nats-server 2.12, which stores records in batches",
				ErrInvalid, conn.ConnectedServerVersion())
		case err == nil:
			return c.inspect(conn)
		}
		if retry.wait(ctx, nil) != nil {
			return fmt.Errorf("%w: JetStream does not answer: %w", ErrUnavailable, err)
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
func (c *cluster) inspect(conn *nats.Conn) error {
	all, err := statuses(conn)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.log.Info("the cluster does not show its sync_interval: without \"always\", what it acknowledged in the last minutes "+
			"may be lost when all its servers lose power at once", "url", conn.ConnectedUrlRedacted())
	}
	for _, s := range all {
		if config := s.Data.JetStream.Config; !config.SyncAlways {
			c.log.Warn("the cluster may lose what it acknowledged when all its servers lose power at once",
				"server", s.Server.Name, "sync_interval", config.SyncInterval)
		}
		// Others may still be about to join a server that has not been there for as long as we would wait for them.
		size := s.Data.JetStream.Meta.Size
		if s.Data.Now.Sub(s.Data.Start) > connectTimeout && 0 < size && size < c.Replicas {
			return tooFew(c.Replicas, fmt.Errorf("there are %d servers", size))
		}
	}
	return nil
}

// statuses returns what the servers with JetStream say of themselves in a moment.
func statuses(conn *nats.Conn) (all []status, err error) {
	inbox := conn.NewInbox()
	answers, err := conn.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answers.Unsubscribe()) }()
	if err := conn.PublishRequest("$SYS.REQ.SERVER.PING.VARZ", inbox, nil); err != nil {
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
func tooFew(replicas int, why error) error {
	return fmt.Errorf("%w: %d replicas are not possible: ask for fewer (-nats-replicas), or add servers: %w", ErrInvalid, replicas, why)
}

// apiLevel is the JetStream API level that has atomic batches, which the logs are written with.
const apiLevel = 2

// dial connects to any of the servers. While none can be reached it tries on, as they may be about to start.
func (c *cluster) dial(ctx context.Context) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("routeguide"), nats.Timeout(answerTimeout), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(answerTimeout),
		// What is sent while there is no connection fails at once, and is sent again by who knows whether it still matters.
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			c.log.Warn("trouble on a connection to the cluster", "error", err)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.log.Debug("a connection to the cluster is lost", "error", err)
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
	for retry := (pause{}); ; {
		conn, err := nats.Connect(c.URL, options...)
		switch {
		case err == nil:
			return conn, nil
		case !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) && !errors.As(err, new(*net.OpError)):
			return nil, err // it will not get better by itself
		}
		if retry.wait(ctx, c.closing) != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

func (c *cluster) connect(ctx context.Context) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := c.dial(ctx)
	if err == nil {
		c.running.Go(func() { c.watch(conn) })
	}
	return conn, err
}

const (
	watchEvery = 3 * time.Second
	// misses is how many answers may be missing in a row before a connection is made to another server.
	misses = 3
)

// watch leaves a server that is cut off from the others: it would take requests for ever and answer none.
func (c *cluster) watch(conn *nats.Conn) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-c.closing:
			return
		case <-tick.C:
		}
		if !conn.IsConnected() {
			missed = 0
			continue
		}
		if answers(conn) || conn.IsClosed() {
			missed = 0
			continue
		}
		if missed++; missed == misses {
			missed = 0
			c.log.Warn("a server of the cluster does not answer: trying another", "server", conn.ConnectedServerName())
			if err := conn.ForceReconnect(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
				c.log.Warn("no connection to another server", "error", err)
			}
		}
	}
}

// answers tells whether the server that a connection is to can reach the cluster's leader. One that cannot may say so, or
// nothing at all.
func answers(conn *nats.Conn) bool {
	msg, err := conn.Request("$JS.API.INFO", nil, answerTimeout)
	if err != nil {
		return false
	}
	var answer struct{ Error *jetstream.APIError }
	return json.Unmarshal(msg.Data, &answer) == nil && answer.Error == nil
}

func (c *cluster) archive(string) *archive { return nil }

func (c *cluster) shared() bool  { return true }
func (c *cluster) replicas() int { return c.Replicas }
func (c *cluster) health() error { return nil }

// revive leaves it to the servers to mend one another.
func (c *cluster) revive(string, func() error) (bool, error) { return false, nil }

// room keeps the limit of the options; those of the cluster's disks and of the account are kept by its servers.
func (c *cluster) room(size, used int64) error {
	if c.max > 0 && used+size > c.max {
		return fmt.Errorf("%w: %d of at most %d bytes are used", ErrFull, used, c.max)
	}
	return nil
}

func (c *cluster) close() error {
	close(c.closing)
	c.running.Wait()
	return nil
}
