package tutorial

import (
	"context"
	"math"
)

// A graph is the matrix Â = D̃^-½ (A+I) D̃^-½ of an undirected graph, as compressed sparse rows. A has 1 for two different
// nodes with an edge, else 0. A graph never changes.
type graph struct {
	start []int     // the neighbours of node i are next[start[i]:start[i+1]]
	next  []int32   // without i itself
	scale []float64 // D̃^-½: 1/√(1 + number of neighbours)
}

// newGraph makes the graph of so many nodes with these edges. A repeated edge, in either direction, counts once; one from a
// node to itself does not count, since I stands for it.
func newGraph(nodes int, edges [][2]int32) *graph {
	g := &graph{start: make([]int, nodes+1), scale: make([]float64, nodes)}
	for _, e := range edges {
		if e[0] != e[1] {
			g.start[e[0]+1]++
			g.start[e[1]+1]++
		}
	}
	for i := range nodes {
		g.start[i+1] += g.start[i]
	}
	g.next = make([]int32, g.start[nodes])
	free := make([]int, nodes)
	copy(free, g.start)
	for _, e := range edges {
		if e[0] != e[1] {
			g.next[free[e[0]]], g.next[free[e[1]]] = e[1], e[0]
			free[e[0]]++
			free[e[1]]++
		}
	}
	g.deduplicate()
	for i := range nodes {
		g.scale[i] = 1 / math.Sqrt(float64(1+g.start[i+1]-g.start[i]))
	}
	return g
}

// deduplicate keeps the first of a node's equal neighbours.
func (g *graph) deduplicate() {
	seen := make([]int32, len(g.scale)) // 1 + the last node that had this neighbour
	kept, begin := 0, 0
	for i := range g.scale {
		end := g.start[i+1]
		for _, j := range g.next[begin:end] {
			if seen[j] != int32(i)+1 {
				seen[j] = int32(i) + 1
				g.next[kept] = j
				kept++
			}
		}
		begin, g.start[i+1] = end, kept
	}
	g.next = g.next[:kept]
}

// row sets out to the row of node i of Â X; X has len(out) columns and is stored row by row.
func (g *graph) row(i int, x, out []float64) {
	width := len(out)
	for k, v := range x[i*width : (i+1)*width] {
		out[k] = g.scale[i] * v
	}
	for _, j := range g.next[g.start[i]:g.start[i+1]] {
		scale := g.scale[j]
		for k, v := range x[int(j)*width : (int(j)+1)*width] {
			out[k] += scale * v
		}
	}
	for k := range out {
		out[k] *= g.scale[i]
	}
}

// propagate returns Â x for a column x.
func (g *graph) propagate(ctx context.Context, x []float64) ([]float64, error) {
	y := make([]float64, len(x))
	for i := range y {
		if err := stopped(ctx, i); err != nil {
			return nil, err
		}
		g.row(i, x, y[i:i+1])
	}
	return y, nil
}

// stopped returns why ctx ended. It is called for each row, and looks once in 256.
func stopped(ctx context.Context, row int) error {
	if row%256 == 0 && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// A scorer returns a score for each node of a graph; features has a row for each, all of one length.
type scorer func(ctx context.Context, g *graph, features [][]float32) ([]float64, error)

// meanScores is the scorer without weights: the mean of each row of Â Â X. That is Â Â times the column of the means of the
// rows of X, so one column is enough.
func meanScores(ctx context.Context, g *graph, features [][]float32) ([]float64, error) {
	x := make([]float64, len(features))
	for i, row := range features {
		for _, v := range row {
			x[i] += float64(v)
		}
		x[i] /= float64(len(row))
	}
	y, err := g.propagate(ctx, x)
	if err != nil {
		return nil, err
	}
	return g.propagate(ctx, y)
}
