package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// restored is the header of a message that says: the state is that of the snapshot with my number.
const restored = "Routeguide-Restored"

// Restore makes the database in a file, which Backup made, the state that an empty cluster begins with. Processes that run
// already take it over. When it is broken off it can be done again. Progress is told how many bytes of how many are uploaded.
//
// Errors: ErrForeign for a file that is no store, ErrDamaged for one that is not whole, ErrNotEmpty for a cluster that has
// changes.
func Restore(ctx context.Context, to Cluster, file string, progress func(done, total int64)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	if err := errors.Join(checkHeader(file, f), f.Close()); err != nil {
		return err
	}
	if wal, err := os.Stat(file + "-wal"); err == nil && wal.Size() > 0 {
		return fmt.Errorf("%s is in use or was not closed: a part of it is in %s-wal; give a file that \"routeguide backup\" made", file, file)
	}
	if pages, err := damagedPages(ctx, file, func(int64, int64) {}); err != nil {
		return about(file, err)
	} else if len(pages) > 0 {
		return fmt.Errorf("%w: page %d of %s, and %d more", ErrDamaged, pages[0], file, len(pages)-1)
	}
	c := &cluster{Cluster: to, log: slog.Default()}
	defer c.close()
	waiting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := c.connect(waiting); err != nil {
		return err
	}
	if err := c.openStream(waiting); err != nil {
		return err
	}
	d, err := c.depot(waiting, c.js)
	if err != nil {
		return err
	}
	if err := d.announce(waiting); err != nil {
		return err
	}
	return d.put(ctx, 1, file, progress)
}

// announce makes it the first message of the stream that the state is a snapshot's, which is not there yet.
func (d *depot) announce(ctx context.Context) error {
	all, _, err := d.list(ctx)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		return ErrNotEmpty
	}
	err = d.c.put(ctx, &nats.Msg{Subject: subject(d.c.id), Header: nats.Header{restored: {"1"}}}, jetstream.WithExpectLastSequence(0))
	if apiCode(err) != jetstream.JSErrCodeStreamWrongLastSequence {
		return err
	}
	first, err := d.c.stream.GetMsg(ctx, 1)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && first.Header.Get(restored) == "":
		return ErrNotEmpty
	}
	return err // nil: it was announced by an attempt that was broken off
}
