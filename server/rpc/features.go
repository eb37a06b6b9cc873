package rpc

import (
	"cmp"
	"context"
	"errors"
	"math"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
)

const (
	maxFound       = 100 // features of an answer
	defaultFound   = 20
	defaultNearest = 10
	maxQuery       = 200 // characters
)

type featureService struct {
	routeguidev1.UnimplementedFeatureServiceServer
	features *feature.Book
}

// then returns the features as they were when a request says in its field "at".
func (s *featureService) then(ctx context.Context, t *timestamppb.Timestamp) (*feature.Edition, error) {
	at, err := past(ctx, "at", t)
	if err != nil {
		return nil, err
	}
	return s.features.Then(ctx, at)
}

func (s *featureService) GetMapFeature(ctx context.Context, r *routeguidev1.GetMapFeatureRequest) (*routeguidev1.MapFeature, error) {
	if r.Feature == "" {
		return nil, invalid("feature", "is required")
	}
	features, err := s.then(ctx, r.At)
	if err != nil {
		return nil, err
	}
	found, ok := features.Find(r.Feature)
	if !ok {
		return nil, feature.ErrNotFound
	}
	if err := scopeOf(ctx).at("feature", found.Location); err != nil {
		return nil, err
	}
	return featureMessage(found), nil
}

func (s *featureService) ReadFeatures(r *routeguidev1.ReadFeaturesRequest, stream grpc.ServerStreamingServer[routeguidev1.MapFeature]) error {
	area, err := bounds(stream.Context(), r.Bounds)
	if err != nil {
		return err
	}
	features, err := s.then(stream.Context(), r.At)
	if err != nil {
		return err
	}
	may := scopeOf(stream.Context())
	for e := range features.In(area) {
		if may.at("", e.Location) != nil {
			continue
		}
		if err := stream.Send(featureMessage(e)); err != nil {
			return err
		}
	}
	return nil
}

func (s *featureService) SearchFeatures(ctx context.Context, r *routeguidev1.SearchFeaturesRequest) (*routeguidev1.SearchFeaturesResponse, error) {
	if n := utf8.RuneCountInString(r.Query); n == 0 || n > maxQuery {
		return nil, invalid("query", "has %d characters, not 1 to %d", n, maxQuery)
	}
	limit, err := limited(r.Limit, defaultFound)
	if err != nil {
		return nil, err
	}
	q := feature.Query{Text: r.Query, Limit: limit}
	if r.Bounds != nil || scopeOf(ctx).Area != nil {
		area, err := bounds(ctx, r.Bounds)
		if err != nil {
			return nil, err
		}
		q.Area = &area
	}
	features, err := s.then(ctx, r.At)
	if err != nil {
		return nil, err
	}
	found, truncated := features.Search(q)
	resp := &routeguidev1.SearchFeaturesResponse{Truncated: truncated}
	for _, e := range found {
		resp.Features = append(resp.Features, featureMessage(e))
	}
	return resp, nil
}

func (s *featureService) NearestFeatures(ctx context.Context, r *routeguidev1.NearestFeaturesRequest) (*routeguidev1.NearestFeaturesResponse, error) {
	at, err := point("point", r.Point)
	if err != nil {
		return nil, err
	}
	limit, err := limited(r.Limit, defaultNearest)
	if err != nil {
		return nil, err
	}
	if !(r.MaxDistance >= 0) {
		return nil, invalid("max_distance", "%v is not a number from 0", r.MaxDistance)
	}
	features, err := s.then(ctx, r.At)
	if err != nil {
		return nil, err
	}
	resp := new(routeguidev1.NearestFeaturesResponse)
	for _, n := range features.Nearest(at, limit, cmp.Or(r.MaxDistance, math.Inf(1))) {
		if scopeOf(ctx).at("", n.Location) != nil {
			continue
		}
		resp.Neighbors = append(resp.Neighbors, &routeguidev1.NearestFeaturesResponse_Neighbor{
			Feature: featureMessage(n.Entry), Distance: n.Metres,
		})
	}
	return resp, nil
}

// limited checks how many features an answer may have.
func limited(limit int32, otherwise int) (int, error) {
	if limit < 0 || limit > maxFound {
		return 0, invalid("limit", "%d is not between 0 and %d", limit, maxFound)
	}
	return cmp.Or(int(limit), otherwise), nil
}

func (s *featureService) CreateFeature(ctx context.Context, r *routeguidev1.CreateFeatureRequest) (*routeguidev1.MapFeature, error) {
	f := r.Feature
	if f == nil {
		return nil, invalid("feature", "is required")
	}
	if f.Id != "" {
		return nil, invalid("feature.id", "is made by the server")
	}
	at, err := point("feature.location", f.Location)
	if err != nil {
		return nil, err
	}
	if err := scopeOf(ctx).at("feature.location", at); err != nil {
		return nil, err
	}
	created, err := s.features.Create(ctx, feature.Described{
		Feature: feature.Feature{Name: f.Name, Location: at},
		Details: feature.Details{Description: f.Description, Category: f.Category, WebAddress: f.WebAddress},
	})
	if err != nil {
		return nil, refusedField(err)
	}
	return featureMessage(created), nil
}

