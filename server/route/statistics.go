package route

import "routeguide/server/geo"

// What RouteStatistics of the contract counts with. All is in whole numbers, so that every process of a cluster comes to the
// same, whatever machine it runs on.
const (
	restAfter   = 120_000 // milliseconds without moving that are a stop
	breakAfter  = 300_000 // milliseconds above which a step is a break, whatever its length
	fastestStep = 1_000   // milliseconds that a step must have taken to be the fastest one
	climbFrom   = 50      // decimetres that the elevation must have changed by to be counted
)

// Statistics are what a route comes to besides its length. What each is, RouteStatistics of the contract says.
type Statistics struct {
	MovingTime     int64 // milliseconds
	MovingDistance int64 // millimetres
	Stops          int64
	Climb, Descent int64 // decimetres

	measuredTop geo.Measure // the greatest speed that a receiver measured, cm/s
	stepTop     int64       // the speed of the fastest step, cm/s
	rest        int64       // milliseconds for which the route has not moved until its newest point
	level       geo.Measure // the elevation that counted last, decimetres
}

// AverageSpeed is in metres per second, 0 when nothing moved.
func (s Statistics) AverageSpeed() float64 {
	if s.MovingTime == 0 {
		return 0
	}
	return float64(s.MovingDistance) / float64(s.MovingTime)
}

// TopSpeed is in metres per second.
func (s Statistics) TopSpeed() float64 {
	if top, known := s.measuredTop.Get(); known {
		return float64(top) / 100
	}
	return float64(s.stepTop) / 100
}

// step counts the way to a point from the one before, in millimetres and milliseconds.
func (s *Statistics) step(distance, took int64) {
	if moving := took > 0 && took <= breakAfter && 2*distance >= took; !moving { // 0.5 m/s are half a millimetre in each millisecond
		if s.rest < restAfter && s.rest+took >= restAfter {
			s.Stops++
		}
		s.rest += took
		return
	}
	s.rest = 0
	s.MovingTime += took
	s.MovingDistance += distance
	if took >= fastestStep {
		s.stepTop = max(s.stepTop, (100*distance+took/2)/took)
	}
}

// point counts what was measured at a point.
func (s *Statistics) point(f Fix) {
	if speed, known := f.Speed.Get(); known {
		if top, _ := s.measuredTop.Get(); speed >= top {
			s.measuredTop = f.Speed
		}
	}
	elevation, known := f.Elevation.Get()
	if !known {
		return
	}
	level, counted := s.level.Get()
	change := int64(elevation) - int64(level)
	switch {
	case !counted:
	case change >= climbFrom:
		s.Climb += change
	case change <= -climbFrom:
		s.Descent -= change
	default:
		return
	}
	s.level = f.Elevation
}
