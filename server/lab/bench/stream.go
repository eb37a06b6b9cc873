package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/geo"
	"routeguide/server/relay"
)

const (
	notesAPlace = 8    // a call of a chat leaves so many notes at a place that nobody was at
	placesAChat = 100  // then another chat begins
	routePoints = 1000 // a call of a recorder sends so many points
)

// places counts the places that notes were left at, so that each is new.
var places atomic.Int32

func newPlace() geo.Point { // spread over the world, each once in nine million
	return geo.Point{Lat: int32(int64(places.Add(1)) * 999_983 % geo.MaxLat), Lng: 1}
}

// chat leaves notes, and the next one when it knows that the one before was stored.
type chat struct {
	conn *grpc.ClientConn
	// replies is how many notes are sent back for the nth note at a place, n from 0. RouteGuide sends one of the chat's own
	// notes back when the next one is stored, so only the first has no answer; the official server sends all of them
	// each time, with the new one.
	replies func(n int) int
	stream  grpc.ClientStream // nil before the first call
	places  int
}

func throughChat(replies func(n int) int) door {
	return func(l line) caller { return (&chat{conn: l.grpc, replies: replies}).call }
}

func routeGuideReplies(n int) int { return min(n, 1) }
func officialReplies(n int) int   { return n + 1 }

func openChat(ctx context.Context, conn *grpc.ClientConn) (grpc.ClientStream, error) {
	return conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, routeguidepb.RouteGuide_RouteChat_FullMethodName)
}

func (c *chat) call(ctx context.Context) error {
	if c.places++; c.places%placesAChat == 1 {
		if err := c.renew(ctx); err != nil {
			return err
		}
	}
	at := pointMessage(newPlace())
	for n := range notesAPlace {
		text := "Note " + strconv.Itoa(n) + ", about as long as people write them."
		if err := c.stream.SendMsg(raw(encode(&routeguidepb.RouteNote{Location: at, Message: text}))); err != nil {
			return err
		}
		for range c.replies(n) {
			if err := skip(c.stream); err != nil {
				return err
			}
		}
	}
	return nil
}

// renew ends the chat, if there is one, and begins another.
func (c *chat) renew(ctx context.Context) (err error) {
	if c.stream != nil {
		if err := c.stream.CloseSend(); err != nil {
			return err
		}
		if err := skip(c.stream); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: a chat ended with %v", errAnswer, err)
		}
	}
	c.stream, err = openChat(ctx, c.conn)
	return err
}

// throughRecorder records routes along the points, over and over.
func throughRecorder(points []geo.Point) door {
	var messages [][]byte
	for _, p := range points {
		messages = append(messages, encode(pointMessage(p)))
	}
	return func(l line) caller {
		return func(ctx context.Context) error {
			stream, err := l.grpc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, routeguidepb.RouteGuide_RecordRoute_FullMethodName)
			if err != nil {
				return err
			}
			for i := range routePoints {
				if err := stream.SendMsg(raw(messages[i%len(messages)])); err != nil {
					return errors.Join(err, skip(stream))
				}
			}
			if err := stream.CloseSend(); err != nil {
				return err
			}
			var reply relay.Message
			if err := stream.RecvMsg(&reply); err != nil {
				return err
			}
			defer reply.Data.Free()
			var sum routeguidepb.RouteSummary
			if err := proto.Unmarshal(reply.Data.Materialize(), &sum); err != nil {
				return err
			}
			if sum.PointCount != routePoints {
				return fmt.Errorf("%w: a route of %d points instead of %d", errAnswer, sum.PointCount, routePoints)
			}
			return nil
		}
	}
}
