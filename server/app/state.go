package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/key"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/rpc"
	"routeguide/server/store"
	"routeguide/server/traveler"
	"routeguide/server/tutorial"
)

// A state is the store and the books in it.
type state struct {
	store     *store.Store
	tally     *tally
	features  *feature.Book
	routes    *route.Book
	travelers *traveler.Board
	notes     *note.Book
	keys      *key.Book
	tutorial  *tutorial.Services
	gate      *rpc.Gate

	stop    context.CancelFunc
	running sync.WaitGroup
}

func openState(ctx context.Context, c config, log *slog.Logger) (*state, error) {
	base := feature.Default()
	if c.features != "" {
		var err error
		if base, err = feature.Open(ctx, c.features, log); err != nil {
			return nil, err
		}
	}
	tally, options := newTally(), c.store(log)
	options.Committed = tally.committed
	st := store.New(options)
	s := &state{
		store: st, tally: tally, keys: key.New(st, nil), features: feature.New(st, base), tutorial: tutorial.New(st),
		notes: note.New(st, note.Options{Replay: c.replay, PerPlace: c.notesPerPlace}),
	}
	s.routes = route.New(st, route.Options{
		Feature: func(p geo.Point) bool { _, ok := s.features.At(p); return ok }, Keep: c.trackMaxAge, Gap: c.routeGap, Rest: c.routeRest,
		Alone: c.nats.URL == "",
	})
	s.travelers = traveler.New(s.routes, c.travelerMaxAge)
	s.gate = rpc.NewGate(s.keys, c.open, loopback(c.grpcAddr))
	if err := st.Open(ctx); err != nil {
		return nil, err
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.running.Go(func() { s.routes.Tidy(ctx, log) })
	s.running.Go(func() { s.travelers.Run(ctx) })
	s.running.Go(s.features.Prepare)
	s.running.Go(func() { s.keys.Run(ctx) })
	return s, nil
}

// ready returns nil while changes are made, and otherwise why not.
func (s *state) ready(context.Context) error { return s.store.Ready() }

// damage is what there is to say of parts of the store that cannot be read.
func (s *state) damage() []string {
	n := s.store.Damage()
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d calls needed a part of %s that is damaged; the command \"routeguide check\" tells more", n, store.FileName)}
}

func (s *state) close() error {
	s.stop()
	s.running.Wait()
	return s.store.Close()
}
