package demo

import (
	"math"
	"slices"

	"routeguide/server/geo"
)

// length is that of a way in metres.
func length(way []geo.Point) (metres float64) {
	for i := range way[1:] {
		metres += geo.Distance(way[i], way[i+1])
	}
	return metres
}

// along returns the point of a way after so many metres, and the direction there in degrees clockwise from north. The ways are
// so short that a straight line on the map will do.
func along(way []geo.Point, metres float64) (at geo.Point, heading float64) {
	for i := range way[1:] {
		from, to := way[i], way[i+1]
		north, east := float64(to.Lat-from.Lat), float64(to.Lng-from.Lng)
		heading = math.Mod(math.Atan2(east*math.Cos(float64(from.Lat)/1e7*math.Pi/180), north)*180/math.Pi+360, 360)
		leg := geo.Distance(from, to)
		if metres < leg {
			part := metres / leg
			return geo.Point{Lat: from.Lat + int32(math.Round(part*north)), Lng: from.Lng + int32(math.Round(part*east))}, heading
		}
		metres -= leg
	}
	return way[len(way)-1], heading
}

// back is the way in the other direction.
func back(way []geo.Point) []geo.Point {
	way = slices.Clone(way)
	slices.Reverse(way)
	return way
}
