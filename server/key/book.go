package key

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

const (
	most      = 1000                // keys that are of use
	keep      = 30 * 24 * time.Hour // for which others are listed
	useEvery  = time.Hour           // is how often a use is stored, at most
	queueUses = 1024                // uses that wait to be stored; others come again
)

// A Book holds the keys. It is safe for concurrent use.
type Book struct {
	store *store.Store
	now   func() time.Time
	uses  chan string // identifiers

	ended func(id string) // or nil

	mu  sync.RWMutex
	all map[hash]*entry
}

// An entry is a key, and when its use was last seen here, in milliseconds since 1970.
type entry struct {
	Key
	seen atomic.Int64
}

func newEntry(k Key) *entry {
	e := &entry{Key: k}
	e.seen.Store(milliseconds(k.Used))
	return e
}

// New returns the book of the keys in st, which must not be open yet. A nil clock is time.Now.
func New(st *store.Store, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	b := &Book{store: st, now: now, uses: make(chan string, queueUses)}
	st.Register(store.Book{
		Name: "key", Schema: schema, Apply: apply, Load: b.load, Committed: b.committed,
		Frees: func(c *logv1.Change) bool { return c.GetKey().GetRevoked() != nil }, // room or not
	})
	return b
}

// OnEnd has f called with the identifier of each key that is of no use from now on because it was revoked, or is gone. It is
// called before anybody is told that it was revoked, and must not block. Call OnEnd before the store is open.
func (b *Book) OnEnd(f func(id string)) { b.ended = f }

// Run stores when keys were used last, until ctx ends.
func (b *Book) Run(ctx context.Context) {
	for {
		select {
		case id := <-b.uses:
			used := &logv1.KeyUsed{Id: id, Time: b.now().UnixMilli()}
			_, _ = b.store.Do(ctx, change(&logv1.KeyChange{Kind: &logv1.KeyChange_Used{Used: used}})) // or an hour later
		case <-ctx.Done():
			return
		}
	}
}

func change(c *logv1.KeyChange) *logv1.Change { return &logv1.Change{Book: &logv1.Change_Key{Key: c}} }

// Check returns the key that has a secret.
//
// Errors: ErrUnknown, ErrExpired, ErrRevoked.
func (b *Book) Check(secret string) (Key, error) {
	now := b.now()
	b.mu.RLock()
	found := b.all[hashOf(secret)]
	b.mu.RUnlock()
	if found == nil {
		return Key{}, ErrUnknown
	}
	if err := found.usable(now); err != nil {
		return Key{}, err
	}
	b.use(found, now)
	return found.Key, nil
}

// use has it stored that a key was used, unless that is known already.
func (b *Book) use(k *entry, now time.Time) {
	last := now.Add(-useEvery).UnixMilli()
	if k.seen.Load() > last {
		return
	}
	if old := k.seen.Swap(now.UnixMilli()); old > last {
		return
	}
	select {
	case b.uses <- k.ID:
	default:
	}
}

// Create makes a key of what is asked for: its name, role, expiry and limit. The secret is told here only.
//
// Errors: ErrTooMany, and those of store.
func (b *Book) Create(ctx context.Context, k Key) (made Key, secret string, err error) {
	secret, sum := newSecret()
	now := b.now()
	c := &logv1.KeyCreated{
		Id: rand.Text()[:16], Secret: sum[:], Time: now.UnixMilli(), Name: k.Name, Role: int32(k.Role), Sight: int32(k.Limit.Sight),
		ExpireTime: milliseconds(k.Expires), HistoryStart: milliseconds(k.Limit.From), Route: k.Limit.Route, Traveler: k.Limit.Traveler,
		ForgetBefore: now.Add(-keep).UnixMilli(), Most: most,
	}
	if a := k.Limit.Area; a != nil {
		c.Area = &logv1.KeyArea{South: a.South, West: a.West, North: a.North, East: a.East}
	}
	e, err := b.store.Do(ctx, change(&logv1.KeyChange{Kind: &logv1.KeyChange_Created{Created: c}}))
	if err != nil {
		return Key{}, "", fmt.Errorf("make the key: %w", err)
	}
	return e.Result.(*row).Key, secret, nil
}

// Revoke makes a key of no use, and ends what goes on with it. One that is revoked already stays so.
//
// Errors: ErrNotFound, and those of store.
func (b *Book) Revoke(ctx context.Context, id string) (Key, error) {
	revoked := &logv1.KeyRevoked{Id: id, Time: b.now().UnixMilli()}
	e, err := b.store.Do(ctx, change(&logv1.KeyChange{Kind: &logv1.KeyChange_Revoked{Revoked: revoked}}))
	if err != nil {
		return Key{}, fmt.Errorf("revoke the key: %w", err)
	}
	return e.Result.(*row).Key, nil
}

// List returns keys, the newest first, as many as limit, and the number to go on before, which is 0 when there are no more;
// before 0 it begins with the newest.
func (b *Book) List(before uint64, limit int) (keys []Key, next uint64) {
	b.mu.RLock()
	for k := range maps.Values(b.all) {
		if before == 0 || k.number < before {
			keys = append(keys, k.Key)
		}
	}
	b.mu.RUnlock()
	slices.SortFunc(keys, func(a, b Key) int { return cmp.Compare(b.number, a.number) })
	if len(keys) <= limit {
		return keys, 0
	}
	return keys[:limit], keys[limit-1].number
}

// Governed tells whether a key of use makes its holder an admin, for good.
func (b *Book) Governed() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for k := range maps.Values(b.all) {
		if k.Role == Admin && k.Revoked.IsZero() && k.Expires.IsZero() {
			return true
		}
	}
	return false
}

// load implements store.Book.
func (b *Book) load(tx *store.Tx) error {
	all := make(map[hash]*entry)
	for r, err := range tx.Query(columns) {
		if err != nil {
			return err
		}
		k := scan(r)
		all[k.secret] = newEntry(k.Key)
	}
	b.mu.Lock()
	before := b.all
	b.all = all
	b.mu.Unlock()
	for secret, k := range before {
		if now := all[secret]; now == nil || !now.Revoked.IsZero() {
			b.end(k.ID)
		}
	}
	return nil
}

// committed implements store.Book.
func (b *Book) committed(events []store.Event) {
	for _, e := range events {
		k, _ := e.Result.(*row)
		if k == nil {
			continue
		}
		b.mu.Lock()
		b.all[k.secret] = newEntry(k.Key)
		if c := e.Change.GetKey().GetCreated(); c != nil {
			before := moment(c.ForgetBefore)
			maps.DeleteFunc(b.all, func(_ hash, old *entry) bool { return old.forgotten(before) })
		}
		b.mu.Unlock()
		if !k.Revoked.IsZero() {
			b.end(k.ID)
		}
	}
}

// forgotten tells of a key what the deletion in create does of its row.
func (k *Key) forgotten(before time.Time) bool {
	past := func(t time.Time) bool { return !t.IsZero() && !t.After(before) }
	return past(k.Revoked) || past(k.Expires)
}

func (b *Book) end(id string) {
	if b.ended != nil {
		b.ended(id)
	}
}
