package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
)

// crowd measures what memory many take who are there at the same time: chats at many places, and those who watch the area
// around each place.
type crowd struct{}

const (
	crowdPlaces  = 1000 // with one area each
	chatsAtEach  = 10
	crowdChats   = crowdPlaces * chatsAtEach
	crowdReaches = 1000 // E7 degrees from a place to the edges of its area
)

func (crowd) name() string {
	return whole(crowdChats) + " followers and " + whole(crowdPlaces) + " watched areas"
}

func (c crowd) run(ctx context.Context, l *lab, p plan) (_ []row, err error) {
	s, err := l.routeGuide(ctx) // others may have left garbage in one that runs
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
	var got atomic.Int64
	attend := func(number int, open func(*grpc.ClientConn) (grpc.ClientStream, error)) {
		streams.Go(func() {
			stream, err := open(lines[number%maxLines].grpc)
			for ; err == nil; err = skip(stream) {
				got.Add(1)
			}
			end(fmt.Errorf("stream %d: %w", number, err))
		})
	}

	places := make([]geo.Point, crowdPlaces)
	for i := range places {
		places[i] = newPlace()
		attend(i, func(conn *grpc.ClientConn) (grpc.ClientStream, error) { return watchAround(ctx, conn, places[i]) })
	}
	// Every stream counts one when it is open, and a watch is told that it is live.
	const watching = 2 * crowdPlaces
	if err := c.await(ctx, &got, watching); err != nil {
		return nil, err
	}
	for i := range crowdChats {
		attend(i, func(conn *grpc.ClientConn) (grpc.ClientStream, error) {
			stream, err := openChat(ctx, conn)
			if err != nil {
				return nil, err
			}
			return stream, write(stream, places[i%crowdPlaces])
		})
	}
	// Each chat left a note, which goes to its area and to all the other chats at its place.
	const joined = watching + crowdChats + crowdChats + crowdChats*(chatsAtEach-1)
	l.say("%s: they join", c.name())
	if err := c.await(ctx, &got, joined); err != nil {
		return nil, err
	}
	memory := []float64{s.memory()}

	writer, err := openChat(ctx, lines[0].grpc)
	if err != nil {
		return nil, err
	}
	streams.Go(func() {
		for skip(writer) == nil {
		}
	})
	before, known := s.cpu()
	for round := range p.rounds {
		l.say("%s: round %d of %d", c.name(), round+1, p.rounds)
		for _, at := range places {
			if err := write(writer, at); err != nil {
				return nil, err
			}
		}
		if err := c.await(ctx, &got, joined+int64(round+1)*(crowdChats+crowdPlaces)); err != nil {
			return nil, err
		}
		memory = append(memory, s.memory())
	}
	after, _ := s.cpu()
	cpu := time.Duration(noCPU)
	if known {
		cpu = (after - before) / time.Duration(p.rounds*crowdPlaces)
	}
	return []row{{what: c.name(), name: "memory, and CPU of a note", value: reading{value: megabytes(spreadOf(memory).highest), cpu: cpu}}}, nil
}

// await returns when so much was counted.
func (crowd) await(ctx context.Context, got *atomic.Int64, want int64) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for got.Load() < want {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages came: %w", got.Load(), want, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

// watchAround watches a small area around a place.
func watchAround(ctx context.Context, conn *grpc.ClientConn, at geo.Point) (grpc.ClientStream, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, routeguidev1.NoteService_WatchNotes_FullMethodName)
	if err != nil {
		return nil, err
	}
	request := &routeguidev1.WatchNotesRequest{Bounds: &routeguidev1.Bounds{
		Southwest: pointMessage(geo.Point{Lat: at.Lat - crowdReaches, Lng: at.Lng - crowdReaches}),
		Northeast: pointMessage(geo.Point{Lat: at.Lat + crowdReaches, Lng: at.Lng + crowdReaches}),
	}}
	if err := stream.SendMsg(raw(encode(request))); err != nil {
		return nil, err
	}
	return stream, stream.CloseSend()
}
