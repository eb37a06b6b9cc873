package rpc

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"routeguide/server/route"
)

// flushGrace is how long the points of a broken call may take to be stored: less than the program has to end.
const flushGrace = 3 * time.Second

// record takes the points of a route until the client half-closes, and returns the route, finished. fix makes a point of a
// message.
func record[T any](routes *route.Book, stream grpc.ServerStream, recv func() (*T, error), fix func(*T) (route.Fix, error)) (route.Route, error) {
	ctx := stream.Context()
	who, err := travelerName(ctx)
	if err != nil {
		return route.Route{}, err
	}
	token, err := resumeToken(ctx)
	if err != nil {
		return route.Route{}, err
	}
	if err := scopeOf(ctx).records(token.name); err != nil {
		return route.Route{}, err
	}
	rec, err := routes.Record(ctx, token.hash, token.name, who)
	if err != nil {
		return route.Route{}, err
	}
	head := metadata.Pairs(mdResume, token.token, mdRoute, rec.ID(), mdRoutePoints, strconv.Itoa(rec.Stored()))
	if err := stream.SendHeader(head); err != nil {
		return route.Route{}, err
	}
	if err := take(ctx, rec, recv, fix); err != nil {
		// What came before the call broke is kept, whatever broke it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushGrace)
		defer cancel()
		return route.Route{}, errors.Join(err, rec.Interrupt(ctx))
	}
	return rec.Finish(ctx)
}

// take hands points to a recorder until the client half-closes, and has them stored when they are many or old.
func take[T any](ctx context.Context, rec *route.Recorder, recv func() (*T, error), fix func(*T) (route.Fix, error)) error {
	points := receive(ctx, recv)
	old := time.NewTimer(route.FlushEvery)
	old.Stop()
	defer old.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-old.C:
			if err := rec.Flush(ctx); err != nil {
				return err
			}
		case in := <-points:
			if in.err == io.EOF {
				return nil
			} else if in.err != nil {
				return in.err
			}
			f, err := fix(in.msg)
			if err != nil {
				return err
			}
			if rec.Pending() == 0 {
				old.Reset(route.FlushEvery)
			}
			if err := rec.Add(ctx, f); err != nil {
				return err
			}
		}
	}
}
