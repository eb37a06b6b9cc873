package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

// moving measures what it takes to show many who move to many who watch all of them: each is at another point every second.
type moving struct{}

const (
	movingTravelers = 1000
	movingWatchers  = 100
	moveEvery       = time.Second
)

func (moving) name() string {
	return whole(movingTravelers) + " moving travelers, watched by " + whole(movingWatchers)
}

func (m moving) run(ctx context.Context, l *lab, p plan) (_ []row, err error) {
	s, err := l.routeGuide(ctx)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	lines, err := newLines(s, maxLines)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	var streams sync.WaitGroup
	defer func() { end(nil); lines.close(); streams.Wait() }()

	var told atomic.Int64
	var mu sync.Mutex
	var delays []float64
	began := time.Now()
	streams.Go(func() { // one of those who watch looks at what it is told
		end(m.watch(ctx, lines[0].grpc, func(reply relay.Message) error {
			var e routeguidev1.WatchTravelersResponse
			if err := proto.Unmarshal(reply.Data.Materialize(), &e); err != nil {
				return err
			}
			if f := e.GetMoved().GetPosition(); f != nil {
				mu.Lock()
				defer mu.Unlock()
				delays = append(delays, float64(time.Since(f.Time.AsTime())))
			}
			return nil
		}))
	})
	for i := range movingWatchers - 1 {
		streams.Go(func() {
			end(m.watch(ctx, lines[i%maxLines].grpc, func(relay.Message) error { told.Add(1); return nil }))
		})
	}
	for i := range movingTravelers {
		streams.Go(func() { end(m.travel(ctx, lines[i%maxLines].grpc, i)) })
	}
	window := max(5*time.Second, time.Duration(p.rounds)*p.window)
	l.say("%s: they set out", m.name())
	rest := func(d time.Duration) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d):
			return nil
		}
	}
	if err := rest(3 * moveEvery); err != nil {
		return nil, err
	}
	mu.Lock()
	delays = nil
	mu.Unlock()
	before, known := s.cpu()
	began, first := time.Now(), told.Load()
	if err := rest(window); err != nil {
		return nil, err
	}
	after, _ := s.cpu()
	took, last := time.Since(began), told.Load()
	mu.Lock()
	defer mu.Unlock()
	if len(delays) == 0 {
		return nil, errors.New("nobody moved")
	}
	line := func(name, value string, cpu time.Duration) row {
		return row{what: m.name(), name: name, value: reading{value: value, cpu: cpu}}
	}
	rows := []row{
		line("from a point to who watches", spreadOf(delays).duration(), 0),
		line("told", rounded(float64(last-first)/took.Seconds())+" positions/s", noCPU),
		line("memory", megabytes(s.memory()), 0),
	}
	if known {
		rows[1].value.cpu = (after - before) / time.Duration(max(1, last-first))
		rows = append(rows, line("CPU", fmt.Sprintf("%.0f %% of a core", 100*float64(after-before)/float64(took)), 0))
	}
	return rows, nil
}

// travel records a route from where a traveler is, a point at a time.
func (moving) travel(ctx context.Context, conn *grpc.ClientConn, number int) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, routeguidev1.RouteService_RecordTrack_FullMethodName)
	if err != nil {
		return err
	}
	at := geo.Point{Lat: int32(number) * 1_000_000 % geo.MaxLat, Lng: int32(number) * 1000}
	wait := time.NewTimer(moveEvery * time.Duration(number) / movingTravelers) // spread over the time
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-wait.C:
		}
		wait.Reset(moveEvery)
		at.Lng += 500
		fix := &routeguidev1.Fix{Location: pointMessage(at), Time: timestamppb.Now()}
		if err := stream.SendMsg(raw(encode(&routeguidev1.RecordTrackRequest{Fix: fix}))); err != nil {
			return errors.Join(err, skip(stream))
		}
	}
}

func (moving) watch(ctx context.Context, conn *grpc.ClientConn, told func(relay.Message) error) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, routeguidev1.TravelerService_WatchTravelers_FullMethodName)
	if err == nil {
		err = stream.SendMsg(raw(nil))
	}
	if err == nil {
		err = stream.CloseSend()
	}
	for err == nil {
		var m relay.Message
		if err = stream.RecvMsg(&m); err == nil {
			err = told(m)
			m.Data.Free()
		}
	}
	return err
}
