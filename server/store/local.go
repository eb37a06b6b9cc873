package store

import (
	"context"
	"time"
)

// local is the order of one process: that of the transactions of its file.
type local Store

// probeEvery is how often a store that could not write tries whether it can again.
const probeEvery = time.Second

func (l *local) shared() bool { return false }
func (l *local) ready() error { return nil }

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
