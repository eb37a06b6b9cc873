package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The suite's own client calls the suite's own server with a RouteGuide in between, through each door, and without one. All
// that passes without it has to pass with it, but for what a file in testdata says and why.
func TestConformance(t *testing.T) {
	bin := t.TempDir()
	build := func(packages ...string) {
		t.Helper()
		out, err := exec.Command("go", append([]string{"build", "-o", bin + "/"}, packages...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("the suite cannot be built (it is the Go module connectrpc.com/conformance, which must be there or be downloaded): %v\n%s", err, out)
		}
	}
	const suite = "connectrpc.com/conformance/cmd/"
	build(suite+"connectconformance", suite+"referenceclient", suite+"referenceserver", ".")
	if os.Getenv("ROUTEGUIDE_BIN") == "" {
		program := filepath.Join(bin, "routeguide")
		if out, err := exec.Command("go", "build", "-C", "../../..", "-o", program, "./server").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Setenv("ROUTEGUIDE_BIN", program)
	}
	const guide = "conformance"
	for _, run := range []struct {
		name, mode, doors string
		failing, flaky    string // files of patterns of cases that must fail, and that may
		under             string // the program under test
	}{
		{"native server alone", "server", "native", "", "", "referenceserver"},
		{"native server", "server", "native", "", "", guide},
		{"web server alone", "server", "web", "", "", "referenceserver"},
		{"web server", "server", "web", "", "", guide},
		{"native client alone", "client", "native", "", "", "referenceclient"},
		{"native client", "client", "native", "client.failing", "client.flaky", guide},
	} {
		t.Run(run.name, func(t *testing.T) {
			args := []string{"--mode", run.mode, "--conf", filepath.Join("testdata", run.doors+".yaml")}
			if run.failing != "" {
				args = append(args, "--known-failing", "@"+filepath.Join("testdata", run.failing))
			}
			if run.flaky != "" {
				args = append(args, "--known-flaky", "@"+filepath.Join("testdata", run.flaky))
			}
			args = append(args, "--", filepath.Join(bin, run.under))
			if run.under == guide {
				args = append(args, run.mode, filepath.Join(bin, "reference"+run.mode))
			}
			out, err := exec.CommandContext(t.Context(), filepath.Join(bin, "connectconformance"), args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			t.Log(strings.Join(lines[max(0, len(lines)-3):], "; "))
		})
	}
}
