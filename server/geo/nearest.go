package geo

import "math"

// Distance returns the metres from p to the point of r that is nearest to it, as Distance of points has them; 0 where p lies
// in r. The rectangle holds something.
//
// Where p lies between the meridians that bound r, the way along its own meridian is the shortest: no way to another
// latitude is shorter than the difference of the latitudes. Otherwise the nearest point lies on one of the two bounding
// meridians, as along a parallel the distance grows with the difference of the longitudes. Let Δ be that difference for a
// meridian, φ the latitude of p and ψ one on the meridian. By the law of cosines the distance d has
//
//	cos d = sin φ sin ψ + cos φ cos ψ cos Δ = C cos(ψ - ψ₀),  ψ₀ = atan2(sin φ, cos φ cos Δ),  C ≥ 0.
//
// So the nearest ψ is ψ₀ if r has that latitude, and otherwise the northern or the southern end.
func (r Rect) Distance(p Point) float64 {
	if r.Contains(Point{p.Lat, r.West}) && r.Contains(Point{r.South, p.Lng}) {
		return 0
	}
	if r.Contains(Point{r.South, p.Lng}) {
		return EarthRadius * radians(float64(max(r.South-p.Lat, p.Lat-r.North)))
	}
	sin, cos := math.Sincos(radians(float64(p.Lat)))
	nearest := math.Inf(1)
	for _, lng := range [2]int32{r.West, r.East} {
		nearest = min(nearest, Distance(p, Point{r.South, lng}), Distance(p, Point{r.North, lng}))
		e7 := math.Atan2(sin, cos*math.Cos(radians(float64(lng)-float64(p.Lng)))) / math.Pi * 180e7
		if float64(r.South) < e7 && e7 < float64(r.North) {
			nearest = min(nearest, distance(p, e7, float64(lng)))
		}
	}
	return nearest
}
