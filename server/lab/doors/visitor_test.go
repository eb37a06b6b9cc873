package doors

import (
	"hash/fnv"
	"strings"

	routeguidepb "routeguide/proto/routeguide"
)

// id makes an identifier that no other door's cases use.
func (v visitor) id(name string) string {
	return name + "-" + strings.ReplaceAll(v.name, " ", "-")
}

// place returns a point that no other case uses.
func (v visitor) place() *routeguidepb.Point {
	h := fnv.New32a()
	h.Write([]byte(v.t.Name()))
	return pb(int32(h.Sum32()%9e8), int32(h.Sum32()%7e8))
}
