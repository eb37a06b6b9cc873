package doors

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"routeguide/proto/tutorial/gcn"
)

// longRing is a ring of nodes with names of so many bytes, of which one in two has the feature 1 and the others have 0.
func longRing(nodes, bytes int) *gcnpb.GraphData {
	name := func(i int) string { return fmt.Sprintf("%0*d", bytes, i%nodes) }
	g := &gcnpb.GraphData{}
	for i := range nodes {
		g.Nodes = append(g.Nodes, &gcnpb.Node{Id: name(i), Features: []float32{float32(i % 2)}})
		g.Edges = append(g.Edges, &gcnpb.Edge{SourceId: name(i), TargetId: name(i + 1)})
	}
	return g
}

const maxMessage = 4 << 20 // bytes of a message, if -max-message says nothing else

// A graph may be longer where -max-message lets it.
func TestLargeGraphThroughEveryDoor(t *testing.T) {
	const nodes = 2000
	graph := longRing(nodes, 1000)
	if n := proto.Size(graph); n < 5<<20 {
		t.Fatalf("the graph has %d bytes", n)
	}
	throughEachDoor(t, func(v visitor) {
		r, err := gcnpb.NewGCNServiceClient(v.connection()).ProcessGraph(v.t.Context(), graph)
		if err != nil || len(r.GetNodeScores()) != nodes {
			v.t.Fatalf("%d scores, %v", len(r.GetNodeScores()), err)
		}
		for _, n := range graph.Nodes {
			// A node of 0 has 2/3 of it around it, one of 1 has 1/3; the second step does it again.
			want := 4./9 + float64(n.Features[0])/9
			if got := float64(r.NodeScores[n.Id]); math.Abs(got-want) > 1e-6 {
				v.t.Fatalf("the score of %s is %v, want %v", strings.TrimLeft(n.Id, "0"), got, want)
			}
		}
	}, "-max-message", fmt.Sprint(64<<20))
}

func TestGraphThatIsTooLarge(t *testing.T) {
	graph := &gcnpb.GraphData{Nodes: []*gcnpb.Node{{Id: strings.Repeat("x", maxMessage), Features: []float32{1}}}}
	p := start(t)
	for _, d := range []door{doors[0], doors[1], doors[4]} { // native, WebSocket, REST: the others would do the same slowly
		v := visitor{t, p, d}
		_, err := gcnpb.NewGCNServiceClient(v.connection()).ProcessGraph(t.Context(), graph)
		v.failed(err, codes.ResourceExhausted, fmt.Sprint(maxMessage))
	}
}
