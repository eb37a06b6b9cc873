// Package note keeps the notes that travelers leave at places, and carries them live to those who follow a place or
// an area.
package note

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

var (
	// ErrBeyond says that a cursor lies after the newest note: it came from another log.
	ErrBeyond = errors.New("the cursor lies beyond the newest note")
	// ErrPlaceFull says that a place has as many notes as it may have.
	ErrPlaceFull = errors.New("no more notes can be left at this place")
	// ErrTooManyPlaces says that one chat wrote at more places than it may follow.
	ErrTooManyPlaces = fmt.Errorf("one chat follows at most %d places", maxPlaces)
)

const (
	// DefaultReplay is how many of the newest notes of a place a chat is sent before live ones.
	DefaultReplay = 1000
	maxPlaces     = 1000
	followBuffer  = 1024
	// crowd is how many may write at one place at the same moment without its limit being overrun.
	crowd = 256
	// findFirst is how many of the newest notes of a place are looked at before all.
	findFirst = 128
)

// A Note is a message that a traveler left at a point.
type Note struct {
	ID       string
	Location geo.Point
	Message  string
	Traveler string    // the name its writer gave, or empty
	Time     time.Time // when the server took it
	Seq      uint64    // its place in the order of all notes, from 1; also the cursor to go on after it
}

// A Book holds all notes. It is safe for concurrent use.
type Book struct {
	log      *store.Log
	replay   int
	perPlace int
	now      func() time.Time
}

// Options are the choices of Open; the zero value takes the defaults.
type Options struct {
	Replay   int              // notes a place that a chat is sent before live ones; 0 means DefaultReplay
	PerPlace int              // notes that a place may have; 0 means any number
	Now      func() time.Time // the clock; nil means time.Now
}

// Open opens the book kept in st.
func Open(ctx context.Context, st *store.Store, o Options) (*Book, error) {
	log, err := st.Log(ctx, "NOTES", prefix+".>")
	if err != nil {
		return nil, fmt.Errorf("open notes: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Book{log: log, replay: cmp.Or(o.Replay, DefaultReplay), perPlace: o.PerPlace, now: o.Now}, nil
}

// List returns at most limit notes of the area that come after the cursor, oldest first, and the cursor to go on from;
// more says whether there were others at the time.
func (b *Book) List(ctx context.Context, area geo.Rect, after uint64, limit int) (notes []Note, next uint64, more bool, err error) {
	end, err := b.end(ctx, after)
	if err != nil {
		return nil, 0, false, err
	}
	q := query(area)
	q.After, q.Through = after, end
	if end == after { // Through 0 would mean the end of the log
		return nil, end, false, nil
	}
	for rec, err := range b.log.Read(ctx, q) {
		if err != nil {
			return nil, 0, false, fmt.Errorf("read notes: %w", err)
		}
		if len(notes) == limit {
			return notes, notes[limit-1].Seq, true, nil
		}
		n, err := decode(rec)
		if err != nil {
			return nil, 0, false, err
		}
		notes = append(notes, n)
	}
	return notes, end, false, nil
}

// end returns the cursor of the newest note, or ErrBeyond when after is greater.
func (b *Book) end(ctx context.Context, after uint64) (uint64, error) {
	end, err := b.log.End(ctx)
	if err != nil {
		return 0, fmt.Errorf("read notes: %w", err)
	}
	if after > end {
		return 0, ErrBeyond
	}
	return end, nil
}

// stored is how a note stands in the log; its place is the subject and its identifier the record's.
type stored struct {
	Time     time.Time `json:"time"`
	Traveler string    `json:"traveler,omitempty"`
	Message  string    `json:"message"`
}

// add stores n durably and returns its sequence. A note whose identifier is stored already is not stored again.
func (b *Book) add(ctx context.Context, n Note) (uint64, error) {
	data, err := json.Marshal(stored{Time: b.now().UTC(), Traveler: n.Traveler, Message: n.Message})
	if err != nil {
		return 0, fmt.Errorf("encode note: %w", err)
	}
	e := store.Entry{Subject: subject(n.Location), ID: n.ID, Data: data}
	var seq uint64
	if b.perPlace > 0 {
		seq, err = b.addWithin(ctx, e)
	} else {
		seq, err = b.log.Append(ctx, e)
	}
	if err != nil {
		return 0, fmt.Errorf("store note: %w", err)
	}
	return seq, nil
}

// addWithin stores a note unless its place is full. Near the limit it does so only if nobody else has written there since
// the notes were counted.
func (b *Book) addWithin(ctx context.Context, e store.Entry) (uint64, error) {
	for {
		last, _, err := b.log.Last(ctx, e.Subject)
		if err != nil {
			return 0, err
		}
		n, err := b.log.Count(ctx, e.Subject)
		if err != nil {
			return 0, err
		}
		if n >= uint64(b.perPlace) {
			if seq, err := b.find(ctx, e.Subject, e.ID); seq > 0 || err != nil {
				return seq, err // it is sent again
			}
			return 0, ErrPlaceFull
		}
		if n+crowd >= uint64(b.perPlace) {
			e.Expect = &last.Seq
		}
		seq, err := b.log.Append(ctx, e)
		if !errors.Is(err, store.ErrConflict) {
			return seq, err
		}
	}
}

// find returns the sequence of the note of this identifier, or 0 when its place has none. It looks at the newest notes
// first, and at all others only when the same chat wrote none of those before.
func (b *Book) find(ctx context.Context, subject, id string) (uint64, error) {
	chat, number := splitID(id)
	q := store.Query{Subjects: []string{subject}, Newest: findFirst}
	var looked int
	var oldest uint64
	var before bool
	for rec, err := range b.log.Read(ctx, q) {
		if err != nil {
			return 0, fmt.Errorf("look for note %s: %w", id, err)
		}
		if rec.ID == id {
			return rec.Seq, nil
		}
		if looked++; looked == 1 {
			oldest = rec.Seq
		}
		c, n := splitID(rec.ID)
		before = before || c == chat && n < number
	}
	if before || looked < findFirst || oldest == 1 {
		return 0, nil
	}
	for rec, err := range b.log.Read(ctx, store.Query{Subjects: q.Subjects, Through: oldest - 1}) {
		if err != nil {
			return 0, fmt.Errorf("look for note %s: %w", id, err)
		}
		if rec.ID == id {
			return rec.Seq, nil
		}
	}
	return 0, nil
}

// noteID and splitID make and take apart the identifiers of a chat's notes.
func noteID(chat string, number int) string { return chat + "." + strconv.Itoa(number) }

func splitID(id string) (chat string, number int) {
	dot := max(0, strings.LastIndexByte(id, '.'))
	number, err := strconv.Atoi(strings.TrimPrefix(id[dot:], "."))
	if err != nil {
		return id, -1
	}
	return id[:dot], number
}

func decode(rec store.Record) (Note, error) {
	p, ok := place(rec.Subject)
	if !ok {
		return Note{}, fmt.Errorf("note %d: no place in subject %q", rec.Seq, rec.Subject)
	}
	var s stored
	if err := json.Unmarshal(rec.Data, &s); err != nil {
		return Note{}, fmt.Errorf("note %d: %w", rec.Seq, err)
	}
	return Note{ID: rec.ID, Location: p, Message: s.Message, Traveler: s.Traveler, Time: s.Time, Seq: rec.Seq}, nil
}
