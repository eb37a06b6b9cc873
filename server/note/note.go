// Package note keeps the notes that travelers leave at places, and carries them live to those who follow a place or
// an area.
package note

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
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
	// ErrNone says that there never was such a note.
	ErrNone = errors.New("there is no such note")
	// ErrNotOwn says that a note was written in a chat of another secret.
	ErrNotOwn = errors.New("the note was written in another chat; only who has the resume-token of that may delete it")
)

const (
	// DefaultReplay is how many of the newest notes of a place a chat is sent before live ones.
	DefaultReplay = 1000
	maxPlaces     = 1000
	followBuffer  = 1024 // notes that a reader may lie behind
	maxChatName   = 64   // bytes; those of this server have fewer
)

// A Note is a message that a traveler left at a point.
type Note struct {
	Position uint64 // of the change that wrote or deleted it, from 1; also the cursor to go on after it
	Chat     string // the public name of the chat that it was written in
	Number   uint32 // its number in that chat, from 0
	Location geo.Point
	Message  string    // empty when it was deleted
	Traveler string    // the name its writer gave, or empty
	Time     time.Time // when the server took it
	Deleted  bool
}

// ID identifies the note for everybody. It gives no right to anything.
func (n Note) ID() string { return n.Chat + "." + strconv.FormatUint(uint64(n.Number), 10) }

// parseID is the opposite of ID, and false for what no note is called.
func parseID(id string) (chat string, number uint32, ok bool) {
	chat, digits, _ := strings.Cut(id, ".")
	n, err := strconv.ParseUint(digits, 10, 32)
	return chat, uint32(n), err == nil && len(chat) <= maxChatName
}

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
	st.Register(store.Book{Name: "note", Schema: schema, Apply: apply, Load: b.hub.load, Committed: b.hub.committed,
		Frees: func(c *logv1.Change) bool { return c.GetNote().GetDeleted() != nil }})
	return b
}

// Delete deletes a note, for everybody and for good, on behalf of whoever has the secret of its chat. One that is deleted
// already is deleted again.
//
// Errors: ErrNone, ErrNotOwn and those of store.
func (b *Book) Delete(ctx context.Context, secret [32]byte, id string) error {
	chat, number, ok := parseID(id)
	if !ok {
		return ErrNone
	}
	_, err := b.store.Do(ctx, &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{Kind: &logv1.NoteChange_Deleted{
		Deleted: &logv1.NoteDeleted{Chat: secret[:], ChatId: chat, Number: number},
	}}}})
	if err != nil {
		return fmt.Errorf("delete note: %w", err)
	}
	return nil
}
