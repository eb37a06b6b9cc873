// Package ingest is the door of phones: it takes positions in the forms in which tracking apps send them, has them stored
// as reported points, and answers what each app waits for. An app keeps what it has until it gets that answer, which comes
// when the points are stored.
//
// Apps send a request again until it is taken, so one point that cannot be must not stand in the way of others: such
// points are left out and counted in the header Routeguide-Left-Out. A request that cannot be read is refused.
package ingest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
	"routeguide/server/refusal"
)

const prefix = "/ingest/"

// An app is a form in which positions come.
type app struct {
	// read returns the reports of a request. Its error says why it cannot be read.
	read func(r *http.Request, body []byte) ([]report, error)
	// answer writes what the app waits for when they are stored, and the route that the newest point is in.
	answer func(d *door, w http.ResponseWriter, r *http.Request, route string)
}

// apps by the last part of their path.
var apps = map[string]app{
	"gpslogger":  {readParameters, answerOK},
	"osmand":     {readOsmAnd, answerOK},
	"overland":   {readOverland, answerOK},
	"owntracks":  {readOwnTracks, answerOwnTracks},
	"phonetrack": {readParameters, answerOK},
}

type door struct {
	routes    routeguidev1.RouteServiceClient
	travelers routeguidev1.TravelerServiceClient
	features  routeguidev1.FeatureServiceClient
	calls     *exchange.Calls
	log       *slog.Logger
}

// Is tells whether r comes to this door.
func Is(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, prefix) }

// New returns the door to the server at the other end of conn.
func New(conn grpc.ClientConnInterface, calls *exchange.Calls, log *slog.Logger) http.Handler {
	return &door{routeguidev1.NewRouteServiceClient(conn), routeguidev1.NewTravelerServiceClient(conn), routeguidev1.NewFeatureServiceClient(conn), calls, log}
}

// ServeHTTP takes one request of an app.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, known := apps[strings.TrimPrefix(r.URL.Path, prefix)]
	switch {
	case !known:
		exchange.Refuse(w, http.StatusNotFound, "There are "+prefix+strings.Join(slices.Sorted(maps.Keys(apps)), ", "+prefix)+".")
		return
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, POST")
		exchange.Refuse(w, http.StatusMethodNotAllowed, "Only GET and POST are possible here.")
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	if authorization := r.Header.Get("Authorization"); wire.Printable(authorization) && authorization != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
	}
	body, done, err := d.body(ctx, w, r, cancel)
	defer done()
	if err != nil {
		d.refuse(w, err)
		return
	}
	reports, err := a.read(r, body)
	if err != nil {
		d.log.Debug("an app's request cannot be read", "path", refusal.Cut(r.URL.Path), "err", refusal.Sentence(err.Error()))
		d.refuse(w, status.Error(codes.InvalidArgument, err.Error()))
		return
	}
	route, leftOut := "", 0
	for _, one := range reports {
		leftOut += one.leftOut
		if err := d.keep(ctx, one.places); err != nil {
			d.refuse(w, err)
			return
		}
		if len(one.fixes) == 0 {
			continue
		}
		stored, err := d.routes.ReportFixes(ctx, &routeguidev1.ReportFixesRequest{Device: one.device, Traveler: one.traveler, Fixes: one.fixes})
		if err != nil {
			d.refuse(w, err)
			return
		}
		route = stored.Route
	}
	if leftOut > 0 {
		w.Header().Set("Routeguide-Left-Out", strconv.Itoa(leftOut))
	}
	a.answer(d, w, r.WithContext(ctx), route)
}

// keep stores places.
func (d *door) keep(ctx context.Context, places []*routeguidev1.MapFeature) error {
	for _, place := range places {
		_, err := d.features.UpdateFeature(ctx, &routeguidev1.UpdateFeatureRequest{
			Feature: place, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name", "location"}}, AllowMissing: true,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// body reads the whole request. done gives its memory back.
func (d *door) body(ctx context.Context, w http.ResponseWriter, r *http.Request, cancel context.CancelCauseFunc) (_ []byte, done func(), _ error) {
	limit := d.calls.Limits.Message
	tooLong := status.Errorf(codes.ResourceExhausted, "the request is longer than %d bytes", limit)
	if r.ContentLength > int64(limit) {
		return nil, func() {}, tooLong
	}
	room := limit
	if r.ContentLength >= 0 {
		room = int(r.ContentLength)
	}
	if err := d.calls.Acquire(ctx, room); err != nil {
		return nil, func() {}, err
	}
	in := exchange.NewBody(w, r, d.calls.Limits, cancel)
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	_ = in.Close()
	if len(data) > limit {
		err = tooLong
	}
	if ended := context.Cause(ctx); ended != nil {
		err = ended
	}
	return data, func() { d.calls.Release(room) }, err
}

// refuse says why nothing, or not all, was stored. Apps keep what they have and try again.
func (d *door) refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = status.FromContextError(err).Err()
	}
	st := status.Convert(err)
	exchange.Refuse(w, runtime.HTTPStatusFromCode(st.Code()), st.Message())
}

// answerOK says in the words of Overland, which forgets a batch only then; other apps look at the status.
func answerOK(_ *door, w http.ResponseWriter, _ *http.Request, _ string) {
	answerJSON(w, `{"result":"ok"}`)
}

func answerJSON(w http.ResponseWriter, json string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, json+"\n")
}
