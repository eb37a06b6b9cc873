package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"routeguide/server/lab/leaktest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == nodeCommand { // a node is this program, started again
		main()
		return
	}
	leaktest.VerifyTestMain(m)
}

// Every fault, once: the long form is a command of its own.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "routeguide")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "routeguide/server").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-bin", bin, "-rounds", "1", "-writers", "3"}, &out, t.Output()); err != nil {
		t.Error(err)
	}
	t.Log("\n" + out.String())
}

// The count notices what is missing and what is there twice.
func TestVerdict(t *testing.T) {
	for _, bad := range []row{{fault: "fire", lost: 1}, {fault: "flood", doubled: 1}} {
		if err := (table{{fault: "none"}, bad}).verdict(); err == nil || !strings.Contains(err.Error(), bad.fault) {
			t.Errorf("%v is not told: %v", bad, err)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"-rounds=0"}, {"-only=("}, {"-only=nothing of the kind"}, {"more"}} {
		if err := run(context.Background(), args, t.Output(), t.Output()); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
