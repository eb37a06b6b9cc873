// Package feature answers which named points there are at a place and in a rectangle, and reads them from files.
package feature

import "routeguide/server/geo"

// Feature is a point that may have a name. An unnamed one has the empty name.
type Feature struct {
	Name     string
	Location geo.Point
}
