package note

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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

// Chat begins a chat. Its notes are identified as id.first, id.first+1 and so on, and written under the traveler's name.
// What the chat is to be told goes to send, during Write and Deliver only; an error of send ends them.
func (b *Book) Chat(id string, first int, traveler string, send func(Note) error) *Chat {
	return &Chat{
		book: b, id: id, next: first, first: first, traveler: traveler, send: send,
		feed: b.log.Follow(followBuffer), places: make(map[geo.Point]*visit),
	}
}

// Close ends the chat.
func (c *Chat) Close() { c.feed.Close() }

// Write stores a note durably, then sends the notes stored earlier at exactly that point which this chat has not been
// sent, its own ones too but not the new one.
func (c *Chat) Write(ctx context.Context, p geo.Point, message string) error {
	v := c.places[p]
	if v == nil && len(c.places) == maxPlaces {
		return ErrTooManyPlaces
	}
	seq, err := c.book.add(ctx, Note{ID: c.noteID(c.next), Location: p, Message: message, Traveler: c.traveler})
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

// arrive begins to follow a place at which the chat just wrote the note seq, and looks at what was there before.
func (c *Chat) arrive(ctx context.Context, p geo.Point, v *visit, seq uint64) error {
	q := store.Query{Subjects: []string{subject(p)}}
	from := c.feed.Subject(q.Subjects[0])
	q.Through, q.Newest = min(from, seq-1), c.book.replay
	if err := c.history(ctx, v, q); err != nil {
		return err
	}
	if from >= seq {
		if err := c.history(ctx, v, store.Query{Subjects: q.Subjects, After: seq - 1, Through: from}); err != nil {
			return err
		}
	}
	v.seen = from
	return nil
}

func (c *Chat) history(ctx context.Context, v *visit, q store.Query) error {
	if q.Through == 0 { // nothing was stored before; a query would take it for the end of the log
		return nil
	}
	for rec, err := range c.book.log.Read(ctx, q) {
		if err != nil {
			return fmt.Errorf("read notes: %w", err)
		}
		if err := c.look(v, rec); err != nil {
			return err
		}
	}
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

func (c *Chat) noteID(number int) string { return c.id + "." + strconv.Itoa(number) }

// wrote says whether a note of this identifier was written by this call.
func (c *Chat) wrote(id string) bool {
	number, ok := strings.CutPrefix(id, c.id+".")
	if !ok {
		return false
	}
	k, err := strconv.Atoi(number)
	return err == nil && c.first <= k && k < c.next
}
