// Package geo holds positions on the earth as plain, comparable values, and measures between them.
package geo

import (
	"math"
	"strconv"
)

// The largest latitude and longitude of a valid Point, in E7.
const (
	MaxLat = 90e7
	MaxLng = 180e7
)

// EarthRadius is the radius, in metres, of the sphere that Distance measures on.
const EarthRadius = 6_371_000

// Point is a position in E7: degrees × 10⁷, north and east positive. It can be a map key.
//
// The meridian of 180° has two spellings, 180e7 and -180e7; as Points they differ.
type Point struct{ Lat, Lng int32 }

// Valid reports whether the latitude is within ±90° and the longitude within ±180°.
func (p Point) Valid() bool {
	return -MaxLat <= p.Lat && p.Lat <= MaxLat && -MaxLng <= p.Lng && p.Lng <= MaxLng
}

// String returns latitude and longitude in degrees, exactly and always with seven decimals: "40.9146138,-74.6188906".
func (p Point) String() string {
	var buf [2 * len("-214.7483648,")]byte
	b := appendDegrees(buf[:0], p.Lat)
	b = append(b, ',')
	return string(appendDegrees(b, p.Lng))
}

func appendDegrees(b []byte, e7 int32) []byte {
	v := int64(e7) // the least int32 has no positive counterpart
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	b = strconv.AppendInt(b, v/1e7, 10)
	b = append(b, '.')
	digits := len(b)
	b = strconv.AppendInt(b, 1e7+v%1e7, 10) // the leading 1 keeps the zeros, the point takes its place
	return append(b[:digits], b[digits+1:]...)
}

// Distance returns the great-circle distance from a to b in metres on a sphere of EarthRadius, by the haversine
// formula (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (2), 1984, p. 159). It takes the short way
// across the antimeridian, and Distance(a, b) == Distance(b, a) to the last bit.
func Distance(a, b Point) float64 { return distance(a, float64(b.Lat), float64(b.Lng)) }

// distance is Distance to a point that may lie between those of E7.
func distance(a Point, lat, lng float64) float64 {
	sinLat := math.Sin(radians(lat-float64(a.Lat)) / 2)
	sinLng := math.Sin(radians(lng-float64(a.Lng)) / 2)
	cosLat := math.Cos(radians(float64(a.Lat))) * math.Cos(radians(lat))
	h := sinLat*sinLat + cosLat*(sinLng*sinLng)
	return 2 * EarthRadius * math.Asin(min(1, math.Sqrt(h))) // rounding lifts antipodes above 1
}

func radians(e7 float64) float64 { return e7 / 1e7 * (math.Pi / 180) }
