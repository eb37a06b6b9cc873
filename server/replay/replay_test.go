package replay_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/feature"
	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/note"
	"routeguide/server/replay"
	"routeguide/server/route"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

var began = time.UnixMilli(1_700_000_000_000)

// A world has notes, features and routes of some seconds, many of them at one time.
type world struct {
	replay.Books
	store *store.Store
	now   time.Time
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{store: store.New(store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}), now: began}
	w.Books = replay.Books{
		Notes:    note.New(w.store, note.Options{Now: func() time.Time { return w.now }}),
		Features: feature.New(w.store, feature.Default()),
		Routes:   route.New(w.store, route.Options{Feature: func(geo.Point) bool { return false }, Now: func() time.Time { return w.now }}),
	}
	if err := w.store.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// happen has so many things happen about where longitudes turn over, and returns what a replay of the area is to tell.
func (w *world) happen(t *testing.T, r *rand.Rand, area geo.Rect, n int) (want []string) {
	t.Helper()
	chat, err := w.Notes.Chat(t.Context(), [32]byte{1}, "chat", "ada", func(note.Note) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close()
	type told struct {
		at    int64
		kind  int
		order int // of what happened at one time
		text  string
	}
	var all []told
	var recorders []*route.Recorder
	for i := range 3 {
		rec, err := w.Routes.Record(t.Context(), sha256.Sum256([]byte{byte(i)}), fmt.Sprint("r", i), "ada")
		if err != nil {
			t.Fatal(err)
		}
		recorders = append(recorders, rec)
	}
	for i := range n {
		w.now = w.now.Add(time.Duration(r.IntN(4)) * time.Millisecond / 2)
		p := geo.Point{Lat: r.Int32N(100), Lng: (geo.MaxLng - r.Int32N(100)) * (1 - 2*r.Int32N(2))}
		e := told{w.now.UnixMilli() * 1e6, r.IntN(3), i, fmt.Sprint(i)}
		var err error
		switch e.kind {
		case 0:
			e.at, e.text = w.now.UnixNano(), "note "+e.text
			err = chat.Write(t.Context(), p, e.text)
		case 1:
			e.text = "feature " + e.text
			added := &logv1.FeatureAdded{Id: e.text, Latitude: p.Lat, Longitude: p.Lng, Name: e.text}
			_, err = w.store.Do(t.Context(), &logv1.Change{Book: &logv1.Change_Feature{Feature: &logv1.FeatureChange{
				Id: binary.BigEndian.AppendUint64(nil, uint64(i)), Time: w.now.UnixMilli(),
				Kind: &logv1.FeatureChange_Added{Added: &logv1.FeaturesAdded{Features: []*logv1.FeatureAdded{added}}},
			}}})
		case 2:
			which := r.IntN(len(recorders))
			e.order, e.text = which*n+i, fmt.Sprint("step of r", which, " ", i)
			err = recorders[which].Add(t.Context(), route.Fix{Point: p, Time: w.now, Accuracy: geo.Measured(int32(i))})
		}
		if err != nil {
			t.Fatal(err)
		}
		if area.Contains(p) {
			all = append(all, e)
		}
	}
	for _, rec := range recorders {
		if err := rec.Interrupt(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(all, func(a, b told) int {
		return slices.Compare([]int64{a.at, int64(a.kind), int64(a.order)}, []int64{b.at, int64(b.kind), int64(b.order)})
	})
	for _, e := range all {
		want = append(want, e.text)
	}
	return want
}

func (w *world) tell(t *testing.T, ctx context.Context, q replay.Query) (told []string, cursors []replay.Cursor, err error) {
	t.Helper()
	for e, err := range w.Area(ctx, q) {
		if err != nil {
			return told, cursors, err
		}
		cursors = append(cursors, e.Cursor)
		switch {
		case e.Note != nil:
			told = append(told, e.Note.Message)
		case e.Feature != nil:
			told = append(told, e.Feature.Entry.Name)
		default:
			number, _ := e.Step.Fix.Accuracy.Get()
			told = append(told, fmt.Sprint("step of ", e.Step.Route, " ", number))
		}
	}
	return told, cursors, nil
}

// Everything is told once, in the order of time, wherever a replay broke off and went on.
func TestReplayIsWhatHappened(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	w := open(t)
	q := replay.Query{
		Area: geo.Rect{South: 10, North: 90, West: geo.MaxLng - 70, East: -geo.MaxLng + 70},
		From: began, Until: began.Add(time.Hour),
	}
	want := w.happen(t, r, q.Area, 500)
	told, cursors, err := w.tell(t, t.Context(), q)
	if err != nil || !slices.Equal(told, want) {
		t.Fatalf("told %q, %v, want %q", told, err, want)
	}
	for i := range cursors {
		q.After, q.Resuming = cursors[i], true
		if rest, _, err := w.tell(t, t.Context(), q); err != nil || !slices.Equal(rest, want[i+1:]) {
			t.Fatalf("after %q, %+v: told %q, %v, want %q", want[i], cursors[i], rest, err, want[i+1:])
		}
	}
}

// A replay takes the time that its speed says, and ends when nobody wants it any more.
func TestReplayAtASpeed(t *testing.T) {
	w := open(t)
	rec, err := w.Routes.Record(t.Context(), [32]byte{}, "r", "ada")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := rec.Add(t.Context(), route.Fix{Time: began.Add(time.Duration(i) * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rec.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := replay.Query{Area: geo.World, From: began, Until: began.Add(24 * time.Hour), Speed: 72_000}
	at := time.Now()
	if told, _, err := w.tell(t, t.Context(), q); err != nil || len(told) != 3 || time.Since(at) < 100*time.Millisecond {
		t.Errorf("told %q, %v, in %v; two hours are 100 ms at this speed", told, err, time.Since(at))
	}
	q.Speed = 1
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	defer cancel(enough)
	for e, err := range w.Area(ctx, q) {
		if err != nil {
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			return
		}
		if e.Step.Fix.Time.After(began) {
			t.Fatal("an hour has passed")
		}
		cancel(enough)
	}
	t.Error("the replay ended without a word")
}
