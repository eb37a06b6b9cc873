package store_test

import (
	"fmt"
	"testing"

	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

// What one process was told is there at another as soon as that has reached it.
func TestReach(t *testing.T) {
	c := natstest.Start(t)
	at := func() *shelf {
		return open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
	}
	one, two := at(), at()
	for i := range 100 {
		if _, err := one.add(t.Context(), fmt.Sprint(i), "x"); err != nil {
			t.Fatal(err)
		}
		if err := two.store.Reach(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(two.all(t)); got != i+1 {
			t.Fatalf("%d texts are there, want %d", got, i+1)
		}
	}
}
