package rpc

import (
	"context"
	"io"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/note"
	"routeguide/server/route"
)

type routeGuide struct {
	routeguidepb.UnsafeRouteGuideServer
	features *feature.Book
	routes   *route.Book
	notes    *note.Book
}

func (s *routeGuide) GetFeature(ctx context.Context, p *routeguidepb.Point) (*routeguidepb.Feature, error) {
	at, err := point("", p)
	if err != nil {
		return nil, err
	}
	if err := scopeOf(ctx).at("", at); err != nil {
		return nil, err
	}
	f, _ := s.features.At(at)
	return &routeguidepb.Feature{Name: f.Name, Location: p}, nil
}

func (s *routeGuide) ListFeatures(r *routeguidepb.Rectangle, stream grpc.ServerStreamingServer[routeguidepb.Feature]) error {
	lo, err := point("lo", r.Lo)
	if err != nil {
		return err
	}
	hi, err := point("hi", r.Hi)
	if err != nil {
		return err
	}
	area, err := scopeOf(stream.Context()).within("lo", geo.RectOf(lo, hi))
	if err != nil {
		return err
	}
	var enc featureEncoder
	var m encoded
	for f := range s.features.In(area) {
		m.bytes = enc.encode(f)
		if err := stream.SendMsg(&m); err != nil {
			return err
		}
	}
	return nil
}

func (s *routeGuide) RecordRoute(stream grpc.ClientStreamingServer[routeguidepb.Point, routeguidepb.RouteSummary]) error {
	done, err := record(s.routes, stream, stream.Recv, func(p *routeguidepb.Point) (route.Fix, error) {
		at, err := point("", p)
		if err != nil {
			return route.Fix{}, err
		}
		return route.Fix{Point: at}, scopeOf(stream.Context()).at("", at)
	})
	if err != nil {
		return err
	}
	sum := done.Summary()
	return stream.SendAndClose(&routeguidepb.RouteSummary{
		PointCount: sum.Points, FeatureCount: sum.Features, Distance: sum.Metres, ElapsedTime: sum.Seconds,
	})
}

func (s *routeGuide) RouteChat(stream grpc.BidiStreamingServer[routeguidepb.RouteNote, routeguidepb.RouteNote]) error {
	ctx := stream.Context()
	who, err := travelerName(ctx)
	if err != nil {
		return err
	}
	token, err := resumeToken(ctx)
	if err != nil {
		return err
	}
	first, given, err := chatNotes(ctx)
	if err != nil {
		return err
	}
	may := scopeOf(ctx)
	chat, err := s.notes.Chat(ctx, token.hash, token.name, who, func(n note.Note) error {
		if !may.note(n) {
			return nil
		}
		return stream.Send(&routeguidepb.RouteNote{Location: pointMessage(n.Location), Message: n.Message})
	})
	if err != nil {
		return err
	}
	defer chat.Close()
	if given {
		if err := chat.Resume(first); err != nil {
			return err
		}
	}
	head := metadata.Pairs(mdResume, token.token, mdChat, chat.Name(), mdChatNotes, strconv.FormatUint(uint64(chat.Stored()), 10))
	if err := stream.SendHeader(head); err != nil {
		return err
	}
	notes := receive(ctx, stream.Recv)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-chat.Ready():
			if err := chat.Deliver(); err != nil {
				return err
			}
		case in := <-notes:
			if in.err == io.EOF {
				return nil
			} else if in.err != nil {
				return in.err
			}
			at, err := point("location", in.msg.Location)
			if err != nil {
				return err
			}
			if err := may.at("location", at); err != nil {
				return err
			}
			text, err := message(in.msg.Message)
			if err != nil {
				return err
			}
			if err := payNote(ctx); err != nil {
				return err
			}
			if err := chat.Write(ctx, at, text); err != nil {
				return err
			}
		}
	}
}

type received[T any] struct {
	msg *T
	err error
}

// receive makes a stream's Recv something to select on. Its goroutine ends with the call; the last value has an error.
func receive[T any](ctx context.Context, recv func() (*T, error)) <-chan received[T] {
	out := make(chan received[T])
	Go(ctx, func() {
		for {
			msg, err := recv()
			select {
			case out <- received[T]{msg, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return out
}
