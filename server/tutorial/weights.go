package tutorial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxHidden is the most values that the hidden layer of one graph may have, 8 bytes each.
const maxHidden = 1 << 25

// weights are the two layers of a network with one output. They never change.
type weights struct {
	w0 []float64 // row by row: for each feature, its weight in each hidden unit
	w1 []float64 // for each hidden unit, its weight in the output
}

// openWeights reads the weights of a file: a JSON object with a matrix W0, which has a row for each feature and a column for
// each hidden unit, and a list W1, which has a number for each hidden unit. With three features and two hidden units:
//
//	{"W0": [[0.3, -1.2], [0.8, 0.1], [-0.5, 0.9]], "W1": [1.5, -0.7]}
func openWeights(path string) (*weights, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	w, err := readWeights(data)
	if err != nil {
		return nil, fmt.Errorf("read weights: %s: %w", path, err)
	}
	return w, nil
}

// readWeights reads the weights of a JSON text; its errors name the line or the number.
func readWeights(data []byte) (*weights, error) {
	var file struct {
		W0 [][]*float64
		W1 []*float64
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		at := d.InputOffset()
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &kind):
			at, err = kind.Offset, fmt.Errorf("%s: a %s cannot stand there", kind.Field, kind.Value)
		}
		return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(data[:min(at, int64(len(data)))], []byte("\n")), err)
	}
	if d.More() {
		return nil, errors.New("there is something after the object")
	}
	if len(file.W0) == 0 || len(file.W1) == 0 {
		return nil, errors.New("W0 and W1 are required, with at least one number each")
	}
	w := &weights{}
	for f, row := range file.W0 {
		if len(row) != len(file.W1) {
			return nil, fmt.Errorf("W0[%d] has length %d, W1 has %d", f, len(row), len(file.W1))
		}
		for h, v := range row {
			if v == nil {
				return nil, fmt.Errorf("W0[%d][%d] is null", f, h)
			}
			w.w0 = append(w.w0, *v)
		}
	}
	for h, v := range file.W1 {
		if v == nil {
			return nil, fmt.Errorf("W1[%d] is null", h)
		}
		w.w1 = append(w.w1, *v)
	}
	return w, nil
}

// scores is the scorer with weights: sigmoid(Â · ReLU(Â X W⁰) · W¹).
func (w *weights) scores(ctx context.Context, g *graph, features [][]float32) ([]float64, error) {
	hidden, nodes := len(w.w1), len(features)
	if got, want := len(features[0]), len(w.w0)/hidden; got != want {
		return nil, invalid("nodes[0].features", "has %d values, but the weights are for %d", got, want)
	}
	if nodes > maxHidden/hidden {
		return nil, status.Errorf(codes.ResourceExhausted, "%d nodes with %d hidden units each are more than %d values", nodes, hidden, maxHidden)
	}
	xw := make([]float64, nodes*hidden)
	for i, row := range features {
		if err := stopped(ctx, i); err != nil {
			return nil, err
		}
		out := xw[i*hidden : (i+1)*hidden]
		for f, v := range row {
			for h, weight := range w.w0[f*hidden : (f+1)*hidden] {
				out[h] += float64(v) * weight
			}
		}
	}
	x := make([]float64, nodes)
	unit := make([]float64, hidden)
	for i := range x {
		if err := stopped(ctx, i); err != nil {
			return nil, err
		}
		g.row(i, xw, unit)
		for h, v := range unit {
			x[i] += max(v, 0) * w.w1[h]
		}
	}
	y, err := g.propagate(ctx, x)
	if err != nil {
		return nil, err
	}
	for i, v := range y {
		y[i] = 1 / (1 + math.Exp(-v))
	}
	return y, nil
}
