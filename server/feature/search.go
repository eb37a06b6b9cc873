package feature

import (
	"cmp"
	"slices"
	"strings"

	"routeguide/server/geo"
)

// Bounds of a search, of the file's features and of edited ones: how many it may compare with the text, and of how many it
// may ask whether they lie in the area.
const (
	mostLooked = 10_000
	mostAsked  = 100_000
)

// A mention is a word that an edited feature has.
type mention struct {
	word  string
	words int // that the feature has in all
	edit  *edit
}

// before has features with few words come first among those of a word; see words.
func (a mention) before(b mention) bool {
	return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.words, b.words), cmp.Compare(a.edit.ID, b.edit.ID)) < 0
}

// mentions yields the mentions of m, each once.
func (m *edit) mentions(yield func(mention) bool) {
	all := strings.Fields(m.folded())
	slices.Sort(all)
	all = slices.Compact(all)
	for _, w := range all {
		if !yield(mention{w, len(all), m}) {
			return
		}
	}
}

// folded is the words that d is found by.
func (d Described) folded() string {
	if d.Details == (Details{}) {
		return folded(d.Name)
	}
	return folded(d.Name) + folded(d.Description) + folded(d.Category)
}

// A Query says what to search for.
type Query struct {
	Text  string    // its words are each the beginning of a word of the feature
	Area  *geo.Rect // only in it, and those near its middle first; nil: anywhere
	Limit int       // at the most so many
}

// Prepare makes what Search needs. Otherwise the first search does, which takes about two seconds for a million features.
func (b *Book) Prepare() { b.base.words() }

// A match is a feature that was found. Lesser ones are better.
type match struct {
	tier   int
	metres float64 // from the middle of the area, if there is one
	name   string  // folded
	i      uint32  // in the file, or among
	edit   *edit   // the edits that were looked at
}

func (m match) compare(o match) int {
	order := cmp.Or(cmp.Compare(m.tier, o.tier), cmp.Compare(m.metres, o.metres))
	if order == 0 {
		order = cmp.Or(strings.Compare(m.name, o.name), cmp.Compare(m.i, o.i))
	}
	return order
}

// Search returns the features that have all words of a text, whatever their case and accents: first those whose name begins
// with it, then those with all words in the name, then those with some in the description or category. Of very many only
// some are looked at, those with few words first, and truncated says so.
func (e *Edition) Search(q Query) (found []Entry, truncated bool) {
	text := folded(q.Text)
	if text == "" {
		return nil, false
	}
	best := make([]match, 0, q.Limit+1)
	look := func(m match, d Described) {
		var ok bool
		if m.name, m.tier, ok = d.match(text); !ok {
			return
		}
		if q.Area != nil {
			m.metres = geo.Distance(q.Area.Middle(), d.Location)
		}
		if len(best) == q.Limit && m.compare(best[q.Limit-1]) >= 0 {
			return
		}
		at, _ := slices.BinarySearchFunc(best, m, match.compare)
		best = slices.Insert(best, at, m)
		best = best[:min(len(best), q.Limit)]
	}
	ofFile, cut := e.candidates(text, q.Area)
	for _, i := range ofFile {
		look(match{i: i}, e.base.described(i))
	}
	edited, cutToo := e.editedCandidates(text, q.Area)
	for i, m := range edited {
		look(match{i: uint32(i), edit: m}, m.Described)
	}
	for _, m := range best {
		if m.edit != nil {
			found = append(found, m.edit.Entry)
		} else {
			found = append(found, e.base.entry(m.i))
		}
	}
	return found, cut || cutToo
}

// match returns the folded name of d and how well a folded text finds d, from 0, if it does.
func (d Described) match(text string) (name string, tier int, ok bool) {
	name = folded(d.Name)
	if strings.HasPrefix(name, text) {
		return name, 0, true
	}
	if hasAll(name, text) {
		return name, 1, true
	}
	return name, 2, d.Details != (Details{}) && hasAll(d.folded(), text)
}

// hasAll reports whether each word of a folded text is the beginning of one of another.
func hasAll(in, text string) bool {
	for len(text) > 0 {
		end := strings.IndexByte(text[1:], ' ') + 1
		if end == 0 {
			end = len(text)
		}
		if !strings.Contains(in, text[:end]) {
			return false
		}
		text = text[end:]
	}
	return true
}

// candidates returns the features of the file that may have all words of a folded text, each once: those in the area or those
// with the rarest word, whichever are fewer. Where they are too many it returns the first ones and true.
func (e *Edition) candidates(text string, area *geo.Rect) (found []uint32, cut bool) {
	words := e.base.words()
	var rarest []uint32
	for i, w := range strings.Fields(text) {
		if with := words.with(w); i == 0 || len(with) < len(rarest) {
			rarest = with
		}
	}
	if area != nil {
		if within, all := atMost(&e.base.tree, *area, min(len(rarest), mostLooked)); all {
			rarest = within
		}
	}
	looked := make(map[uint32]struct{}, min(len(rarest), mostLooked))
	for n, i := range rarest {
		if n == mostAsked || len(found) == mostLooked {
			return found, true
		}
		if _, again := looked[i]; !again && !e.hidden.has(i) && (area == nil || area.Contains(e.base.features[i].Location)) {
			looked[i] = struct{}{}
			found = append(found, i)
		}
	}
	return found, false
}

// editedCandidates is candidates for edited features.
func (e *Edition) editedCandidates(text string, area *geo.Rect) (found []*edit, cut bool) {
	if area != nil {
		if within, all := atMost(e.tree, *area, mostLooked); all {
			return within, false
		}
	}
	for i, w := range strings.Fields(text) {
		var with []*edit
		looked := make(map[*edit]struct{})
		asked, more := 0, false
		e.words.Ascend(mention{word: w, edit: &edit{}}, func(m mention) bool {
			if !strings.HasPrefix(m.word, w) {
				return false
			}
			if more = asked == mostAsked || len(with) == mostLooked; more {
				return false
			}
			asked++
			if _, again := looked[m.edit]; !again && (area == nil || area.Contains(m.edit.Location)) {
				looked[m.edit] = struct{}{}
				with = append(with, m.edit)
			}
			return true
		})
		if i == 0 || len(with) < len(found) {
			found, cut = with, more
		}
	}
	return found, cut
}
