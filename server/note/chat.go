package note

import (
	"context"
	"fmt"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// A Chat is one traveler's call: it writes notes and is sent those of others at the places it wrote at. One goroutine
// uses it.
type Chat struct {
	book     *Book
	id       string
	next     int
	first    int
	resumed  bool // the next note may have been stored by an earlier call
	traveler string
	send     func(Note) error
	feed     *store.Follower
	places   map[geo.Point]*visit
}

// A visit is what a chat knows of a place that it wrote at.
type visit struct {
	seen   uint64 // every note up to this one was looked at
	own    Note   // the chat's newest note here, sent back to it when it writes here again
	hasOwn bool
}

// Chat begins a chat. Its notes are identified as id.0, id.1 and so on, and written under the traveler's name. What the
// chat is to be told goes to send, during Write and Deliver only; an error of send ends them.
func (b *Book) Chat(id, traveler string, send func(Note) error) *Chat {
	return &Chat{
		book: b, id: id, traveler: traveler, send: send,
		feed: b.log.Follow(followBuffer), places: make(map[geo.Point]*visit),
	}
}

// Resume has the chat go on, before it writes anything, where an earlier call was, at the note of number first. Notes that
// were stored, however long ago, are not stored again when they come to the place and under the number that they had.
func (c *Chat) Resume(first int) { c.next, c.first, c.resumed = first, first, true }

// Close ends the chat.
func (c *Chat) Close() { c.feed.Close() }

// Write stores a note durably, then sends the notes stored earlier at exactly that point which this chat has not been
// sent, its own ones too but not the new one.
func (c *Chat) Write(ctx context.Context, p geo.Point, message string) error {
	v := c.places[p]
	if v == nil && len(c.places) == maxPlaces {
		return ErrTooManyPlaces
	}
	seq, err := c.store(ctx, Note{ID: noteID(c.id, c.next), Location: p, Message: message, Traveler: c.traveler})
	if err != nil {
		return err
	}
	c.next++
	if v == nil {
		v = &visit{}
		c.places[p] = v
		if err := c.arrive(ctx, p, v, seq); err != nil {
			return err
		}
	}
	for v.seen < seq {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.feed.Ready():
		}
		if err := c.Deliver(); err != nil {
			return err
		}
	}
	return nil
}

// store stores a note unless an earlier call has. Calls store their notes in order: after the first that was not stored
// there are no others.
func (c *Chat) store(ctx context.Context, n Note) (uint64, error) {
	if c.resumed {
		seq, err := c.book.find(ctx, subject(n.Location), n.ID)
		if seq > 0 || err != nil {
			return seq, err
		}
		c.resumed = false
	}
	return c.book.add(ctx, n)
}

// arrive begins to follow a place at which the chat just wrote the note seq, and looks at what was there before.
func (c *Chat) arrive(ctx context.Context, p geo.Point, v *visit, seq uint64) error {
	q := store.Query{Subjects: []string{subject(p)}, Newest: c.book.replay}
	q.Through = c.feed.Subject(q.Subjects[0])
	if q.Through == 0 { // nothing was stored before; a query would take it for the end of the log
		return nil
	}
	if q.Through >= seq {
		q.Newest++ // the note itself, which is not sent
	}
	for rec, err := range c.book.log.Read(ctx, q) {
		if err != nil {
			return fmt.Errorf("read notes: %w", err)
		}
		if err := c.look(v, rec); err != nil {
			return err
		}
	}
	v.seen = q.Through
	return nil
}

// Ready receives when Deliver has something to do.
func (c *Chat) Ready() <-chan struct{} { return c.feed.Ready() }

// Deliver sends what others have written since, in order. A chat too slow for it ends with an error that wraps
// store.ErrSlow.
func (c *Chat) Deliver() error {
	recs, err := c.feed.Take()
	for _, rec := range recs {
		p, ok := place(rec.Subject)
		v := c.places[p]
		if !ok || v == nil || rec.Seq <= v.seen {
			continue
		}
		if err := c.look(v, rec); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("follow notes: %w", err)
	}
	return nil
}

// look takes the next note of a place: others' are sent, the chat's own ones when it has written here again.
func (c *Chat) look(v *visit, rec store.Record) error {
	n, err := decode(rec)
	if err != nil {
		return err
	}
	v.seen = rec.Seq
	if !c.wrote(rec.ID) {
		return c.send(n)
	}
	earlier, had := v.own, v.hasOwn
	v.own, v.hasOwn = n, true
	if had {
		return c.send(earlier)
	}
	return nil
}

// wrote says whether a note of this identifier was written by this call, or by an earlier one and is yet to come again.
func (c *Chat) wrote(id string) bool {
	chat, number := splitID(id)
	return chat == c.id && c.first <= number && (number < c.next || c.resumed)
}
