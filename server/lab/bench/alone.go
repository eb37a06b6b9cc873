package main

import (
	"context"
	"fmt"
	"time"
)

// alone measures what nothing else does that it could be set beside: with one caller how long a call takes, with more how many
// there are.
type alone struct {
	title, way string
	unit       string // what is counted, in the plural
	units      int    // of them in a call
	callers    int
	program    program
	door       door
}

func (a alone) name() string { return a.title }

func (a alone) run(ctx context.Context, l *lab, p plan) ([]row, error) {
	s, err := l.start(ctx, a.program)
	if err != nil {
		return nil, err
	}
	load, err := newLoad([]*server{s}, a.door, a.callers)
	if err != nil {
		return nil, err
	}
	defer load.close()
	var samples []sample
	var times []float64
	for round := range p.rounds {
		l.say("%s: round %d of %d", a.title, round+1, p.rounds)
		one, err := load.measure(ctx, p.window, a.units)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.way, err)
		}
		samples = append(samples, one)
		times = append(times, float64(time.Second)/one.rate)
	}
	r := row{what: a.title, name: a.way, value: comparison{unit: a.unit}.reading(samples)}
	if a.callers == 1 && a.units == 1 {
		r.value.value = spreadOf(times).duration()
	}
	return []row{r}, nil
}
