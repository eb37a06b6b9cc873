package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

// startUp measures how long RouteGuide takes to answer when it has a million notes, and what memory it takes.
type startUp struct{}

const (
	oldPlaces   = 100_000
	notesAtEach = 10
	oldChats    = 1000 // that write them
	randomReads = 20_000
)

func (startUp) name() string {
	return "Start-up with " + whole(oldPlaces*notesAtEach) + " notes at " + whole(oldPlaces) + " places"
}

func (u startUp) run(ctx context.Context, l *lab, p plan) ([]row, error) {
	data, err := os.MkdirTemp(l.dir, "data-")
	if err != nil {
		return nil, err
	}
	if err := u.fill(ctx, l, data); err != nil {
		return nil, fmt.Errorf("write notes: %w", err)
	}
	var times, fresh, read []float64
	var cpu time.Duration
	for round := range p.rounds {
		l.say("%s: round %d of %d", u.name(), round+1, p.rounds)
		began := time.Now()
		s, err := startRouteGuide(ctx, l.bin, data)
		if err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(began)))
		fresh = append(fresh, s.memory())
		used, err := u.read(ctx, s)
		read, cpu = append(read, s.memory()), used
		s.stop()
		if err != nil {
			return nil, fmt.Errorf("read notes: %w", err)
		}
	}
	alone := func(what, value string, cpu time.Duration) row {
		return row{what: u.name(), name: what, value: reading{value: value, cpu: cpu}}
	}
	return []row{
		alone("until it answers", spreadOf(times).duration(), 0),
		alone("memory then", megabytes(spreadOf(fresh).highest), 0),
		alone("memory after "+whole(randomReads)+" places were read", megabytes(spreadOf(read).highest), cpu),
	}, nil
}

func megabytes(bytes float64) string { return "at most " + whole(int(bytes/1e6)) + " MB" }

func oldPlace(i int) geo.Point {
	return geo.Point{Lat: int32(int64(i) * 999_983 % geo.MaxLat), Lng: int32(int64(i) * 7_654_321 % geo.MaxLng)}
}

// fill writes the notes through many chats at a time.
func (u startUp) fill(ctx context.Context, l *lab, data string) error {
	s, err := startRouteGuide(ctx, l.bin, data)
	if err != nil {
		return err
	}
	defer s.stop()
	lines, err := newLines(s, maxLines)
	if err != nil {
		return err
	}
	defer lines.close()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var done atomic.Int64
	var chats sync.WaitGroup
	for chat := range oldChats {
		chats.Go(func() {
			if err := u.chat(ctx, lines[chat%maxLines].grpc, chat); err != nil {
				fail(err)
				return
			}
			if n := done.Add(1); n%100 == 0 {
				l.say("%s: %s notes written", u.name(), whole(int(n)*oldPlaces/oldChats*notesAtEach))
			}
		})
	}
	chats.Wait()
	return context.Cause(ctx)
}

// chat writes the notes of its share of the places.
func (startUp) chat(ctx context.Context, conn *grpc.ClientConn, number int) error {
	stream, err := openChat(ctx, conn)
	if err != nil {
		return err
	}
	const share = oldPlaces / oldChats
	for i := range share {
		note := &routeguidepb.RouteNote{Location: pointMessage(oldPlace(number*share + i)), Message: "About as long as people write them."}
		for n := range notesAtEach {
			if err := stream.SendMsg(raw(encode(note))); err != nil {
				return errors.Join(err, skip(stream))
			}
			if n > 0 {
				if err := skip(stream); err != nil {
					return err
				}
			}
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if err := skip(stream); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: a chat ended with %v", errAnswer, err)
	}
	return nil
}

// read asks for the notes of places at random, and returns what CPU time each took the server.
func (startUp) read(ctx context.Context, s *server) (each time.Duration, err error) {
	conn, err := dial(s.grpc)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	before, known := s.cpu()
	var readers sync.WaitGroup
	errs := make([]error, callers)
	for i := range callers {
		readers.Go(func() {
			for range randomReads / callers {
				at := pointMessage(oldPlace(rand.IntN(oldPlaces)))
				request := raw(encode(&routeguidev1.ListNotesRequest{Bounds: &routeguidev1.Bounds{Southwest: at, Northeast: at}}))
				var reply relay.Message
				if errs[i] = conn.Invoke(ctx, routeguidev1.NoteService_ListNotes_FullMethodName, request, &reply); errs[i] != nil {
					return
				}
				reply.Data.Free()
			}
		})
	}
	readers.Wait()
	after, _ := s.cpu()
	if each = noCPU; known {
		each = (after - before) / randomReads
	}
	return each, errors.Join(errs...)
}

// memory returns how many bytes of the process are in memory now, and 0 where the system does not tell.
func (s *server) memory() float64 { return s.status("VmRSS:") }