func (s *featureService) UpdateFeature(ctx context.Context, r *routeguidev1.UpdateFeatureRequest) (*routeguidev1.MapFeature, error) {
	if r.Feature.GetId() == "" {
		return nil, invalid("feature.id", "is required")
	}
	p, err := patch(r.Feature, r.UpdateMask)
	if err != nil {
		return nil, err
	}
	if err := s.mayEdit(ctx, "feature.id", r.Feature.Id); err != nil {
		return nil, err
	}
	if p.Location != nil {
		if err := scopeOf(ctx).at("feature.location", *p.Location); err != nil {
			return nil, err
		}
	}
	update := s.features.Update
	if r.AllowMissing {
		update = s.features.Put
	}
	updated, err := update(ctx, r.Feature.Id, p)
	if err != nil {
		return nil, refusedField(err)
	}
	return featureMessage(updated), nil
}

// mayEdit checks that the feature which the field names lies where the caller may edit.
func (s *featureService) mayEdit(ctx context.Context, field, id string) error {
	f, there := s.features.Find(id)
	if !there {
		return nil
	}
	return scopeOf(ctx).at(field, f.Location)
}

// patch returns what of a feature a mask says is to change.
func patch(f *routeguidev1.MapFeature, mask *fieldmaskpb.FieldMask) (p feature.Patch, err error) {
	paths := mask.GetPaths()
	if len(paths) == 0 {
		paths = []string{"*"}
	}
	for _, path := range paths {
		var at geo.Point
		if path == "*" || path == "location" {
			if at, err = point("feature.location", f.Location); err != nil {
				return p, err
			}
		}
		switch path {
		case "*":
			p = feature.Patch{
				Location: &at, Name: &f.Name, Description: &f.Description, Category: &f.Category, WebAddress: &f.WebAddress,
			}
		case "location":
			p.Location = &at
		case "name":
			p.Name = &f.Name
		case "description":
			p.Description = &f.Description
		case "category":
			p.Category = &f.Category
		case "web_address", "webAddress": // the second is how JSON has it, which REST passes on in a query
			p.WebAddress = &f.WebAddress
		case "id": // says which one
		default:
			return p, invalid("update_mask", "%q is not a field that can change", path)
		}
	}
	return p, nil
}

// refusedField names the field of the request where the domain names one of a feature.
func refusedField(err error) error {
	var field *feature.FieldError
	if errors.As(err, &field) {
		return invalid("feature."+field.Field, "%v", field.Err)
	}
	return err
}

func (s *featureService) DeleteFeature(ctx context.Context, r *routeguidev1.DeleteFeatureRequest) (*routeguidev1.DeleteFeatureResponse, error) {
	if r.Feature == "" {
		return nil, invalid("feature", "is required")
	}
	if err := s.mayEdit(ctx, "feature", r.Feature); err != nil {
		return nil, err
	}
	if err := s.features.Delete(ctx, r.Feature); err != nil {
		return nil, err
	}
	return new(routeguidev1.DeleteFeatureResponse), nil
}

func (s *featureService) ImportFeatures(stream grpc.BidiStreamingServer[routeguidev1.ImportFeaturesRequest, routeguidev1.ImportFeaturesResponse]) error {
	in := &pieces{receive: func() ([]byte, error) {
		m, err := stream.Recv()
		return m.GetData(), err
	}}
	err := s.features.Import(stream.Context(), in, func(p feature.Progress) error {
		return stream.Send(&routeguidev1.ImportFeaturesResponse{ByteCount: p.Bytes, FeatureCount: p.Added, DuplicateCount: p.Repeated})
	})
	var file *feature.FileError
	if errors.As(err, &file) {
		return invalid("data", "%v", file)
	}
	return err
}

func (s *featureService) WatchFeatures(r *routeguidev1.WatchFeaturesRequest, stream grpc.ServerStreamingServer[routeguidev1.WatchFeaturesResponse]) error {
	area, err := bounds(stream.Context(), r.Bounds)
	if err != nil {
		return err
	}
	after, err := parseCursor(inFeatures, "cursor", r.Cursor)
	if err != nil {
		return err
	}
	for e, err := range s.features.Watch(stream.Context(), area, feature.Cursor(after)) {
		if err != nil {
			return err
		}
		resp := new(routeguidev1.WatchFeaturesResponse)
		if e.Cursor != 0 {
			resp.Cursor = token(inFeatures, uint64(e.Cursor))
		}
		switch {
		case e.Current:
			resp.Event = &routeguidev1.WatchFeaturesResponse_Current{Current: true}
		case e.Deleted:
			resp.Event = &routeguidev1.WatchFeaturesResponse_Deleted{Deleted: e.Entry.ID}
		default:
			resp.Event = &routeguidev1.WatchFeaturesResponse_Feature{Feature: featureMessage(e.Entry)}
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
	return nil
}

func featureMessage(e feature.Entry) *routeguidev1.MapFeature {
	return &routeguidev1.MapFeature{
		Id: e.ID, Location: pointMessage(e.Location),
		Name: e.Name, Description: e.Description, Category: e.Category, WebAddress: e.WebAddress,
	}
}
