package doors

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"

	routeguidepb "routeguide/proto/routeguide"
)

// token makes the secret that a name stands for.
func token(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// token makes a secret that no other door's cases use.
func (v visitor) token(name string) string { return token(v.t.Name() + name + v.name) }

// place returns a point that no other case uses.
func (v visitor) place() *routeguidepb.Point {
	h := fnv.New32a()
	h.Write([]byte(v.t.Name()))
	return pb(int32(h.Sum32()%9e8), int32(h.Sum32()%7e8))
}
