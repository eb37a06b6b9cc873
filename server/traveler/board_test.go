package traveler_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"routeguide/server/geo"
	"routeguide/server/lab/leaktest"
	"routeguide/server/route"
	"routeguide/server/store"
	"routeguide/server/traveler"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

const maxAge = 30 * time.Minute

var (
	home    = geo.Point{Lat: 40e7, Lng: -74e7}
	pacific = geo.Rect{South: -10e7, West: 179e7, North: 10e7, East: -179e7} // across the antimeridian
)

// A world is a board, the routes behind it, and their store.
type world struct {
	t     *testing.T
	board *traveler.Board
	book  *route.Book
	store *store.Store
	close func()
}

// open opens the store in a directory. The board's clock is that of the test's bubble.
func open(t *testing.T, dir string) *world {
	t.Helper()
	st := store.New(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	book := route.New(st, route.Options{Feature: func(geo.Point) bool { return false }})
	w := &world{t: t, board: traveler.New(book, maxAge), book: book, store: st}
	if err := st.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.board.Run(ctx) })
	w.close = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.close)
	return w
}

func (w *world) record(name string) *route.Recorder {
	w.t.Helper()
	r, err := w.book.Record(w.t.Context(), sha256.Sum256([]byte(name)), name, "the "+name)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// add has a route be at points, which are stored when it returns.
func (w *world) add(r *route.Recorder, fixes ...route.Fix) {
	w.t.Helper()
	for _, f := range fixes {
		if err := r.Add(w.t.Context(), f); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := r.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// A view is what a client knows who watches an area.
type view struct {
	mu      sync.Mutex
	at      map[string]traveler.Traveler
	moves   int
	current bool
	wrong   []string
}

func (w *world) watch(ctx context.Context, area geo.Rect) *view {
	v := &view{at: make(map[string]traveler.Traveler)}
	go func() {
		for e, err := range w.board.Watch(ctx, area) {
			if err == nil {
				v.tell(e, area)
			}
		}
	}()
	return v
}

func (v *view) tell(e traveler.Event, area geo.Rect) {
	v.mu.Lock()
	defer v.mu.Unlock()
	wrong := func(what string) { v.wrong = append(v.wrong, fmt.Sprintf("%s: %+v", what, e)) }
	switch {
	case e.Current && v.current:
		wrong("current twice")
	case e.Current:
		v.current = true
	case e.Left != "":
		if _, here := v.at[e.Left]; !here {
			wrong("left without having come")
		}
		delete(v.at, e.Left)
	default:
		if _, here := v.at[e.Moved.Route]; here && e.Moved.Trail != nil {
			wrong("a trail twice")
		}
		if !area.Contains(e.Moved.Position.Point) {
			wrong("not in the area")
		}
		v.moves++
		v.at[e.Moved.Route] = *e.Moved
	}
}

// settled returns what a view knows when all has been told.
func (v *view) settled(t *testing.T) map[string]route.Fix {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.wrong) > 0 || !v.current {
		t.Errorf("current %v, %q", v.current, v.wrong)
	}
	at := make(map[string]route.Fix)
	for id, traveler := range v.at {
		at[id] = traveler.Position
	}
	return at
}

// A plain is what a route must come to: all that is known is looked at each time.
type plain struct {
	recorder *route.Recorder
	newest   route.Fix
	taken    time.Time
	began    bool
	over     bool
}

func (p plain) expires() time.Time {
	if p.newest.Time.Before(p.taken) {
		return p.newest.Time.Add(maxAge)
	}
	return p.taken.Add(maxAge)
}

// Whatever travelers do, and whoever watches, what is listed and told is what looking at each traveler would give.
func TestBoardAgreesWithLookingAtEach(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 7))
		w := open(t, dir)
		routes := map[string]*plain{}
		var people [20]string // the route of each
		ctx, cancel := context.WithCancel(t.Context())
		areas := []geo.Rect{geo.World, pacific, {South: 0, West: -5e7, North: 5e7, East: 0}, geo.RectOf(home, home)}
		var views []*view
		for _, area := range areas {
			views = append(views, w.watch(ctx, area))
		}
		somewhere := func() geo.Point {
			switch r.IntN(4) {
			case 0:
				return home
			case 1:
				return geo.Point{Lat: r.Int32N(20e7) - 10e7, Lng: (180e7 - r.Int32N(2e7)) * int32(1-2*r.IntN(2))}
			default:
				return geo.Point{Lat: r.Int32N(10e7) - 5e7, Lng: r.Int32N(20e7) - 10e7}
			}
		}
		for round := range 24 {
			for range 15 {
				who := r.IntN(len(people))
				id, p := people[who], routes[people[who]]
				if p == nil || p.over {
					id = fmt.Sprint("r", len(routes))
					p = &plain{recorder: w.record(id)}
					people[who], routes[id] = id, p
				}
				switch r.IntN(12) {
				case 0:
					if _, err := p.recorder.Finish(t.Context()); err != nil {
						t.Fatal(err)
					}
					p.over = true
				case 1:
					if err := w.book.Delete(t.Context(), id); err != nil {
						t.Fatal(err)
					}
					p.over = true
				case 2: // another call goes on with it
					p.recorder = w.record(id)
				default:
					var fixes []route.Fix
					for range 1 + r.IntN(3) {
						f := route.Fix{Point: somewhere(), Time: time.Now()}
						if r.IntN(3) == 0 { // measured a while ago, or by a clock that is ahead
							f.Time = f.Time.Add(time.Duration(r.IntN(50)-45) * time.Minute)
						}
						if f.Time.Before(p.newest.Time) {
							f.Time = p.newest.Time
						}
						f.Time = time.UnixMilli(f.Time.UnixMilli())
						fixes, p.newest = append(fixes, f), f
					}
					p.taken, p.began = time.UnixMilli(time.Now().UnixMilli()), true
					w.add(p.recorder, fixes...)
				}
				time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
			}
			if r.IntN(4) == 0 {
				time.Sleep(time.Duration(r.IntN(40)) * time.Minute)
			}
			if round%8 == 7 { // the tables are read anew
				cancel()
				w.close()
				w = open(t, dir)
				ctx, cancel = context.WithCancel(t.Context())
				for i, area := range areas {
					views[i] = w.watch(ctx, area)
				}
				for id, p := range routes {
					if !p.over {
						p.recorder = w.record(id)
					}
				}
			}
			for i, area := range areas {
				got := views[i].settled(t)
				var want []string
				for id, p := range routes {
					if p.began && !p.over && p.expires().After(time.Now()) && area.Contains(p.newest.Point) {
						if want = append(want, id); got[id] != p.newest {
							t.Fatalf("round %d: in %v %s is told to be at %v, want %v", round, area, id, got[id], p.newest)
						}
					}
				}
				if len(got) != len(want) {
					t.Fatalf("round %d: in %v %d travelers are told, want %v", round, area, len(got), want)
				}
				slices.SortFunc(want, func(a, b string) int {
					return cmp.Or(routes[b].expires().Compare(routes[a].expires()), cmp.Compare(b, a))
				})
				if listed := ids(w.board, area, 1+r.IntN(5)); !slices.Equal(listed, want) {
					t.Fatalf("round %d: in %v are listed %v, want %v", round, area, listed, want)
				}
			}
		}
		cancel()
		w.close()
	})
}

// ids lists an area in pages.
func ids(b *traveler.Board, area geo.Rect, limit int) (all []string) {
	var last traveler.Mark
	for more := true; more; {
		var page []traveler.Traveler
		page, last, more, _ = b.List(context.Background(), area, time.Time{}, last, limit)
		for _, t := range page {
			all = append(all, t.Route)
		}
	}
	return all
}
