package note

import (
	"sync"

	"routeguide/server/geo"
	"routeguide/server/store"
)

type follower = store.Follower[Note]

// A hub hands each note that is written or deleted to those who follow its place, or an area around it. It is safe for concurrent use.
type hub struct {
	mu     sync.RWMutex
	places map[geo.Point]map[*follower]struct{}
	areas  geo.Areas[*follower]
	all    map[*follower]struct{} // everybody
}

func newHub() *hub {
	return &hub{places: make(map[geo.Point]map[*follower]struct{}), all: make(map[*follower]struct{})}
}

func (h *hub) begin() *follower {
	f := store.NewFollower[Note](followBuffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[f] = struct{}{}
	return f
}

// followPlace has a follower be offered the notes of a place, each once however often it is called.
func (h *hub) followPlace(f *follower, p geo.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	there := h.places[p]
	if there == nil {
		there = make(map[*follower]struct{})
		h.places[p] = there
	}
	there[f] = struct{}{}
}

// followArea has a follower be offered the notes of an area.
func (h *hub) followArea(f *follower, area geo.Rect) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.areas.Add(area, f)
}

func (h *hub) leavePlace(f *follower, p geo.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if delete(h.places[p], f); len(h.places[p]) == 0 {
		delete(h.places, p)
	}
}

func (h *hub) leaveArea(f *follower, area geo.Rect) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.areas.Remove(area, f)
}

// end ends what begin began; the follower has left all places and areas.
func (h *hub) end(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, f)
}

// committed implements store.Book.
func (h *hub) committed(events []store.Event) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, e := range events {
		n := e.Result.(*Note)
		if n == nil {
			continue
		}
		for f := range h.places[n.Location] {
			f.Offer(*n)
		}
		h.areas.At(n.Location, func(f *follower) { f.Offer(*n) })
	}
}

// load implements store.Book: of what a snapshot brought nobody was told, so everybody has to go on from a cursor.
func (h *hub) load(*store.Tx) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for f := range h.all {
		f.End(store.ErrSlow)
	}
	return nil
}
