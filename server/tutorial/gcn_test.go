package tutorial

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"routeguide/proto/tutorial/gcn"
)

func node(id string, features ...float32) *gcnpb.Node { return &gcnpb.Node{Id: id, Features: features} }

func edge(source, target string) *gcnpb.Edge { return &gcnpb.Edge{SourceId: source, TargetId: target} }

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

func TestPropagateAlongAPath(t *testing.T) {
	g := newGraph(3, [][2]int32{{0, 1}, {1, 2}})
	once, err := g.propagate(t.Context(), []float64{1, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := g.propagate(t.Context(), once)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if want := []float64{1. / 2, 1 / math.Sqrt(6), 0}[i]; !near(once[i], want, 1e-15) {
			t.Errorf("ÂX of node %d is %v, want %v", i, once[i], want)
		}
		if want := []float64{5. / 12, 5 / (6 * math.Sqrt(6)), 1. / 6}[i]; !near(twice[i], want, 1e-15) {
			t.Errorf("ÂÂX of node %d is %v, want %v", i, twice[i], want)
		}
	}
}

func TestProcessGraph(t *testing.T) {
	c := gcnpb.NewGCNServiceClient(start(t, t.TempDir(), Options{}))
	pair := []*gcnpb.Node{node("a", .1, .2, .3), node("b", .4, .5, .6)}
	for name, q := range map[string]struct {
		graph *gcnpb.GraphData
		want  map[string]float64
	}{
		"path": {
			&gcnpb.GraphData{
				Nodes: []*gcnpb.Node{node("A", 1), node("B", 0), node("C", 0)},
				Edges: []*gcnpb.Edge{edge("A", "B"), edge("B", "C")},
			},
			map[string]float64{"A": 5. / 12, "B": 5 / (6 * math.Sqrt(6)), "C": 1. / 6},
		},
		"pair":              {&gcnpb.GraphData{Nodes: pair, Edges: []*gcnpb.Edge{edge("a", "b")}}, map[string]float64{"a": .35, "b": .35}},
		"pair in all ways":  {&gcnpb.GraphData{Nodes: pair, Edges: []*gcnpb.Edge{edge("a", "b"), edge("b", "a"), edge("a", "b"), edge("a", "a")}}, map[string]float64{"a": .35, "b": .35}},
		"pair not joined":   {&gcnpb.GraphData{Nodes: pair}, map[string]float64{"a": .2, "b": .5}},
		"one node":          {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("ö", -3, 4)}}, map[string]float64{"ö": .5}},
		"joined to itself":  {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 7)}, Edges: []*gcnpb.Edge{edge("a", "a")}}, map[string]float64{"a": 7}},
		"greatest features": {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", math.MaxFloat32, math.MaxFloat32)}}, map[string]float64{"a": math.MaxFloat32}},
	} {
		r, err := c.ProcessGraph(t.Context(), q.graph)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(r.GetNodeScores()) != len(q.want) {
			t.Errorf("%s: got %d scores, want %d", name, len(r.GetNodeScores()), len(q.want))
		}
		for id, want := range q.want {
			if got, ok := r.GetNodeScores()[id]; !ok || !near(float64(got), want, 1e-6) {
				t.Errorf("%s: the score of %s is %v, want %v", name, id, got, want)
			}
		}
	}
}

