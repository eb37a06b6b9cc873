package main

import (
	"context"
	"fmt"
	"math"
	"time"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
)

// tiles measures how long vector tiles of a million features take: ones that were never asked for, and one again.
type tiles struct{}

func (tiles) name() string { return "Vector tiles, 1,000,000 features" }

func (t tiles) run(ctx context.Context, l *lab, p plan) ([]row, error) {
	s, err := l.start(ctx, oursLarge)
	if err != nil {
		return nil, err
	}
	lines, err := newLines(s, 1)
	if err != nil {
		return nil, err
	}
	defer lines.close()
	get := func(path string) (float64, error) {
		began := time.Now()
		err := (&rest{client: lines[0].http, base: "http://" + s.http, work: work{paths: []string{path}}, buffer: make([]byte, readBytes)}).call(ctx)
		return float64(time.Since(began)), err
	}
	if _, err := get(tilePath(4, gridFeature(0, 0))); err != nil { // the first one makes what all of them need
		return nil, err
	}
	const near = 20 // of zoom 14 a round
	var clear, whole, again []float64
	for round := range p.rounds {
		l.say("%s: round %d of %d", t.name(), round+1, p.rounds)
		for i := range near {
			took, err := get(tilePath(14, gridFeature(scattered((round*near+i)*977))))
			if err != nil {
				return nil, err
			}
			clear = append(clear, took)
		}
		// An edit makes every tile one that may have changed.
		edit := work{method: routeguidev1.FeatureService_CreateFeature_FullMethodName, messages: [][]byte{encode(
			&routeguidev1.CreateFeatureRequest{Feature: &routeguidev1.MapFeature{Location: pointMessage(newPlace())}})}}
		if err := (&native{conn: lines[0].grpc, work: edit}).call(ctx); err != nil {
			return nil, err
		}
		for _, times := range []*[]float64{&whole, &again} {
			took, err := get(tilePath(4, gridFeature(0, 0)))
			if err != nil {
				return nil, err
			}
			*times = append(*times, took)
		}
	}
	line := func(what string, times []float64) row {
		return row{what: t.name(), name: what, value: reading{value: spreadOf(times).duration(), cpu: noCPU}}
	}
	return []row{line("zoom 14", clear), line("zoom 4, with all of them", whole), line("the same again", again)}, nil
}

// tilePath is where the tile is that has a point.
func tilePath(zoom int, p geo.Point) string {
	n := math.Exp2(float64(zoom))
	lat := float64(p.Lat) / 1e7 * math.Pi / 180
	x := (float64(p.Lng)/1e7 + 180) / 360 * n
	y := (1 - math.Asinh(math.Tan(lat))/math.Pi) / 2 * n
	return fmt.Sprintf("/v1/tiles/%d/%d/%d.mvt", zoom, int(x), int(y))
}
