package route

import (
	"container/heap"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"routeguide/server/geo"
	"routeguide/server/store"
)

// aheadAll is how many points Past reads ahead, of all routes together; fewer in a test.
var aheadAll = 65_536

// Of each route it reads no fewer ahead, and no more.
const (
	aheadLeast = 8
	aheadMost  = 512
)

// Past tells the points in an area that come after a moment and were measured before a time, in the order of time. Hidden
// routes are left out. It reads some at a time, as they are known then: of points that come late, or of routes that are made
// anew, it tells those that are after what it has told.
//
// Errors: those of store.
func (b *Book) Past(ctx context.Context, area geo.Rect, after store.Moment, before time.Time) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		p := &past{book: b, area: area, after: after, before: before, more: true}
		for {
			s, err := p.next(ctx)
			if err != nil {
				yield(Step{}, fmt.Errorf("read the past: %w", err))
				return
			}
			if s == nil || !yield(*s, nil) {
				return
			}
		}
	}
}

// A past is how far somebody has come who is told of it. Of each route that is under way then it has some points; the routes
// that begin later wait, some of them.
type past struct {
	book   *Book
	area   geo.Rect
	after  store.Moment
	before time.Time

	under   walks
	waiting []row
	last    Cursor // of the routes that wait
	more    bool   // come after these
}

// A walk is a route that is under way.
type walk struct {
	row
	fixes []Fix  // the next points
	first uint32 // the number of their first
}

func (w *walk) moment() store.Moment {
	return store.Moment{Time: w.fixes[0].Time, Keys: [2]int64{w.id, int64(w.first)}}
}

// next returns the next point, or nil when there is none.
func (p *past) next(ctx context.Context) (*Step, error) {
	for {
		if err := p.begin(ctx); err != nil {
			return nil, err
		}
		if len(p.under) == 0 || !p.under[0].fixes[0].Time.Before(p.before) {
			return nil, nil
		}
		w := p.under[0]
		s := &Step{Route: w.ID, Traveler: w.Traveler, Fix: w.fixes[0], Moment: w.moment()}
		w.fixes, w.first = w.fixes[1:], w.first+1
		if len(w.fixes) == 0 {
			if err := p.read(ctx, w); err != nil {
				return nil, err
			}
		}
		if len(w.fixes) > 0 {
			heap.Fix(&p.under, 0)
		} else {
			heap.Pop(&p.under)
		}
		if p.area.Contains(s.Fix.Point) && p.after.Before(s.Moment) {
			p.after = s.Moment
			return s, nil
		}
	}
}

// begin has those routes be under way that begin before the next point, or at its time.
func (p *past) begin(ctx context.Context) error {
	for {
		if len(p.waiting) == 0 && p.more {
			err := p.book.store.View(ctx, func(tx *store.Tx) (err error) {
				p.waiting, p.more, err = shown(tx, p.area, p.last, "time >= ? AND start < ?", p.after.Time.UnixMilli(), p.before.UnixMilli())
				return err
			})
			if err != nil {
				return err
			}
		}
		if len(p.waiting) == 0 || len(p.under) > 0 && p.waiting[0].Start.After(p.under[0].fixes[0].Time) {
			return nil
		}
		w := &walk{row: p.waiting[0]}
		p.waiting, p.last = p.waiting[1:], Cursor{w.Start.UnixMilli(), w.id}
		w.Sketch, w.anew = Sketch{}, 0
		if err := p.read(ctx, w); err != nil {
			return err
		}
		if len(w.fixes) > 0 {
			heap.Push(&p.under, w)
		}
	}
}

// read reads the next points of a route, none when there are no more.
func (p *past) read(ctx context.Context, w *walk) error {
	return p.book.store.View(ctx, func(tx *store.Tx) error {
		r, known, err := find(tx, "id = ?", w.id)
		if err != nil || !known || r.deleted {
			return err
		}
		if w.first == 0 || r.anew != w.anew { // its points may have other numbers
			w.anew = r.anew
			if w.first, err = seek(tx, r, p.after.Time.UnixMilli()); err != nil {
				return err
			}
		}
		ahead := min(max(aheadAll/(len(p.under)+1), aheadLeast), aheadMost)
		fixes, next, err := points(tx, r, w.first, ahead)
		w.fixes = slices.Clone(fixes[:min(ahead, len(fixes))]) // so that the rest takes no memory
		if n := next - uint32(len(fixes)); n > w.first {
			w.first = n
		}
		return err
	})
}

// walks are a heap, the one with the next point first.
type walks []*walk

func (w walks) Len() int           { return len(w) }
func (w walks) Less(i, j int) bool { return w[i].moment().Before(w[j].moment()) }
func (w walks) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *walks) Push(x any)        { *w = append(*w, x.(*walk)) }
func (w *walks) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
