package rpc

import (
	"context"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
	"routeguide/server/note"
)

const maxMessage = 4096 // bytes of a note's text

// point checks the point that stands in the named field; the field is "" for a message that is a point itself.
func point(field string, p *routeguidepb.Point) (geo.Point, error) {
	if p == nil {
		return geo.Point{}, invalid(field, "is required")
	}
	if field != "" {
		field += "."
	}
	if p.Latitude < -geo.MaxLat || p.Latitude > geo.MaxLat {
		return geo.Point{}, invalid(field+"latitude", "%d is not between -900000000 and 900000000 (E7 degrees)", p.Latitude)
	}
	if p.Longitude < -geo.MaxLng || p.Longitude > geo.MaxLng {
		return geo.Point{}, invalid(field+"longitude", "%d is not between -1800000000 and 1800000000 (E7 degrees)", p.Longitude)
	}
	return geo.Point{Lat: p.Latitude, Lng: p.Longitude}, nil
}

func pointMessage(p geo.Point) *routeguidepb.Point {
	return &routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}
}

// bounds checks an area, none means the world, and returns what of it the caller may see.
func bounds(ctx context.Context, b *routeguidev1.Bounds) (geo.Rect, error) {
	if b == nil {
		return scopeOf(ctx).within("bounds", geo.World)
	}
	area, err := rect("bounds", b)
	if err != nil {
		return geo.Rect{}, err
	}
	return scopeOf(ctx).within("bounds", area)
}

// rect checks the area that stands in the named field.
func rect(field string, b *routeguidev1.Bounds) (geo.Rect, error) {
	sw, err := point(field+".southwest", b.Southwest)
	if err != nil {
		return geo.Rect{}, err
	}
	ne, err := point(field+".northeast", b.Northeast)
	if err != nil {
		return geo.Rect{}, err
	}
	if sw.Lat > ne.Lat {
		return geo.Rect{}, invalid(field+".northeast.latitude", "%d is less than that of %s.southwest", ne.Lat, field)
	}
	return geo.Rect{South: sw.Lat, West: sw.Lng, North: ne.Lat, East: ne.Lng}, nil
}

func message(text string) (string, error) {
	switch {
	case text == "":
		return "", invalid("message", "is required")
	case len(text) > maxMessage:
		return "", invalid("message", "has %d bytes, more than %d", len(text), maxMessage)
	case !utf8.ValidString(text):
		return "", invalid("message", "is not UTF-8")
	}
	return text, nil
}

func noteMessage(n note.Note) *routeguidev1.Note {
	return &routeguidev1.Note{
		Id: n.ID(), Location: pointMessage(n.Location), Message: n.Message, Traveler: n.Traveler,
		CreateTime: timestamppb.New(n.Time), Deleted: n.Deleted,
	}
}
