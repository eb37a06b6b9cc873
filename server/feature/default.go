package feature

import (
	"bytes"
	_ "embed"
	"sync"
)

// defaultJSON is route_guide/testdata/route_guide_db.json of the module google.golang.org/grpc/examples, unchanged.
// It is © the gRPC authors and licensed under the Apache License 2.0.
//
//go:embed default.json
var defaultJSON []byte

var parseDefault = sync.OnceValue(func() *Index {
	index, err := NewIndex(sequence(func(yield func(Described) bool) error {
		_, err := decode(bytes.NewReader(defaultJSON), yield)
		return err
	}))
	if err != nil {
		panic("feature: the embedded features: " + err.Error())
	}
	return index
})

// Default returns the 100 features, 64 of them named, that RouteGuide servers of every language come with.
func Default() *Index { return parseDefault() }
