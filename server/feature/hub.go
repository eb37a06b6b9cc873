package feature

import (
	"sync"

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
	areas geo.Areas[*follower]
	all   map[*follower]struct{}
}

func newHub() *hub { return &hub{all: make(map[*follower]struct{})} }

func (h *hub) follow(area geo.Rect) *follower {
	f := &follower{store.NewFollower[*edit](followBuffer), area}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[f] = struct{}{}
	h.areas.Add(area, f)
	return f
}

func (h *hub) leave(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, f)
	h.areas.Remove(f.area, f)
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
			h.areas.At(m.Location, func(f *follower) { f.Offer(m) })
		}
		if b := before[i]; b.there {
			h.areas.At(b.at, func(f *follower) {
				if !m.shown || !f.area.Contains(m.Location) { // who was not offered it yet
					f.Offer(m)
				}
			})
		}
	}
}

// end ends all followers.
func (h *hub) end(err error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for f := range h.all {
		f.End(err)
	}
}
