package tutorial

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

const (
	maxText      = 4096 // bytes of a task, a status or a result
	followBuffer = 1024 // items that a slow reader may lie behind
	pageItems    = 64   // items that are read in one go
)

// A desk keeps what Contact and DispatchService tell one another. It is safe for concurrent use.
type desk struct {
	store *store.Store

	mu        sync.Mutex
	followers map[*store.Follower[item]]side
}

// An item is one task, status or result.
type item struct {
	position uint64 // in the order of all changes; also the cursor to go on after it
	kind     logv1.ContactKind
	time     time.Time // when the server took it
	text     string
}

// A side is who reads an item; its number is what contact_item_side has.
type side int

const (
	dispatcher side = 0 // reads statuses and results
	clients    side = 1 // read tasks
)

func (i item) reader() side {
	if i.kind == logv1.ContactKind_CONTACT_KIND_TASK {
		return clients
	}
	return dispatcher
}

// newDesk returns the desk that st keeps, which is not open yet.
func newDesk(st *store.Store) *desk {
	d := &desk{store: st, followers: make(map[*store.Follower[item]]side)}
	st.Register(store.Book{Name: "contact", Schema: schema, Apply: apply, Load: d.load, Committed: d.committed})
	return d
}

// add stores a text durably and returns when it was taken. The field names it in errors.
func (d *desk) add(ctx context.Context, kind logv1.ContactKind, field, text string) (time.Time, error) {
	if len(text) > maxText {
		return time.Time{}, invalid(field, "%d bytes are more than %d", len(text), maxText)
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails
	e, err := d.store.Do(ctx, change(&logv1.ContactItem{Id: id, Kind: kind, Time: time.Now().UnixNano(), Text: text}))
	if err != nil {
		return time.Time{}, fmt.Errorf("store %s: %w", field, err)
	}
	return e.Result.(item).time, nil
}

// follow tells the items of a side that are stored after a cursor, calls live with the cursor once all of them have been
// told, then tells each new one, until ctx ends or one of the functions fails. Nothing is missed in between and nothing told
// twice.
//
// Errors: store.ErrBeyond for a cursor beyond the newest change; store.ErrSlow when tell is too slow for what is added.
func (d *desk) follow(ctx context.Context, s side, after uint64, tell func(item) error, live func(cursor uint64) error) error {
	if err := d.store.Await(ctx, after); err != nil {
		return err
	}
	f := d.begin(s)
	defer d.end(f)
	stored := store.Source[item]{
		Page: func(tx *store.Tx, after, through uint64) ([]item, uint64, error) { return page(tx, s, after, through) },
		At:   func(i item) uint64 { return i.position },
	}
	return store.Follow(ctx, d.store, stored, after, f, tell, live)
}

func (d *desk) begin(s side) *store.Follower[item] {
	f := store.NewFollower[item](followBuffer)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.followers[f] = s
	return f
}

func (d *desk) end(f *store.Follower[item]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.followers, f)
}

// newest returns the cursor after which the newest so many items of a side come.
func (d *desk) newest(ctx context.Context, s side, count int) (after uint64, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		after, err = before(tx, s, count)
		return err
	})
	return after, err
}

// committed implements store.Book.
func (d *desk) committed(events []store.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range events {
		i := e.Result.(item)
		if i.position != e.Position {
			continue // it was stored before
		}
		for f, s := range d.followers {
			if s == i.reader() {
				f.Offer(i)
			}
		}
	}
}

// load implements store.Book: nobody was told what a snapshot brought, so everybody has to go on from a cursor.
func (d *desk) load(*store.Tx) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for f := range d.followers {
		f.End(store.ErrSlow)
	}
	return nil
}
