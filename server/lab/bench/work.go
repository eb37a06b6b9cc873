package main

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/feature"
	"routeguide/server/geo"
)

// work is a call that every door can carry: what to ask, in the forms that doors want it, and how much must come back.
type work struct {
	method   string
	stream   bool     // of answers
	messages [][]byte // the requests, to be taken in turn, as protocol buffers
	paths    []string // the same for REST
	answers  int      // messages that one call is answered with
}

func (w work) request(turn int) []byte { return w.messages[turn%len(w.messages)] }
func (w work) path(turn int) string    { return w.paths[turn%len(w.paths)] }

// getFeature asks for a feature at each of the points.
func getFeature(points []geo.Point) work {
	w := work{method: routeguidepb.RouteGuide_GetFeature_FullMethodName, answers: 1}
	for _, p := range points {
		w.messages = append(w.messages, encode(pointMessage(p)))
		w.paths = append(w.paths, fmt.Sprintf("/v1/features/%d/%d", p.Lat, p.Lng))
	}
	return w
}

// listFeatures asks for all features in a rectangle, in which there are so many.
func listFeatures(lo, hi geo.Point, features int) work {
	return work{
		method: routeguidepb.RouteGuide_ListFeatures_FullMethodName, stream: true, answers: features,
		messages: [][]byte{encode(&routeguidepb.Rectangle{Lo: pointMessage(lo), Hi: pointMessage(hi)})},
		paths: []string{fmt.Sprintf("/v1/features?lo.latitude=%d&lo.longitude=%d&hi.latitude=%d&hi.longitude=%d",
			lo.Lat, lo.Lng, hi.Lat, hi.Lng)},
	}
}

// classicPoints are where the hundred features are.
func classicPoints() []geo.Point {
	var points []geo.Point
	for f := range feature.Default().In(geo.World) {
		points = append(points, f.Location)
	}
	return points
}

// gridPoints are where some of the million features are, spread evenly over the file.
func gridPoints() []geo.Point {
	const some = 97
	var points []geo.Point
	for i := range some {
		points = append(points, gridFeature(scattered(i*(gridSize/some))))
	}
	return points
}

func pointMessage(p geo.Point) *routeguidepb.Point {
	return &routeguidepb.Point{Latitude: p.Lat, Longitude: p.Lng}
}

// encode encodes a message of ours, which cannot fail.
func encode(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}
