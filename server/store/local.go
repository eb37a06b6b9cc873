package store

import (
	"context"
	"fmt"
	"time"
)

// local is the order of one process: that of the transactions of its file.
type local Store

// probeEvery is how often a store that could not write tries whether it can again.
const probeEvery = time.Second

// alone returns the order of a file that no cluster has a part in.
func (s *Store) alone() (order, error) {
	cluster := ""
	if _, err := s.writer.First(func(r Row) { cluster = r.Text(0) }, "SELECT stream FROM store"); err != nil {
		return nil, err
	}
	if cluster != "" {
		return nil, fmt.Errorf("%w: its changes have the order of a cluster; name that with -nats-url, or restore a backup in another directory",
			ErrElsewhere)
	}
	return (*local)(s), nil
}

func (l *local) reach(context.Context) error { return nil }

func (l *local) shared() bool { return false }
func (l *local) ready() error { return nil }
func (l *local) close()       {}

// run makes what waits, as much as there is in one transaction.
func (l *local) run(ctx context.Context) {
	s := (*Store)(l)
	for {
		waiting, cancel := ctx, context.CancelFunc(func() {})
		if s.state.trouble() != nil {
			waiting, cancel = context.WithTimeout(ctx, probeEvery)
		}
		batch := s.gather(waiting)
		cancel()
		if ctx.Err() != nil {
			return
		}
		outcomes, err := s.apply(changesOf(batch), 0, true) // without changes it is a probe
		s.wrote(err)
		answer(batch, outcomes, err)
	}
}
