// Package note keeps the notes that travelers leave at places, and carries them live to those who follow a place or
// an area.
package note

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// What the operations of this package fail with, besides the errors of store; match with errors.Is.
var (
	// ErrPlaceFull says that a place has as many notes as it may have.
	ErrPlaceFull = errors.New("no more notes can be left at this place")
	// ErrTooManyPlaces says that one chat wrote at more places than it may follow.
	ErrTooManyPlaces = fmt.Errorf("one chat follows at most %d places", maxPlaces)
	// ErrOther says that a note was sent again which differs from what is stored under its number.
	ErrOther = errors.New("another note is stored under this number of the chat")
	// ErrGap says that a chat is to go on after notes that are not stored.
	ErrGap = errors.New("notes of the chat before this number are not stored")
)

const (
	// DefaultReplay is how many of the newest notes of a place a chat is sent before live ones.
	DefaultReplay = 1000
	maxPlaces     = 1000
	followBuffer  = 1024 // notes that a reader may lie behind
)

// A Note is a message that a traveler left at a point.
type Note struct {
	Position uint64 // its place in the order of changes, from 1; also the cursor to go on after it
	Chat     string // the public name of the chat that it was written in
	Number   uint32 // its number in that chat, from 0
	Location geo.Point
	Message  string
	Traveler string    // the name its writer gave, or empty
	Time     time.Time // when the server took it
}

// ID identifies the note for everybody. It gives no right to anything.
func (n Note) ID() string { return n.Chat + "." + strconv.FormatUint(uint64(n.Number), 10) }

// A Book holds all notes. It is safe for concurrent use.
type Book struct {
	store    *store.Store
	replay   int
	perPlace int
	now      func() time.Time
	hub      *hub
}

// Options are the choices of New; the zero value takes the defaults.
type Options struct {
	Replay   int              // notes a place that a chat is sent before live ones; 0 means DefaultReplay
	PerPlace int              // notes that a place may have; 0 means any number
	Now      func() time.Time // the clock; nil means time.Now
}

// New returns the book of the notes in st, which must not be open yet.
func New(st *store.Store, o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Book{store: st, replay: cmp.Or(o.Replay, DefaultReplay), perPlace: o.PerPlace, now: o.Now, hub: newHub()}
	st.Register(store.Book{Name: "note", Schema: schema, Apply: apply, Load: b.hub.load, Committed: b.hub.committed})
	return b
}
