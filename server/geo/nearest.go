package geo

import "math"

// Distance returns the metres from p to the point of r that is nearest to it, as Distance of points has them; 0 where p lies
// in r. The rectangle holds something.
//
// Where p lies between the meridians that bound r, the way along its own meridian is the shortest: no way to another
// latitude is shorter than the difference of the latitudes. Otherwise the nearest point lies on the nearer of the two bounding
// meridians, as along a parallel the distance grows with the difference of the longitudes. Let Δ be that difference, φ the
// latitude of p and ψ one on the meridian. By the law of cosines the distance d has
//
//	cos d = sin φ sin ψ + cos φ cos ψ cos Δ = C cos(ψ - ψ₀),  ψ₀ = atan2(sin φ, cos φ cos Δ),  C ≥ 0.
//
// So the nearest ψ is ψ₀ if r has that latitude, and otherwise the end of r that is nearer to ψ₀ around the circle.
func (r Rect) Distance(p Point) float64 {
	south, north := float64(r.South), float64(r.North)
	if r.Contains(Point{r.South, p.Lng}) {
		return EarthRadius * radians(max(0, south-float64(p.Lat), float64(p.Lat)-north))
	}
	lng := float64(r.West)
	if around(float64(r.East)-float64(p.Lng)) < around(lng-float64(p.Lng)) {
		lng = float64(r.East)
	}
	sin, cos := math.Sincos(radians(float64(p.Lat)))
	lat := math.Atan2(sin, cos*math.Cos(radians(lng-float64(p.Lng)))) / math.Pi * 180e7
	switch {
	case south < lat && lat < north:
	case around(lat-south) < around(lat-north):
		lat = south
	default:
		lat = north
	}
	return distance(p, lat, lng)
}

// around is the lesser angle between two directions whose difference is given, all in E7.
func around(e7 float64) float64 {
	e7 = math.Abs(e7)
	return min(e7, 360e7-e7)
}
