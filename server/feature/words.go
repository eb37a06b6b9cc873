package feature

import (
	"slices"
	"sort"
	"strings"
)

// words finds the features of a file by their words: the distinct words in order, and for each the features that have it,
// those with few words first. A feature named "Rome" comes before all those that have more to their name.
type words struct {
	text   string   // the words, one after the other
	ends   []uint32 // where each ends in text
	starts []uint32 // where the features of each begin in found, and where the last ends
	found  []uint32
}

// newWords is the work of about two seconds for a million features.
func newWords(x *Index) *words {
	number := make(map[string]uint32) // of each word, in the order in which they come
	var all []uint32                  // the words of all features
	ends := make([]uint32, len(x.features))
	for i := range x.features {
		first := len(all)
		for w := range strings.FieldsSeq(x.described(uint32(i)).folded()) {
			n, known := number[w]
			if !known {
				n = uint32(len(number))
				number[strings.Clone(w)] = n
			}
			if !slices.Contains(all[first:], n) {
				all = append(all, n)
			}
		}
		ends[i] = uint32(len(all))
	}
	of := func(i uint32) []uint32 {
		if i == 0 {
			return all[:ends[0]]
		}
		return all[ends[i-1]:ends[i]]
	}

	sorted := make([]string, 0, len(number))
	for w := range number {
		sorted = append(sorted, w)
	}
	slices.Sort(sorted)
	w := &words{ends: make([]uint32, len(sorted)), starts: make([]uint32, len(sorted)+1), found: make([]uint32, len(all))}
	var text strings.Builder
	place := make([]uint32, len(sorted)) // of a word in the order, by its number
	for i, word := range sorted {
		text.WriteString(word)
		w.ends[i], place[number[word]] = uint32(text.Len()), uint32(i)
	}
	w.text = text.String()

	for _, n := range all {
		w.starts[place[n]+1]++
	}
	for i := range sorted {
		w.starts[i+1] += w.starts[i]
	}
	byCount := make([]uint32, len(x.features))
	for i := range byCount {
		byCount[i] = uint32(i)
	}
	slices.SortStableFunc(byCount, func(a, b uint32) int { return len(of(a)) - len(of(b)) })
	next := slices.Clone(w.starts)
	for _, i := range byCount {
		for _, n := range of(i) {
			w.found[next[place[n]]] = i
			next[place[n]]++
		}
	}
	return w
}

func (w *words) word(i int) string {
	start := uint32(0)
	if i > 0 {
		start = w.ends[i-1]
	}
	return w.text[start:w.ends[i]]
}

// with returns the features that have a word which begins with prefix, word by word; one comes twice if it has two such words.
func (w *words) with(prefix string) []uint32 {
	from := sort.Search(len(w.ends), func(i int) bool { return w.word(i) >= prefix })
	to := from + sort.Search(len(w.ends)-from, func(i int) bool { return !strings.HasPrefix(w.word(from+i), prefix) })
	return w.found[w.starts[from]:w.starts[to]]
}
