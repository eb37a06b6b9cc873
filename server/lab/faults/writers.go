package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
)

const (
	notesACall   = 8
	pointsARoute = 730 // a few chunks and a bit
)

// token is a secret to resume by. It need not be hard to guess here.
func token(client string, n int) string { return fmt.Sprintf("%s-%022d", client, n) }

// A chatter writes notes in one chat, a few a call, each at a place of its own. The end of a call says that they are stored;
// without it they are sent once more under the numbers they had.
type chatter struct {
	crowd   *crowd
	name    string
	number  int
	written int // notes known to be stored
}

func (w *chatter) run(ctx context.Context) {
	for w.crowd.persist(ctx, w.number, w.write) {
		w.written += notesACall
		w.crowd.acknowledge(w.number, notesACall)
	}
}

func (w *chatter) write(ctx context.Context, conn *grpc.ClientConn) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "resume-token", token(w.name, 0), "chat-notes", strconv.Itoa(w.written))
	stream, err := routeguidepb.NewRouteGuideClient(conn).RouteChat(ctx)
	if err != nil {
		return err
	}
	for i := range notesACall {
		if err := stream.Send(w.note(w.written + i)); err != nil {
			break // Recv says why
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (w *chatter) note(i int) *routeguidepb.RouteNote {
	return &routeguidepb.RouteNote{
		Location: &routeguidepb.Point{Latitude: int32(w.number) * 1e6, Longitude: int32(i)}, Message: fmt.Sprintf("%s %d", w.name, i),
	}
}

// A tracker records routes, one after the other, each with a secret of its own. A route's summary says that it is stored, and
// the header of a call that goes on with one how much of it is; what comes after that is sent once more.
type tracker struct {
	crowd  *crowd
	name   string
	number int
	routes int         // finished
	known  map[int]int // points of each route known to be stored
	lost   int         // of them, when a later call was told less
}

func (w *tracker) run(ctx context.Context) {
	for {
		if !w.crowd.persist(ctx, w.number, func(ctx context.Context, conn *grpc.ClientConn) error {
			count, err := w.record(ctx, conn, w.routes)
			if err == nil {
				w.learn(w.routes, int(count))
			}
			return err
		}) {
			return
		}
		w.routes++
	}
}

// learn counts how many points of a route a client has been told are stored.
func (w *tracker) learn(route, stored int) {
	switch known := w.known[route]; {
	case stored > known:
		w.crowd.acknowledge(w.number, stored-known)
	case stored < known:
		w.lost += known - stored
	}
	w.known[route] = stored
}

// record sends what is missing of a route and ends it.
func (w *tracker) record(ctx context.Context, conn *grpc.ClientConn, route int) (count int32, err error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "resume-token", token(w.name, route))
	stream, err := routeguidepb.NewRouteGuideClient(conn).RecordRoute(ctx)
	if err != nil {
		return 0, err
	}
	stored, err := storedPoints(stream)
	if err != nil {
		return 0, err
	}
	w.learn(route, stored)
	for i := stored; i < pointsARoute; i++ {
		if err := stream.Send(&routeguidepb.Point{Latitude: int32(i) * 10_000}); err != nil {
			break // CloseAndRecv says why
		}
	}
	sum, err := stream.CloseAndRecv()
	return sum.GetPointCount(), err
}

func storedPoints(stream routeguidepb.RouteGuide_RecordRouteClient) (int, error) {
	head, err := stream.Header()
	if err != nil {
		return 0, err
	}
	points := head.Get("route-points")
	if len(points) != 1 {
		_, err := stream.CloseAndRecv() // a call that fails at once has no header
		if err == nil {
			err = errors.New("no header metadata route-points")
		}
		return 0, err
	}
	return strconv.Atoi(points[0])
}
