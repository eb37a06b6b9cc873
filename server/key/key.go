// Package key keeps the keys that people come in with: secrets with a role, an end and limits. Only the hash of a secret is
// stored. Checking a key reads memory alone; what is there follows the changes, so that every process of a cluster knows the
// same keys.
package key

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"routeguide/server/geo"
)

// What the operations of this package fail with, besides the errors of store; match with errors.Is.
var (
	// ErrUnknown says that no key has the secret.
	ErrUnknown = errors.New("the key is not known")
	// ErrExpired and ErrRevoked say that the key is of no use any more.
	ErrExpired = errors.New("the key has expired")
	ErrRevoked = errors.New("the key was revoked")
	// ErrNotFound says that there is no key with the identifier.
	ErrNotFound = errors.New("there is no such key")
	// ErrTooMany says that there are as many keys as there may be.
	ErrTooMany = errors.New("there are too many keys; revoke some")
)

// A Role is what may be done. Each may do what the lesser ones may.
type Role int32

// The roles, with the numbers that are stored.
const (
	Nobody Role = iota
	View
	Write
	Admin
)

// A Sight is what is shown of routes, travelers and notes.
type Sight int32

// The sights, with the numbers that are stored.
const (
	All  Sight = iota
	Live       // what happens now
	Past       // what happened
)

// A Key is what is known of a key. It is comparable where its area is the same one.
type Key struct {
	ID      string // public
	Name    string
	Role    Role
	Expires time.Time // zero: never. Times are to the millisecond
	Limit   Limit
	Created time.Time
	Used    time.Time // zero: never; else to the hour
	Revoked time.Time // zero: it is of use

	number uint64 // its place in the order of changes
}

// A Limit says what a key, whatever its role, lets be seen and written. The zero Limit is none.
type Limit struct {
	Area     *geo.Rect // of Area, Route and Traveler one at most is set
	Route    string
	Traveler string
	Sight    Sight
	From     time.Time // nothing older is shown
}

// usable returns why the key is of no use at a time, or nil.
func (k *Key) usable(now time.Time) error {
	switch {
	case !k.Revoked.IsZero():
		return ErrRevoked
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return ErrExpired
	}
	return nil
}

type hash = [sha256.Size]byte

// newSecret returns 130 random bits as 26 letters and digits, and their hash.
func newSecret() (secret string, sum hash) {
	secret = rand.Text()
	return secret, hashOf(secret)
}

func hashOf(secret string) hash { return sha256.Sum256([]byte(secret)) }
