// Package demo has simulated travelers move between the built-in features and write notes, so that whoever tries the program
// sees the map alive. They are clients like others.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
)

const (
	firstNote = 4 * time.Second // after the one before has written its first
	notePause = time.Minute
	retry     = time.Second
)

// Run has the travelers be on their way, each from the middle of its own, until ctx ends. The server at the other end of conn
// has RouteGuide and RouteService.
func Run(ctx context.Context, conn grpc.ClientConnInterface, log *slog.Logger) {
	var moving sync.WaitGroup
	for i, t := range travelers {
		ctx := metadata.AppendToOutgoingContext(ctx, "traveler", url.PathEscape(t.name))
		s := &simulation{
			traveler: t, guide: routeguidepb.NewRouteGuideClient(conn), routes: routeguidev1.NewRouteServiceClient(conn),
			done: length(t.way) / 2, chat: rand.Text(), write: time.Now().Add(time.Duration(i+1) * firstNote),
		}
		moving.Go(func() { s.run(ctx, log) })
	}
	moving.Wait()
}

// A simulation is one traveler under way. One goroutine uses it.
type simulation struct {
	traveler
	guide  routeguidepb.RouteGuideClient
	routes routeguidev1.RouteServiceClient
	done   float64 // metres of the way

	chat  string    // the secret of its chat
	write time.Time // its next note
	notes int
}

// run goes to and fro. Each way is a route.
func (s *simulation) run(ctx context.Context, log *slog.Logger) {
	for ctx.Err() == nil {
		err := s.travel(ctx)
		if err == nil {
			s.way, s.done = back(s.way), 0
			continue
		}
		if ctx.Err() == nil {
			log.Warn("a simulated traveler is held up", "traveler", s.name, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

// travel records the rest of the way.
func (s *simulation) travel(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	track, err := s.routes.RecordTrack(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for whole := length(s.way); s.done < whole; s.done += s.speed * s.every.Seconds() {
		at, heading := along(s.way, s.done)
		fix := &routeguidev1.Fix{
			Location: point(at), Speed: proto.Float64(s.speed), Heading: proto.Float64(heading), Accuracy: proto.Float64(5),
		}
		if err := track.Send(&routeguidev1.RecordTrackRequest{Fix: fix}); errors.Is(err, io.EOF) {
			_, err = track.CloseAndRecv()
			return err
		} else if err != nil {
			return err
		}
		if time.Now().After(s.write) {
			if err := s.say(ctx, at); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	_, err = track.CloseAndRecv()
	return err
}

// say writes the next note.
func (s *simulation) say(ctx context.Context, at geo.Point) error {
	chat, err := s.guide.RouteChat(metadata.AppendToOutgoingContext(ctx, "resume-token", s.chat))
	if err != nil {
		return err
	}
	note := &routeguidepb.RouteNote{Location: point(at), Message: s.says[s.notes%len(s.says)]}
	if err := chat.Send(note); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := chat.CloseSend(); err != nil {
		return err
	}
	for {
		if _, err := chat.Recv(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	s.notes, s.write = s.notes+1, time.Now().Add(notePause)
	return nil
}

func point(p geo.Point) *routeguidepb.Point {
	return &routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}
}
