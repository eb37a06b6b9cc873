package note

import (
	"context"
	"fmt"
	"slices"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Chat is one traveler's call: it writes notes and is sent those of others at the places it wrote at. One goroutine
// uses it.
type Chat struct {
	book     *Book
	token    []byte
	name     string
	stored   uint32
	next     uint32
	first    uint32
	traveler string
	send     func(Note) error
	feed     *follower
	places   map[geo.Point]*visit
}

// A visit is what a chat knows of a place that it wrote at.
type visit struct {
	seen   uint64 // every note up to this position was looked at
	own    Note   // the chat's newest note here, sent back to it when it writes here again
	hasOwn bool
}

// Chat begins a chat under a public name, or goes on with the one that the hash of its secret names, and writes notes under
// the traveler's name. What the chat is to be told goes to send, during Write and Deliver only; an error of send ends them.
// Close it.
func (b *Book) Chat(ctx context.Context, secret [32]byte, name, traveler string, send func(Note) error) (*Chat, error) {
	c := &Chat{book: b, token: secret[:], name: name, traveler: traveler, send: send, places: make(map[geo.Point]*visit)}
	// The chat may have been written at another process until a moment ago.
	if err := b.store.Reach(ctx); err != nil {
		return nil, err
	}
	err := b.store.View(ctx, func(tx *store.Tx) error {
		chat := int64(0)
		known, err := tx.First(func(r store.Row) { chat, c.name = r.Int(0), r.Text(1) }, "SELECT id, name FROM chat WHERE token = ?", c.token)
		if known {
			c.stored, err = stored(tx, chat)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for the chat: %w", err)
	}
	c.next, c.first = c.stored, c.stored
	c.feed = b.hub.begin()
	return c, nil
}

// Name is the public name of the chat; its notes have the identifiers Name.0, Name.1 and so on.
func (c *Chat) Name() string { return c.name }

// Stored is how many notes of the chat were stored when it began.
func (c *Chat) Stored() uint32 { return c.stored }

// Resume has the chat go on, before it writes anything, with the note of that number. Notes that are stored are not stored
// again.
//
// Errors: ErrGap when notes before that number are not stored.
func (c *Chat) Resume(first uint32) error {
	if first > c.stored {
		return ErrGap
	}
	c.next, c.first = first, first
	return nil
}

// Close ends the chat.
func (c *Chat) Close() {
	for p := range c.places {
		c.book.hub.leavePlace(c.feed, p)
	}
	c.book.hub.end(c.feed)
}

// Write stores a note durably, then sends the notes stored earlier at exactly that point which this chat has not been
// sent, its own ones too but not the new one.
//
// Errors: ErrTooManyPlaces, ErrPlaceFull, ErrOther, those of store and of send.
func (c *Chat) Write(ctx context.Context, p geo.Point, message string) error {
	v := c.places[p]
	if v == nil {
		if len(c.places) == maxPlaces {
			return ErrTooManyPlaces
		}
		c.book.hub.followPlace(c.feed, p)
		defer func() {
			if c.places[p] == nil { // it did not come to be followed
				c.book.hub.leavePlace(c.feed, p)
			}
		}()
	}
	_, err := c.book.store.Do(ctx, &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{Kind: &logv1.NoteChange_Written{Written: &logv1.NoteWritten{
		Chat: c.token, ChatId: c.name, Number: c.next, Latitude: p.Lat, Longitude: p.Lng, Time: c.book.now().UnixNano(),
		Traveler: c.traveler, Message: message, PlaceLimit: uint64(c.book.perPlace),
	}}}}})
	if err != nil {
		return fmt.Errorf("store note: %w", err)
	}
	c.next++
	if v == nil {
		v = &visit{}
		c.places[p] = v
		if err := c.arrive(ctx, p, v); err != nil {
			return err
		}
	}
	return c.Deliver() // what was stored before the note was stored is queued by now
}

// arrive looks at what is stored at a place, at which the chat has just written.
func (c *Chat) arrive(ctx context.Context, p geo.Point, v *visit) error {
	var notes []Note
	err := c.book.store.View(ctx, func(tx *store.Tx) (err error) {
		v.seen = tx.Position()
		notes, _, err = read(tx, geo.RectOf(p, p), span{through: v.seen, newest: true}, c.book.replay+1) // one is the new note
		return err
	})
	if err != nil {
		return fmt.Errorf("read notes: %w", err)
	}
	for _, n := range slices.Backward(notes) {
		if err := c.look(v, n); err != nil {
			return err
		}
	}
	return nil
}

// Ready receives when Deliver has something to do.
func (c *Chat) Ready() <-chan struct{} { return c.feed.Ready() }

// Deliver sends what others have written since, in order. A chat too slow for it ends with store.ErrSlow.
func (c *Chat) Deliver() error {
	notes, ended := c.feed.Take()
	for _, n := range notes {
		v := c.places[n.Location]
		if v == nil || n.Position <= v.seen {
			continue
		}
		v.seen = n.Position
		if err := c.look(v, n); err != nil {
			return err
		}
	}
	return ended
}

// look takes the next note of a place: others' are sent, the chat's own ones when it has written here again.
func (c *Chat) look(v *visit, n Note) error {
	if n.Deleted {
		v.hasOwn = v.hasOwn && v.own.ID() != n.ID()
		return nil
	}
	if n.Chat != c.name || n.Number < c.first {
		return c.send(n)
	}
	earlier, had := v.own, v.hasOwn
	v.own, v.hasOwn = n, true
	if had {
		return c.send(earlier)
	}
	return nil
}
