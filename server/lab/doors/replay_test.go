package doors

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/natstest"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
	"routeguide/server/tutorial"
)

// A replica is a process of a cluster, without its doors.
type replica struct {
	t   *testing.T
	st  *store.Store
	dir string
}

// replay opens a replica, which applies what it has not of the cluster's stream.
func replay(t *testing.T, url, dir string) replica {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Cluster: &store.Cluster{URL: url}, Logger: slog.New(slog.DiscardHandler)})
	book := feature.New(st, feature.Default())
	tutorial.New(st)
	note.New(st, note.Options{})
	route.New(st, route.Options{Feature: func(p geo.Point) bool { _, ok := book.At(p); return ok }})
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return replica{t, st, dir}
}

// rows returns a line for each row of each table, at a position.
func (r replica) rows(position uint64) (all []string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for r.st.Position() < position {
		if err := r.st.Await(ctx, position); err != nil && !errors.Is(err, store.ErrBeyond) {
			r.t.Fatal(err)
		}
	}
	err := r.st.View(ctx, func(tx *store.Tx) error {
		for table, err := range tx.Query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
			if err != nil {
				return err
			}
			var columns []string
			for column, err := range tx.Query("SELECT name FROM pragma_table_info(?)", table.Text(0)) {
				if err != nil {
					return err
				}
				columns = append(columns, fmt.Sprintf("quote(%q)", column.Text(0)))
			}
			for row, err := range tx.Query(fmt.Sprintf("SELECT %s FROM %q ORDER BY 1", strings.Join(columns, "||','||"), table.Text(0))) {
				if err != nil {
					return err
				}
				all = append(all, table.Text(0)+": "+row.Text(0))
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func (r replica) same(as replica, position uint64) {
	r.t.Helper()
	got, want := r.rows(position), as.rows(position)
	if len(got) != len(want) {
		r.t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			r.t.Fatalf("the row %s\n       is not %s", got[i], want[i])
		}
	}
	r.t.Logf("%d rows are the same at position %d", len(got), position)
}

// randomChange is of any kind; some are refused, some made before, some do not fit what is stored.
func randomChange(r *rand.Rand) *logv1.Change {
	token := func(n int) []byte {
		sum := sha256.Sum256(fmt.Append(nil, r.IntN(n)))
		return sum[:]
	}
	text := func() string { return strings.Repeat("é", r.IntN(20)+1) + fmt.Sprint(r.IntN(3)) }
	lat, lng := int32(r.IntN(60)-30)*1e7, int32(r.IntN(60)-30)*6e7
	now := int64(1_800_000_000_000 + r.IntN(1_000_000))
	switch r.IntN(8) {
	case 0, 1, 2:
		return &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{Kind: &logv1.NoteChange_Written{Written: &logv1.NoteWritten{
			Chat: token(5000), ChatId: fmt.Sprint("c", r.Int64()), Number: uint32(r.IntN(3)), Latitude: lat, Longitude: lng,
			Time: now * 1e6, Traveler: text(), Message: text(), PlaceLimit: uint64(r.IntN(2)) * 20,
		}}}}}
	case 3, 4:
		return &logv1.Change{Book: &logv1.Change_Route{Route: &logv1.RouteChange{Kind: &logv1.RouteChange_Begun{Begun: &logv1.RouteBegun{
			Token: token(500), RouteId: fmt.Sprint("r", r.Int64()), Call: []byte{byte(r.IntN(2))}, Traveler: text(), Time: now,
		}}}}}
	case 5:
		n := r.IntN(5)
		p := &logv1.Points{}
		for range n {
			p.Latitude, p.Longitude, p.Time = append(p.Latitude, lat/int32(n)), append(p.Longitude, lng/int32(n)), append(p.Time, now/int64(n))
		}
		return &logv1.Change{Book: &logv1.Change_Route{Route: &logv1.RouteChange{Kind: &logv1.RouteChange_Extended{Extended: &logv1.RouteExtended{
			Token: token(500), Call: []byte{byte(r.IntN(2))}, First: uint32(r.IntN(6)), Points: p, Metres: r.Float64(), Features: uint32(r.IntN(9)),
			State: logv1.RouteState(r.IntN(12)/5 + 1), Time: now,
		}}}}}
	case 6:
		if r.IntN(4) == 0 {
			return &logv1.Change{Book: &logv1.Change_Feature{Feature: &logv1.FeatureChange{Kind: &logv1.FeatureChange_Deleted{Deleted: &logv1.FeatureDeleted{Latitude: lat, Longitude: lng}}}}}
		}
		if r.IntN(100) == 0 {
			return &logv1.Change{Book: &logv1.Change_Route{Route: &logv1.RouteChange{Kind: &logv1.RouteChange_Forgotten{Forgotten: &logv1.TracksForgotten{Before: now - 500_000}}}}}
		}
		return &logv1.Change{Book: &logv1.Change_Feature{Feature: &logv1.FeatureChange{Kind: &logv1.FeatureChange_Put{Put: &logv1.FeaturePut{Latitude: lat, Longitude: lng, Name: text()}}}}}
	}
	return &logv1.Change{Book: &logv1.Change_Contact{Contact: &logv1.ContactChange{Kind: &logv1.ContactChange_Item{Item: &logv1.ContactItem{
		Id: token(8000)[:16], Kind: logv1.ContactKind(r.IntN(3) + 1), Time: now * 1e6, Text: text(),
	}}}}}
}

// A stream of many changes of every kind, applied again from its beginning, and by a process that was away from the middle
// on, gives the same rows.
func TestReplayGivesTheSameRows(t *testing.T) {
	const count, writers = 100_000, 256
	url := natstest.Start(t).URL()
	first := replay(t, url, t.TempDir())
	var next, made atomic.Int64
	var wg sync.WaitGroup
	second, left := replay(t, url, t.TempDir()), make(chan error, 1)
	for w := range writers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 9))
			for i := next.Add(1); i <= count; i = next.Add(1) {
				if i == count/2 {
					go func() { left <- second.st.Close() }()
				}
				_, err := first.st.Do(t.Context(), randomChange(r))
				if err == nil {
					made.Add(1)
				} else if errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrClosed) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := <-left; err != nil {
		t.Fatal(err)
	}
	position := first.st.Position()
	if position != count || made.Load() < count/4 || made.Load() == count {
		t.Errorf("%d of %d changes were made, at position %d; want most but not all", made.Load(), count, position)
	}
	replay(t, url, t.TempDir()).same(first, position)
	again := replay(t, url, second.dir)
	again.same(first, position)
}
