package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/refusal"
	"routeguide/server/route"
	"routeguide/server/track"
)

const progressBytes = 1 << 20 // of a file after which progress is told at the latest

func (s *routeService) ImportRoutes(stream grpc.BidiStreamingServer[routeguidev1.ImportRoutesRequest, routeguidev1.ImportRoutesResponse]) error {
	ctx := stream.Context()
	who, err := travelerName(ctx)
	if err != nil {
		return err
	}
	in := &routeImport{routes: s.routes, traveler: who, stream: stream, budget: callOf(ctx).calls.Budget, per: trackBytesPer}
	defer in.release()
	for t, err := range track.Read(&pieces{receive: in.receive}, time.Now()) {
		var broken *track.Error
		if errors.As(err, &broken) {
			return &refusal.Error{Field: "data", Text: broken.Error()}
		} else if err != nil {
			return err
		}
		if err := in.store(ctx, t); err != nil {
			return err
		}
		in.release()
		if err := in.tell(); err != nil {
			return err
		}
	}
	if in.told < in.done.ByteCount { // what came after the last track
		return in.tell()
	}
	return nil
}

// A routeImport makes routes of a file that comes in pieces.
type routeImport struct {
	routes   *route.Book
	traveler string
	stream   grpc.BidiStreamingServer[routeguidev1.ImportRoutesRequest, routeguidev1.ImportRoutesResponse]
	done     routeguidev1.ImportRoutesResponse
	told     int64 // bytes

	budget *Budget
	per    int64 // bytes that one of the file may become
	since  int64 // bytes of the file since the last track
	held   int64 // of the budget
}

// receive returns the next piece of the file.
func (in *routeImport) receive() ([]byte, error) {
	m, err := in.stream.Recv()
	if err != nil {
		return nil, err
	}
	if in.done.ByteCount == 0 && track.IsArchive(m.Data) {
		in.per = mostTrack // whatever its length
	}
	in.done.ByteCount += int64(len(m.Data))
	if in.done.ByteCount-in.told >= progressBytes {
		if err := in.tell(); err != nil {
			return nil, err
		}
	}
	return m.Data, in.hold(int64(len(m.Data)))
}

// tell says how far the import has come.
func (in *routeImport) tell() error {
	err := in.stream.Send(&in.done)
	in.told, in.done.Routes = in.done.ByteCount, nil
	return err
}

// What a track takes while it is read: the shortest form of a point has four bytes and becomes 32, and no track has more than a
// million.
const (
	trackBytesPer = 8
	mostTrack     = 40 << 20
)

// hold takes memory from the budget for what the next bytes of the file may become.
func (in *routeImport) hold(bytes int64) error {
	in.since += bytes
	need := min(in.since*in.per, mostTrack)
	if need <= freeBytes || need <= in.held {
		return nil
	}
	if err := in.budget.Acquire(in.stream.Context(), need-in.held); err != nil {
		return err
	}
	in.held = need
	return nil
}

// release gives the memory back.
func (in *routeImport) release() {
	in.budget.Release(in.held)
	in.since, in.held = 0, 0
}

// store makes a route of a track, unless there is one.
func (in *routeImport) store(ctx context.Context, t *track.Track) error {
	rec, err := in.record(ctx, t)
	if err != nil {
		return err
	}
	if rec.Route().State == route.Finished {
		in.done.DuplicateCount++
		return nil
	}
	if err := in.fill(ctx, rec, t); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushGrace)
		defer cancel()
		return errors.Join(err, rec.Interrupt(ctx))
	}
	in.done.RouteCount++
	in.done.Routes = append(in.done.Routes, rec.ID())
	return nil
}

// record begins the route of a track, or goes on with it. Its secret is made of the track, and contains what no client can
// resume a route with. A route that was deleted is gone for good: the track then has another one.
func (in *routeImport) record(ctx context.Context, t *track.Track) (*route.Recorder, error) {
	for again := 0; ; again++ {
		token := resumeOf(fmt.Sprintf("import %x %d", t.Sum(), again))
		rec, err := in.routes.Record(ctx, token.hash, token.name, in.traveler)
		if !errors.Is(err, route.ErrNotFound) {
			return rec, err
		}
	}
}

// fill stores what is not stored yet of a track, and its name.
func (in *routeImport) fill(ctx context.Context, rec *route.Recorder, t *track.Track) error {
	if rec.Stored() == 0 && t.Name != "" {
		if _, err := in.routes.Update(ctx, rec.ID(), route.Edit{Name: &t.Name}); err != nil {
			return err
		}
	}
	for f := range t.Fixes(rec.Stored()) {
		if err := rec.Add(ctx, routeFix(f)); err != nil {
			return err
		}
		in.done.PointCount++
	}
	_, err := rec.Finish(ctx)
	return err
}

func routeFix(f track.Fix) route.Fix {
	return route.Fix{
		Point: f.Point, Time: f.Time, Elevation: f.Elevation, Accuracy: f.Accuracy,
		Speed: f.Speed, Heading: f.Heading, Battery: f.Battery,
	}
}
