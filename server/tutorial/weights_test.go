package tutorial

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestReadWeightsNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "line 1: EOF"},
		{"{", "line 1: unexpected EOF"},
		{"{}", "W0 and W1 are required"},
		{`{"W0": [[]], "W1": []}`, "W0 and W1 are required"},
		{`{"W0": [[1]]}`, "W0 and W1 are required"},
		{`{"W0": [[1, 2], [3]], "W1": [1, 2]}`, "W0[1] has length 1, W1 has 2"},
		{`{"W0": [[1], [null]], "W1": [1]}`, "W0[1][0] is null"},
		{`{"W0": [[1]], "W1": [null]}`, "W1[0] is null"},
		{"{\"W0\": [[1]],\n\"W1\": [\"1\"]}", "line 2: W1: a string cannot stand there"},
		{"{\"W0\": [[1]],\n\n\"W1\": [1e999]}", "line 3: W1: a number 1e999 cannot stand there"},
		{"{\"W0\": [1],\n\"W1\": [1]}", "line 1: W0: a number cannot stand there"},
		{"{\"W0\": [[1]],\n\"W1\": [NaN]}", "line 2: invalid character 'N'"},
		{"{\"W0\": [[1]],\n\"W1\": [1],\n\"b0\": [1]}", `unknown field "b0"`},
		{`{"W0": [[1]], "W1": [1]} {}`, "there is something after the object"},
	} {
		if w, err := readWeights([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v and %v, want %q", c.text, w, err, c.want)
		}
	}
}

// FuzzWeights uses and writes what was read: reading that again must give the same.
func FuzzWeights(f *testing.F) {
	f.Add([]byte(`{"W0": [[0.3, -1.2], [0.8, 0.1], [-0.5, 0.9]], "W1": [1.5, -0.7]}`))
	f.Add([]byte("{\"W0\": [[1], [null]], \"W1\": [1e999]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := readWeights(data)
		if err != nil {
			return
		}
		width := len(w.w0) / len(w.w1)
		if _, err := w.scores(t.Context(), newGraph(1, nil), [][]float32{make([]float32, width)}); err != nil {
			t.Fatal(err)
		}
		file, err := json.Marshal(map[string]any{"W0": slices.Collect(slices.Chunk(w.w0, len(w.w1))), "W1": w.w1})
		if err != nil {
			t.Fatal(err)
		}
		again, err := readWeights(file)
		if err != nil || !slices.Equal(w.w0, again.w0) || !slices.Equal(w.w1, again.w1) {
			t.Errorf("%q was written as %s and read as %v, %v", data, file, again, err)
		}
	})
}
