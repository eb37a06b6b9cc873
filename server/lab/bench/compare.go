package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A plan says how much is measured.
type plan struct {
	rounds int
	window time.Duration // of one turn
}

// A trial is measured and gives rows of the table.
type trial interface {
	name() string
	run(ctx context.Context, l *lab, p plan) ([]row, error)
}

// A comparison measures several sides in turns and sets each beside the first.
type comparison struct {
	title   string
	unit    string // what is counted, in the plural
	units   int    // of them in a call
	callers int
	sides   []side
	// aside keeps the ratio out of the table, for sides that do not do the same.
	aside bool
}

type side struct {
	name     string
	programs []program // which the callers share
	door     door
}

func (c comparison) name() string { return c.title }

func (c comparison) run(ctx context.Context, l *lab, p plan) ([]row, error) {
	loads := make([]*load, len(c.sides))
	for i, side := range c.sides {
		var servers []*server
		for _, p := range side.programs {
			s, err := l.start(ctx, p)
			if err != nil {
				return nil, err
			}
			servers = append(servers, s)
		}
		var err error
		if loads[i], err = newLoad(servers, side.door, c.callers); err != nil {
			return nil, err
		}
		defer loads[i].close()
	}
	samples := make([][]sample, len(c.sides))
	for round := range p.rounds {
		l.say("%s: round %d of %d", c.title, round+1, p.rounds)
		for i, load := range loads {
			s, err := load.measure(ctx, p.window, c.units)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.sides[i].name, err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	var rows []row
	for i, side := range c.sides[1:] {
		r := row{
			what: c.title, name: side.name, beside: c.sides[0].name,
			value: c.reading(samples[i+1]), other: c.reading(samples[0]),
		}
		if !c.aside {
			r.ratio = ratios(rates(samples[i+1]), rates(samples[0])).ratio()
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (c comparison) reading(samples []sample) reading {
	var cpu []float64
	for _, s := range samples {
		cpu = append(cpu, float64(s.cpu))
	}
	return reading{
		value: rounded(spreadOf(rates(samples)).median) + " " + c.unit + "/s",
		cpu:   time.Duration(spreadOf(cpu).median),
	}
}

func rates(samples []sample) []float64 {
	var out []float64
	for _, s := range samples {
		out = append(out, s.rate)
	}
	return out
}

// A spread is what is left of values that were measured one after the other.
type spread struct{ median, lowest, highest float64 }

// spreadOf returns the spread of one or more values.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, lowest: sorted[0], highest: sorted[n-1]}
}

// ratios returns the spread of the ratios of values that were measured right after each other.
func ratios(values, others []float64) spread {
	var out []float64
	for i := range values {
		out = append(out, values[i]/others[i])
	}
	return spreadOf(out)
}
