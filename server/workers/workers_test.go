package workers

import (
	"sync"
	"testing"

	"routeguide/server/lab/leaktest"
)

func TestEveryFunctionRunsAtOnceAndNothingIsLeft(t *testing.T) {
	defer leaktest.VerifyNone(t)
	p := New()
	const many = 3 * mostIdle
	for range 20 {
		var met sync.WaitGroup
		met.Add(many)
		for range many {
			p.Go(func() { // ends when all the others run too
				met.Done()
				met.Wait()
			})
		}
		met.Wait()
	}
	ran := false
	p.Go(func() { p.Go(func() { ran = true }) })
	p.Close()
	if !ran {
		t.Error("a function was not waited for")
	}
}
