package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// A pace says when a snapshot is made: when the stream has grown by so much since the newest. 0 means the usual.
type pace struct {
	messages uint64
	bytes    uint64
	look     time.Duration // how often a process looks; it does so at a random moment, so that two seldom do it at once
	// abandoned is how old the newest part of an unfinished snapshot must be to be cleared away.
	abandoned time.Duration
}

// usual makes a snapshot before applying the messages after it takes longer than downloading one.
var usual = pace{messages: 100_000, bytes: 64 << 20, look: 30 * time.Second, abandoned: 10 * time.Minute}

func (p pace) or(usual pace) pace {
	if p == (pace{}) {
		return usual
	}
	return p
}

const (
	// scratchName is the directory of what is being uploaded and downloaded; nothing in it outlives the process.
	scratchName = "snapshots"
	logEvery    = 5 * time.Second
)

func (c *cluster) scratch(name string) string {
	return filepath.Join(c.store.options.Dir, scratchName, name)
}

// adopt sees whether the file is one of this cluster, and has a new one begin as the newest snapshot is.
func (c *cluster) adopt(ctx context.Context) error {
	s := c.store
	var position, message uint64
	var id string
	if _, err := s.writer.First(func(r Row) {
		position, id, message = uint64(r.Int(0)), r.Text(1), uint64(r.Int(2))
	}, "SELECT position, stream, message FROM store"); err != nil {
		return err
	}
	switch {
	case id == "" && position > 0:
		return fmt.Errorf("%w: its state is that of one machine; a new cluster begins with it by \"routeguide restore -nats-url\", "+
			"and to join one that has a state choose another directory", ErrElsewhere)
	case id != "" && id != c.id:
		return fmt.Errorf("%w: its state is that of another cluster, or of this one before its stream was deleted; choose another directory",
			ErrElsewhere)
	}
	if err := os.RemoveAll(c.scratch("")); err != nil {
		return err
	}
	if err := os.Mkdir(c.scratch(""), 0o700); err != nil {
		return err
	}
	c.message.Store(message)
	if id != "" {
		return nil // if it is too far behind, consume finds that out
	}
	d, err := c.depot(ctx, c.js)
	if err != nil {
		return err
	}
	all, _, err := d.list(ctx)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		return c.begin(ctx, 0)
	}
	return s.writer.Exec("UPDATE store SET stream = ?", c.id)
}

// begin has the newest snapshot, which must have a message, take the place of the tables.
func (c *cluster) begin(ctx context.Context, message uint64) error {
	d, conn, err := c.private(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	all, _, err := d.list(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 || all[len(all)-1].message < message {
		return fmt.Errorf("%w: the cluster has no snapshot with message %d, which it no longer has: one is being made or restored, or was lost",
			ErrUnavailable, message)
	}
	newest, path := all[len(all)-1], c.scratch("received")
	defer os.Remove(path)
	c.log.Info("the state of the cluster is downloaded", "message", newest.message, "bytes", newest.info.Size)
	if err := d.get(ctx, newest, path, c.progress("the state of the cluster is downloaded")); err != nil {
		return fmt.Errorf("download the cluster's state: %w", err)
	}
	if err := c.prepare(path, newest.message); err != nil {
		return fmt.Errorf("the cluster's state: %w", err)
	}
	err = failed(ctx, c.store.writer.conn.Restore("main", path))
	c.store.wrote(err)
	if err != nil {
		return fmt.Errorf("store the cluster's state: %w", err)
	}
	if err := c.store.load(); err != nil {
		return err
	}
	c.message.Store(newest.message)
	c.log.Info("the state is that of the cluster", "message", newest.message, "position", c.store.Position())
	return nil
}

// prepare makes a snapshot our state as it is after a message.
func (c *cluster) prepare(path string, message uint64) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := errors.Join(checkHeader(path, f), f.Close()); err != nil {
		return err
	}
	tx, err := openTx(path, sqlite3.OPEN_READWRITE, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.close()) }()
	if err := c.store.migrate(tx); err != nil {
		return err
	}
	if err := tx.Exec("UPDATE store SET stream = ?, message = ?", c.id, message); err != nil {
		return err
	}
	return tx.Exec("PRAGMA journal_mode = delete") // so that all is in the one file
}

// progress logs now and then how far something is.
func (c *cluster) progress(what string) func(done, total int64) {
	last := time.Now()
	return func(done, total int64) {
		if time.Since(last) > logEvery {
			last = time.Now()
			c.log.Info(what, "bytes", done, "of", total)
		}
	}
}

// keepSnapshots makes a snapshot whenever the stream has grown enough, unless another process does, until ctx ends.
func (c *cluster) keepSnapshots(ctx context.Context) {
	pace := c.pace.or(usual)
	for pause(ctx, pace.look+rand.N(pace.look)) == nil {
		if err := c.keepSnapshot(ctx, pace); err != nil && ctx.Err() == nil {
			c.log.Warn("no snapshot of the state was made", "err", err)
		}
	}
}

func (c *cluster) keepSnapshot(ctx context.Context, pace pace) error {
	d, err := c.depot(ctx, c.js)
	if err != nil {
		return err
	}
	all, _, err := d.list(ctx)
	if err != nil {
		return err
	}
	info, err := c.look(ctx)
	if err != nil {
		return err
	}
	var newest, size uint64
	if len(all) > 0 {
		newest, size = all[len(all)-1].message, all[len(all)-1].info.Size
	}
	if at := c.message.Load(); at > newest {
		grown := at - newest
		bytes := uint64(float64(info.State.Bytes) * float64(grown) / float64(max(info.State.Msgs, 1)))
		if grown >= pace.messages || bytes >= max(pace.bytes, size/2) {
			if err := c.makeSnapshot(ctx); err != nil {
				return err
			}
		}
	}
	return d.prune(ctx, pace.abandoned)
}

func (c *cluster) makeSnapshot(ctx context.Context) error {
	path := c.scratch("made")
	defer os.Remove(path)
	message, err := c.copyTo(ctx, path)
	if err != nil {
		return err
	}
	d, conn, err := c.private(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := d.put(ctx, message, path, c.progress("a snapshot is uploaded")); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	c.log.Info("a snapshot of the state was made", "message", message)
	return nil
}

// copyTo copies the tables to a file, as they are after a message.
func (c *cluster) copyTo(ctx context.Context, path string) (message uint64, err error) {
	tx, err := c.store.readers.take(ctx)
	if err != nil {
		return 0, err
	}
	defer c.store.readers.give(tx)
	err = c.store.met(tx.copyTo(ctx, path, func(int64, int64) {}))
	return tx.message, err
}