func TestProcessGraphRefusesBadGraphs(t *testing.T) {
	c := gcnpb.NewGCNServiceClient(start(t, t.TempDir(), Options{}))
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	star := &gcnpb.GraphData{Nodes: []*gcnpb.Node{node("hub", math.MaxFloat32)}}
	for i := range 20 {
		star.Nodes = append(star.Nodes, node(strconv.Itoa(i), math.MaxFloat32))
		star.Edges = append(star.Edges, edge("hub", strconv.Itoa(i)))
	}
	for name, q := range map[string]struct {
		graph *gcnpb.GraphData
		field string
	}{
		"empty":              {&gcnpb.GraphData{}, "nodes"},
		"edges only":         {&gcnpb.GraphData{Edges: []*gcnpb.Edge{edge("a", "b")}}, "nodes"},
		"no id":              {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1), node("", 1)}}, "nodes[1].id"},
		"duplicate id":       {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1), node("b", 1), node("a", 2)}}, "nodes[2].id"},
		"no features":        {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a"), node("b")}}, "nodes[0].features"},
		"fewer features":     {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1, 2), node("b", 1)}}, "nodes[1].features"},
		"more features":      {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1), node("b", 1, 2)}}, "nodes[1].features"},
		"not a number":       {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1, nan)}}, "nodes[0].features[1]"},
		"infinite":           {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1), node("b", -inf)}}, "nodes[1].features[0]"},
		"unknown source":     {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1)}, Edges: []*gcnpb.Edge{edge("x", "a")}}, "edges[0].source_id"},
		"unknown target":     {&gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1)}, Edges: []*gcnpb.Edge{edge("a", "a"), edge("a", "")}}, "edges[1].target_id"},
		"beyond what's held": {star, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.ProcessGraph(t.Context(), q.graph)
			if q.field == "" {
				wantCode(t, err, codes.OutOfRange)
			} else {
				wantCode(t, err, codes.InvalidArgument, q.field)
			}
		})
	}
}

// ring is n nodes in a circle, each joined to the k next ones on either side, where node i has the feature
// cos(2πi·wave/n). That is an eigenvector of Â, with the eigenvalue that it returns.
func ring(n, k, wave int) (*gcnpb.GraphData, float64) {
	r := &gcnpb.GraphData{}
	angle := 2 * math.Pi * float64(wave) / float64(n)
	for i := range n {
		r.Nodes = append(r.Nodes, node(strconv.Itoa(i), float32(math.Cos(float64(i)*angle))))
		for d := 1; d <= k; d++ {
			r.Edges = append(r.Edges, edge(strconv.Itoa(i), strconv.Itoa((i+d)%n)))
		}
	}
	eigenvalue := 1.0
	for d := 1; d <= k; d++ {
		eigenvalue += 2 * math.Cos(float64(d)*angle)
	}
	return r, eigenvalue / float64(1+2*k)
}

func TestProcessGraphOfAMillionEdges(t *testing.T) {
	c := gcnpb.NewGCNServiceClient(start(t, t.TempDir(), Options{}))
	graph, eigenvalue := ring(100_000, 10, 2500)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := c.ProcessGraph(ctx, graph)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range graph.GetNodes() {
		if got, want := r.GetNodeScores()[n.GetId()], eigenvalue*eigenvalue*float64(n.GetFeatures()[0]); !near(float64(got), want, 1e-6) {
			t.Fatalf("the score of %s is %v, want %v", n.GetId(), got, want)
		}
	}
}

func BenchmarkProcessGraphOfAMillionEdges(b *testing.B) {
	graph, _ := ring(100_000, 10, 2500)
	s := newGCN(meanScores)
	for b.Loop() {
		if _, err := s.ProcessGraph(b.Context(), graph); err != nil {
			b.Fatal(err)
		}
	}
}

func TestScorersMatchDenseMatrices(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 0))
		nodes, width, hidden := 1+random.IntN(12), 1+random.IntN(4), 1+random.IntN(4)
		var edges [][2]int32
		for range random.IntN(3 * nodes) {
			edges = append(edges, [2]int32{random.Int32N(int32(nodes)), random.Int32N(int32(nodes))})
		}
		x, features := newMatrix(nodes, width), make([][]float32, nodes)
		for i := range x {
			for k := range x[i] {
				features[i] = append(features[i], float32(random.NormFloat64()))
				x[i][k] = float64(features[i][k])
			}
		}
		w := &weights{}
		w0, w1 := newMatrix(width, hidden), newMatrix(hidden, 1)
		for _, row := range w0 {
			for h := range row {
				row[h] = random.NormFloat64()
			}
			w.w0 = append(w.w0, row...)
		}
		for _, row := range w1 {
			row[0] = random.NormFloat64()
			w.w1 = append(w.w1, row[0])
		}
		a := normalized(nodes, edges)
		mean := a.times(a).times(x)
		layer := a.times(x).times(w0)
		for _, row := range layer {
			for h := range row {
				row[h] = max(0, row[h])
			}
		}
		output := a.times(layer).times(w1)
		g := newGraph(nodes, edges)
		means, err := meanScores(t.Context(), g, features)
		if err != nil {
			t.Fatal(err)
		}
		weighted, err := w.scores(t.Context(), g, features)
		if err != nil {
			t.Fatal(err)
		}
		for i := range nodes {
			sum := 0.0
			for _, v := range mean[i] {
				sum += v
			}
			if want := sum / float64(width); !near(means[i], want, 1e-12) {
				t.Errorf("seed %d: the mean score of node %d is %v, want %v", seed, i, means[i], want)
			}
			if want := 1 / (1 + math.Exp(-output[i][0])); !near(weighted[i], want, 1e-12) {
				t.Errorf("seed %d: the weighted score of node %d is %v, want %v", seed, i, weighted[i], want)
			}
		}
	}
}

