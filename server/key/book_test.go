package key_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"routeguide/server/geo"
	"routeguide/server/key"
	"routeguide/server/store"
)

var began = time.UnixMilli(1_790_000_000_000)

// A desk is a book with a clock that the test moves.
type desk struct {
	*key.Book
	t     *testing.T
	dir   string
	store *store.Store
	now   time.Time
	ended []string
}

func open(t *testing.T, dir string, now time.Time) *desk {
	t.Helper()
	d := &desk{t: t, dir: dir, now: now, store: store.New(store.Options{Dir: dir})}
	d.Book = key.New(d.store, func() time.Time { return d.now })
	d.OnEnd(func(id string) { d.ended = append(d.ended, id) })
	if err := d.store.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.store.Close() })
	return d
}

func (d *desk) again() *desk {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	return open(d.t, d.dir, d.now)
}

func (d *desk) create(k key.Key) (key.Key, string) {
	d.t.Helper()
	made, secret, err := d.Create(d.t.Context(), k)
	if err != nil {
		d.t.Fatal(err)
	}
	return made, secret
}

func TestAKeyIsKnownByItsSecret(t *testing.T) {
	d := open(t, t.TempDir(), began)
	area := geo.Rect{South: 1, West: 170e7, North: 2, East: -170e7}
	for i, k := range []key.Key{
		{Name: "plain", Role: key.View},
		{Name: "area", Role: key.Write, Expires: began.Add(time.Hour), Limit: key.Limit{Area: &area, Sight: key.Live}},
		{Name: "route", Role: key.Write, Limit: key.Limit{Route: "R", Sight: key.Past, From: began.Add(-time.Hour)}},
		{Name: "traveler", Role: key.Admin, Limit: key.Limit{Traveler: "Zoë"}},
	} {
		made, secret := d.create(k)
		if len(secret) < 26 || made.ID == "" || !made.Created.Equal(began) {
			t.Errorf("made %+v with the secret %q", made, secret)
		}
		for range 2 {
			found, err := d.Check(secret)
			if err != nil || found.ID != made.ID || found.Name != k.Name || found.Role != k.Role || !found.Expires.Equal(k.Expires) {
				t.Errorf("found %+v, %v, want %+v", found, err, k)
			}
			if got, want := found.Limit, k.Limit; (got.Area == nil) != (want.Area == nil) || want.Area != nil && *got.Area != *want.Area ||
				got.Route != want.Route || got.Traveler != want.Traveler || got.Sight != want.Sight || !got.From.Equal(want.From) {
				t.Errorf("found the limit %+v, want %+v", got, want)
			}
			d = d.again()
		}
		for _, other := range []string{"", secret + " ", secret[1:], made.ID} {
			if _, err := d.Check(other); !errors.Is(err, key.ErrUnknown) {
				t.Errorf("the secret %q: %v", other, err)
			}
		}
		if keys, next := d.List(0, 10); len(keys) != i+1 || keys[0].ID != made.ID || next != 0 {
			t.Errorf("listed %+v, %d", keys, next)
		}
	}
	keys, next := d.List(0, 3)
	if len(keys) != 3 || next == 0 {
		t.Fatalf("listed %d, then %d", len(keys), next)
	}
	if keys, next := d.List(next, 3); len(keys) != 1 || keys[0].Name != "plain" || next != 0 {
		t.Errorf("the next page is %+v, %d", keys, next)
	}
}

func TestAKeyEnds(t *testing.T) {
	d := open(t, t.TempDir(), began)
	_, expiring := d.create(key.Key{Role: key.Admin, Expires: began.Add(time.Hour)})
	if d.Governed() {
		t.Error("a key that expires is one for good")
	}
	lasting, secret := d.create(key.Key{Role: key.Admin})
	if !d.Governed() {
		t.Error("nobody is an admin")
	}
	d.now = began.Add(time.Hour - time.Millisecond)
	if _, err := d.Check(expiring); err != nil {
		t.Error(err)
	}
	d.now = began.Add(time.Hour)
	if _, err := d.Check(expiring); !errors.Is(err, key.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
	for i := range 2 {
		k, err := d.Revoke(t.Context(), lasting.ID)
		if err != nil || !k.Revoked.Equal(began.Add(time.Hour)) {
			t.Errorf("revoked %+v, %v", k, err)
		}
		d.now = d.now.Add(time.Minute)
		if len(d.ended) != i+1 || d.ended[i] != lasting.ID {
			t.Errorf("ended %q", d.ended)
		}
	}
	if _, err := d.Revoke(t.Context(), "nobody's"); !errors.Is(err, key.ErrNotFound) {
		t.Errorf("revoked one that there is not: %v", err)
	}
	for range 2 {
		if _, err := d.Check(secret); !errors.Is(err, key.ErrRevoked) || d.Governed() {
			t.Errorf("revoked: %v", err)
		}
		d = d.again()
	}
	// After a month they are forgotten, in memory as in the tables.
	d.now = d.now.Add(31 * 24 * time.Hour)
	d.create(key.Key{Role: key.View, Name: "new"})
	for range 2 {
		if keys, _ := d.List(0, 10); len(keys) != 1 || keys[0].Name != "new" {
			t.Errorf("listed %+v", keys)
		}
		d = d.again()
	}
}

func TestAUseIsStoredOnceAnHour(t *testing.T) {
	d := open(t, t.TempDir(), began)
	made, secret := d.create(key.Key{Role: key.View})
	done := make(chan struct{})
	ctx := t.Context()
	go func() { d.Run(ctx); close(done) }()
	used := func() time.Time {
		keys, _ := d.List(0, 1)
		return keys[0].Used
	}
	use := func() {
		if _, err := d.Check(secret); err != nil {
			t.Fatal(err)
		}
	}
	use()
	for used().IsZero() {
	}
	if !used().Equal(began) || made.Used != (time.Time{}) {
		t.Errorf("used at %v", used())
	}
	before := d.store.Position()
	for range 100 {
		use()
	}
	// What comes later in the order tells that nothing came before.
	d.create(key.Key{Role: key.View, Name: "another"})
	if after := d.store.Position(); after != before+1 {
		t.Errorf("a hundred uses are %d changes", after-before-1)
	}
}

func TestKeysAreBounded(t *testing.T) {
	d := open(t, t.TempDir(), began)
	var last key.Key
	errs := make(chan error)
	const most = 1000
	for i := range most {
		go func() {
			_, _, err := d.Create(t.Context(), key.Key{Role: key.View, Name: fmt.Sprint(i)})
			errs <- err
		}()
	}
	for range most {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.Create(t.Context(), key.Key{Role: key.View}); !errors.Is(err, key.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	keys, _ := d.List(0, 1)
	last = keys[0]
	if _, err := d.Revoke(t.Context(), last.ID); err != nil {
		t.Fatal(err)
	}
	d.create(key.Key{Role: key.View})
}
