package track

import "iter"

// blockPoints is how many points lie together.
const blockPoints = 4096

// points is a list that grows without being copied: a long one would be in memory twice.
type points struct {
	blocks [][]point // all but the last are full
}

func (p *points) len() int {
	if len(p.blocks) == 0 {
		return 0
	}
	last := len(p.blocks) - 1
	return last*blockPoints + len(p.blocks[last])
}

func (p *points) at(i int) *point { return &p.blocks[i/blockPoints][i%blockPoints] }

func (p *points) add(one point) {
	last := len(p.blocks) - 1
	switch {
	case last < 0:
		p.blocks = append(p.blocks, nil) // most lists are short: it grows as it is filled
		last = 0
	case len(p.blocks[last]) == blockPoints:
		p.blocks = append(p.blocks, make([]point, 0, blockPoints))
		last++
	}
	p.blocks[last] = append(p.blocks[last], one)
}

// from yields the points from one on.
func (p *points) from(i int) iter.Seq[*point] {
	return func(yield func(*point) bool) {
		for n := p.len(); i < n; i++ {
			if !yield(p.at(i)) {
				return
			}
		}
	}
}

// part is a copy of the points between two.
func (p *points) part(begin, end int) (part points) {
	for i := begin; i < end; i++ {
		part.add(*p.at(i))
	}
	return part
}

// Len, Less and Swap serve package sort: by time.
func (p *points) Len() int           { return p.len() }
func (p *points) Less(i, j int) bool { return p.at(i).time < p.at(j).time }
func (p *points) Swap(i, j int)      { a, b := p.at(i), p.at(j); *a, *b = *b, *a }
