package tutorial

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/proto/tutorial/gcn"
)

// gcnService computes as many graphs at a time as there are processors; others wait their turn.
type gcnService struct {
	gcnpb.UnsafeGCNServiceServer
	score scorer
	turns chan struct{}
}

func newGCN(score scorer) *gcnService {
	return &gcnService{score: score, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

func (s *gcnService) ProcessGraph(ctx context.Context, r *gcnpb.GraphData) (*gcnpb.GCNResult, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	index, features, err := parseNodes(r.GetNodes())
	if err != nil {
		return nil, err
	}
	edges, err := parseEdges(r.GetEdges(), index)
	if err != nil {
		return nil, err
	}
	scores, err := s.score(ctx, newGraph(len(features), edges), features)
	if err != nil {
		return nil, err
	}
	result := &gcnpb.GCNResult{NodeScores: make(map[string]float32, len(scores))}
	for i, n := range r.GetNodes() {
		score := float32(scores[i])
		if !finite(score) {
			return nil, status.Errorf(codes.OutOfRange, "the score of node %.64q is beyond what a float holds", n.GetId())
		}
		result.NodeScores[n.GetId()] = score
	}
	return result, nil
}

// parseNodes checks the nodes and returns the position of each by its id, and the features in their order.
func parseNodes(nodes []*gcnpb.Node) (index map[string]int32, features [][]float32, err error) {
	if len(nodes) == 0 {
		return nil, nil, invalid("nodes", "a graph has at least one node")
	}
	index, features = make(map[string]int32, len(nodes)), make([][]float32, len(nodes))
	for i, n := range nodes {
		if n.GetId() == "" {
			return nil, nil, invalid(fmt.Sprintf("nodes[%d].id", i), "is required")
		}
		if first, ok := index[n.GetId()]; ok {
			return nil, nil, invalid(fmt.Sprintf("nodes[%d].id", i), "%.64q is already the id of nodes[%d]", n.GetId(), first)
		}
		index[n.GetId()], features[i] = int32(i), n.GetFeatures()
		if got, want := len(features[i]), len(features[0]); got != want {
			return nil, nil, invalid(fmt.Sprintf("nodes[%d].features", i), "has %d values, but nodes[0].features has %d", got, want)
		}
		for k, v := range features[i] {
			if !finite(v) {
				return nil, nil, invalid(fmt.Sprintf("nodes[%d].features[%d]", i, k), "%v is not a finite number", v)
			}
		}
	}
	if len(features[0]) == 0 {
		return nil, nil, invalid("nodes[0].features", "at least one is required")
	}
	return index, features, nil
}

// parseEdges returns the edges as pairs of positions.
func parseEdges(edges []*gcnpb.Edge, index map[string]int32) ([][2]int32, error) {
	pairs := make([][2]int32, len(edges))
	for i, e := range edges {
		source, ok := index[e.GetSourceId()]
		if !ok {
			return nil, invalid(fmt.Sprintf("edges[%d].source_id", i), "there is no node %.64q", e.GetSourceId())
		}
		target, ok := index[e.GetTargetId()]
		if !ok {
			return nil, invalid(fmt.Sprintf("edges[%d].target_id", i), "there is no node %.64q", e.GetTargetId())
		}
		pairs[i] = [2]int32{source, target}
	}
	return pairs, nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
