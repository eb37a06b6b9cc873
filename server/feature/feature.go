// Package feature answers which named points there are at a place and in a rectangle: those of a file, and what was edited
// since.
package feature

import (
	"fmt"

	"routeguide/server/geo"
)

// Feature is a point that may have a name. An unnamed one has the empty name.
type Feature struct {
	Name     string
	Location geo.Point
}

func (f Feature) checkLocation() error {
	if !f.Location.Valid() {
		return fmt.Errorf("feature %q: location %v is out of range", f.Name, f.Location)
	}
	return nil
}
