package feature

import (
	"sync"

	"github.com/tidwall/rtree"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// followBuffer is how many edits a reader may lie behind; a queue has a pointer for each.
const followBuffer = 8192

// A follower is offered the edits of features that are or were in its area.
type follower struct {
	*store.Follower[*edit]
	area geo.Rect
}

// A hub hands each edit to those who follow an area around it. It is safe for concurrent use.
type hub struct {
	mu    sync.RWMutex
	areas rtree.RTreeG[*follower]
	all   map[*follower]struct{}
}

func newHub() *hub { return &hub{all: make(map[*follower]struct{})} }

func (h *hub) follow(area geo.Rect) *follower {
	f := &follower{store.NewFollower[*edit](followBuffer), area}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[f] = struct{}{}
	for _, part := range area.Split() {
		h.areas.Insert(corner(part.South, part.West), corner(part.North, part.East), f)
	}
	return f
}

func (h *hub) leave(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, f)
	for _, part := range f.area.Split() {
		h.areas.Delete(corner(part.South, part.West), corner(part.North, part.East), f)
	}
}

// tell offers edits, in their order, where the features are and where they were before.
func (h *hub) tell(edits []*edit, before []was) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if len(h.all) == 0 {
		return
	}
	for i, m := range edits {
		if m.shown {
			h.offer(m, m.Location, func(*follower) bool { return true })
		}
		if b := before[i]; b.there {
			h.offer(m, b.at, func(f *follower) bool { return !m.shown || !f.area.Contains(m.Location) })
		}
	}
}

func (h *hub) offer(m *edit, at geo.Point, to func(*follower) bool) {
	corner := corner(at.Lat, at.Lng)
	h.areas.Search(corner, corner, func(_, _ [2]float64, f *follower) bool {
		if to(f) {
			f.Offer(m)
		}
		return true
	})
}

// end ends all followers.
func (h *hub) end(err error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for f := range h.all {
		f.End(err)
	}
}
