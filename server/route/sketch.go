package route

import (
	"encoding/binary"

	"routeguide/server/geo"
)

const (
	sketchPoints = 64 // at most
	sketchPoint  = 8  // bytes of one
)

// A Sketch is a few points of a route in their order, enough for a small picture of it: every one, every second one, every
// fourth one and so on, so that there are no more than 64. It is comparable.
type Sketch struct{ packed string }

// Points returns the points.
func (s Sketch) Points() []geo.Point {
	points := make([]geo.Point, 0, len(s.packed)/sketchPoint)
	for b := []byte(s.packed); len(b) >= sketchPoint; b = b[sketchPoint:] {
		points = append(points, geo.Point{Lat: int32(binary.BigEndian.Uint32(b)), Lng: int32(binary.BigEndian.Uint32(b[4:]))})
	}
	return points
}

// with returns the sketch with the point of a number, counted from 0, that follows the route's others.
func (s Sketch) with(number uint32, p geo.Point) Sketch {
	stride := uint32(1)
	for number/stride >= sketchPoints {
		stride *= 2
	}
	if number%stride != 0 {
		return s
	}
	b := []byte(s.packed)
	if len(b) == sketchPoints*sketchPoint { // the stride has doubled
		half := b[:0]
		for i := 0; i < sketchPoints; i += 2 {
			half = append(half, b[i*sketchPoint:(i+1)*sketchPoint]...)
		}
		b = half
	}
	b = binary.BigEndian.AppendUint32(b, uint32(p.Lat))
	return Sketch{string(binary.BigEndian.AppendUint32(b, uint32(p.Lng)))}
}
