// Package leaktest finds goroutines that tests leave behind. It gives them the time that a busy machine may need to end;
// goleak by itself waits for less than half a second.
package leaktest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

const patience = time.Minute

// VerifyNone fails the test when goroutines are left that the options do not name.
func VerifyNone(t testing.TB, options ...goleak.Option) {
	t.Helper()
	settle(options)
	goleak.VerifyNone(t, options...)
}

// VerifyTestMain runs the tests of a package, and fails when they leave goroutines.
func VerifyTestMain(m *testing.M, options ...goleak.Option) {
	goleak.VerifyTestMain(patient{m, options}, options...)
}

type patient struct {
	*testing.M
	options []goleak.Option
}

func (p patient) Run() int {
	code := p.M.Run()
	if code == 0 {
		settle(p.options)
	}
	return code
}

// settle returns when no goroutine is left, or patience is at its end.
func settle(options []goleak.Option) {
	for end := time.Now().Add(patience); goleak.Find(options...) != nil && time.Now().Before(end); {
	}
}
