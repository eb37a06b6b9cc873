package tutorial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

func openDesk(t *testing.T, dir string) *desk {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	d := newDesk(st)
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func propose(t *testing.T, d *desk, i *logv1.ContactItem) (item, uint64) {
	t.Helper()
	e, err := d.store.Do(t.Context(), change(i))
	if err != nil {
		t.Fatal(err)
	}
	return e.Result.(item), e.Position
}

// randomItems are items of all kinds, some of them proposed again later, as after an error.
func randomItems(n int) (items []*logv1.ContactItem) {
	random := rand.New(rand.NewPCG(21, 22))
	for i := range n {
		if i > 0 && random.IntN(4) == 0 {
			items = append(items, items[random.IntN(i)])
			continue
		}
		items = append(items, &logv1.ContactItem{
			Id: fmt.Appendf(nil, "%016d", i), Kind: logv1.ContactKind(1 + random.IntN(3)), Time: random.Int64(), Text: strings.Repeat("é", random.IntN(5)),
		})
	}
	return items
}

func contactRows(t *testing.T, d *desk) (all []string) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx *store.Tx) error {
		for row, err := range tx.Query("SELECT position, id, kind, time, text FROM contact_item ORDER BY position") {
			if err != nil {
				return err
			}
			all = append(all, fmt.Sprint(row.Int(0), " ", string(row.Blob(1)), " ", row.Int(2), " ", row.Int(3), " ", row.Text(4)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameItemsSameRows(t *testing.T) {
	items := randomItems(300)
	dir := t.TempDir()
	one, two := openDesk(t, dir), openDesk(t, t.TempDir())
	for _, d := range []*desk{one, two} {
		first := make(map[string]item)
		for _, i := range items {
			got, position := propose(t, d, i)
			want, again := first[string(i.Id)]
			if !again {
				want.position, want.kind, want.text = position, i.Kind, i.Text
				first[string(i.Id)] = got
			}
			if got.position != want.position || got.kind != want.kind || got.text != want.text || got.time.UnixNano() != i.Time {
				t.Fatalf("%v comes to %v, want %v", i, got, want)
			}
		}
		if got := contactRows(t, d); len(got) != len(first) {
			t.Errorf("%d rows are stored, want %d", len(got), len(first))
		}
	}
	want := contactRows(t, one)
	if got := contactRows(t, two); !slices.Equal(got, want) {
		t.Errorf("the second store has the rows %q, want %q", got, want)
	}
	if err := one.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := contactRows(t, openDesk(t, dir)); !slices.Equal(got, want) {
		t.Errorf("after a restart there are the rows %q, want %q", got, want)
	}
}

// Both sides, from every cursor that there may be: each is told its items in order, and once although many are proposed
// twice.
func TestFollowFromEveryCursor(t *testing.T) {
	d := openDesk(t, t.TempDir())
	items := randomItems(200)
	told := make(map[side][]item)
	known := make(map[string]bool)
	propose := func(items []*logv1.ContactItem) {
		for _, i := range items {
			if made, _ := propose(t, d, i); !known[string(i.Id)] {
				known[string(i.Id)] = true
				told[made.reader()] = append(told[made.reader()], made)
			}
		}
	}
	propose(items[:150])
	enough := errors.New("enough")
	var followers, live sync.WaitGroup
	got := make(map[side]*[150][]item)
	for _, s := range []side{clients, dispatcher} {
		all := new([150][]item)
		got[s] = all
		for after := range all {
			live.Add(1)
			followers.Go(func() {
				err := d.follow(t.Context(), s, uint64(after), func(i item) error {
					if i.text == "end" {
						return enough
					}
					all[after] = append(all[after], i)
					return nil
				}, func(uint64) error { live.Done(); return nil })
				if !errors.Is(err, enough) {
					t.Error(err)
				}
			})
		}
	}
	live.Wait()
	propose(items[150:])
	for _, kind := range []logv1.ContactKind{logv1.ContactKind_CONTACT_KIND_TASK, logv1.ContactKind_CONTACT_KIND_STATUS} {
		if _, err := d.add(t.Context(), kind, "end", "end"); err != nil {
			t.Fatal(err)
		}
	}
	followers.Wait()
	for s, all := range got {
		for after, got := range all {
			want := slices.DeleteFunc(slices.Clone(told[s]), func(i item) bool { return i.position <= uint64(after) })
			if !slices.Equal(got, want) {
				t.Fatalf("side %d after %d was told %v, want %v", s, after, got, want)
			}
		}
	}
}

func TestNewest(t *testing.T) {
	d := openDesk(t, t.TempDir())
	reports := []uint64{0}
	for _, i := range randomItems(100) {
		if made, position := propose(t, d, i); made.position == position && made.reader() == dispatcher {
			reports = append(reports, position)
		}
	}
	for count := range len(reports) + 5 {
		want := reports[max(len(reports)-1-count, 0)]
		if after, err := d.newest(t.Context(), dispatcher, count); err != nil || after != want {
			t.Errorf("the newest %d come after %d, %v, want after %d", count, after, err, want)
		}
	}
}

// A snapshot that takes the place of the tables ends who follows, since nobody was told what it brought.
func TestFollowersEndWhenASnapshotComes(t *testing.T) {
	d := openDesk(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := d.follow(ctx, clients, 0, func(item) error { return nil }, func(uint64) error { return d.store.View(ctx, d.load) })
	if !errors.Is(err, store.ErrSlow) {
		t.Errorf("ended with %v, want %v", err, store.ErrSlow)
	}
}

// No query looks at items that it does not return, or sorts.
func TestQueriesUseTheIndex(t *testing.T) {
	d := openDesk(t, t.TempDir())
	for _, sql := range []string{selectPage, selectBefore, selectItem + "WHERE id = ?"} {
		var plan []string
		err := d.store.View(t.Context(), func(tx *store.Tx) error {
			for row, err := range tx.Query("EXPLAIN QUERY PLAN " + sql) {
				if err != nil {
					return err
				}
				plan = append(plan, row.Text(3))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan) != 1 || !strings.HasPrefix(plan[0], "SEARCH contact_item USING") || !strings.Contains(plan[0], "INDEX") {
			t.Errorf("%s: %q", sql, plan)
		}
	}
}