// A matrix is dense.
type matrix [][]float64

func newMatrix(rows, columns int) matrix {
	m := make(matrix, rows)
	for i := range m {
		m[i] = make([]float64, columns)
	}
	return m
}

func (m matrix) times(other matrix) matrix {
	product := newMatrix(len(m), len(other[0]))
	for i := range product {
		for j := range product[i] {
			for k := range other {
				product[i][j] += m[i][k] * other[k][j]
			}
		}
	}
	return product
}

// normalized is D̃^-½ (A+I) D̃^-½ as the paper writes it, multiplied out.
func normalized(nodes int, edges [][2]int32) matrix {
	a, root := newMatrix(nodes, nodes), newMatrix(nodes, nodes)
	for i := range nodes {
		a[i][i] = 1
	}
	for _, e := range edges {
		a[e[0]][e[1]], a[e[1]][e[0]] = 1, 1
	}
	for i, row := range a {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		root[i][i] = math.Pow(sum, -0.5)
	}
	return root.times(a).times(root)
}

func TestScorersStopWithTheCall(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	w := &weights{w0: []float64{1}, w1: []float64{1}}
	for name, score := range map[string]scorer{"mean": meanScores, "weighted": w.scores} {
		if _, err := score(ctx, newGraph(1, nil), [][]float32{{1}}); !errors.Is(err, gone) {
			t.Errorf("%s: got %v, want %v", name, err, gone)
		}
	}
}

func TestAGraphThatWaitsForItsTurnEndsWithTheCall(t *testing.T) {
	s := newGCN(meanScores)
	for range cap(s.turns) {
		s.turns <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	graph := &gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1)}}
	if _, err := s.ProcessGraph(ctx, graph); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	<-s.turns
	if _, err := s.ProcessGraph(t.Context(), graph); err != nil {
		t.Error(err)
	}
}

func TestProcessGraphWithWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weights.json")
	if err := os.WriteFile(path, []byte(`{"W0": [[2, -1], [1, 1]], "W1": [1, -3]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := gcnpb.NewGCNServiceClient(start(t, t.TempDir(), Options{Weights: path}))
	// Every row of ÂX is (1, 2): the hidden layer is (4, 1), the output 4-3 = 1.
	pair := []*gcnpb.Edge{edge("a", "b")}
	r, err := c.ProcessGraph(t.Context(), &gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 0, 4), node("b", 2, 0)}, Edges: pair})
	if err != nil {
		t.Fatal(err)
	}
	want := 1 / (1 + math.Exp(-1))
	for _, id := range []string{"a", "b"} {
		if got := r.GetNodeScores()[id]; !near(float64(got), want, 1e-6) {
			t.Errorf("the score of %s is %v, want %v", id, got, want)
		}
	}
	_, err = c.ProcessGraph(t.Context(), &gcnpb.GraphData{Nodes: []*gcnpb.Node{node("a", 1, 2, 3)}})
	wantCode(t, err, codes.InvalidArgument, "nodes[0].features")
}

func TestWeightsBoundTheHiddenLayer(t *testing.T) {
	w := &weights{w0: make([]float64, 1<<20), w1: make([]float64, 1<<20)}
	features := make([][]float32, maxHidden>>20+1)
	for i := range features {
		features[i] = []float32{1}
	}
	_, err := w.scores(t.Context(), newGraph(len(features), nil), features)
	wantCode(t, err, codes.ResourceExhausted)
}
