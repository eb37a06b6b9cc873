package feature

import (
	"cmp"
	"fmt"

	"routeguide/server/geo"
)

// A Patch is what changes of a feature; what is nil stays as it is.
type Patch struct {
	Location                                *geo.Point
	Name, Description, Category, WebAddress *string
}

// patchTo is the patch that makes any feature d.
func patchTo(d Described) Patch {
	return Patch{&d.Location, &d.Name, &d.Description, &d.Category, &d.WebAddress}
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// of returns d as it is after the change.
func (p Patch) of(d Described) Described {
	set(&d.Location, p.Location)
	set(&d.Name, p.Name)
	set(&d.Description, p.Description)
	set(&d.Category, p.Category)
	set(&d.WebAddress, p.WebAddress)
	return d
}

// then is the change that comes of two.
func (p Patch) then(next Patch) Patch {
	return Patch{
		cmp.Or(next.Location, p.Location), cmp.Or(next.Name, p.Name),
		cmp.Or(next.Description, p.Description), cmp.Or(next.Category, p.Category), cmp.Or(next.WebAddress, p.WebAddress),
	}
}

// check returns a *FieldError for the first value that a feature cannot have.
func (p Patch) check() error {
	if at := p.Location; at != nil && !at.Valid() {
		return &FieldError{"location", fmt.Errorf("%v is out of range", at)}
	}
	for _, f := range []struct {
		name  string
		value *string
		check func(string) error
	}{
		{"name", p.Name, checkText}, {"description", p.Description, checkText},
		{"category", p.Category, checkCategory}, {"web_address", p.WebAddress, checkWebAddress},
	} {
		if f.value == nil {
			continue
		}
		if err := f.check(*f.value); err != nil {
			return &FieldError{f.name, err}
		}
	}
	return nil
}
