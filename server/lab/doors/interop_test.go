package doors

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	officialClient = "google.golang.org/grpc/examples/route_guide/client"
	officialServer = "google.golang.org/grpc/examples/route_guide/server"
)

// official builds a program of the official examples, pinned beside the contract, and returns a command that runs it.
func official(ctx context.Context, t *testing.T, pkg string, args ...string) *exec.Cmd {
	t.Helper()
	bin := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=proto/tools.mod", "-o", bin, pkg)
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return exec.CommandContext(ctx, bin, args...)
}

// said returns what the official client printed, without times and without the route, whose points are random.
func said(t *testing.T, addr string) []string {
	t.Helper()
	out, err := official(t.Context(), t, officialClient, "-addr", addr).CombinedOutput()
	if err != nil {
		t.Fatalf("the official client: %v\n%s", err, out)
	}
	stamp := regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	var lines []string
	for line := range strings.Lines(string(out)) {
		line = stamp.ReplaceAllString(strings.TrimSpace(line), "")
		if strings.HasPrefix(line, "Traversing ") || strings.HasPrefix(line, "Route summary: ") {
			line, _, _ = strings.Cut(line, ":")
			line = strings.Join(strings.Fields(line)[:1], " ")
		}
		lines = append(lines, strings.ReplaceAll(line, "  ", " ")) // protobuf's text form varies its spaces
	}
	return lines
}

func TestOfficialClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	port := freePort(t)
	server := official(ctx, t, officialServer, "-port", port)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer cancel()
	theirs := said(t, waitFor(t, "localhost:"+port))
	ours := said(t, start(t).grpc)

	// Their server also sends a note back to the client that just wrote it.
	chat := func(lines []string) (rest, notes []string) {
		for _, l := range lines {
			if strings.HasPrefix(l, "Got message") {
				notes = append(notes, l)
			} else {
				rest = append(rest, l)
			}
		}
		return rest, notes
	}
	ourRest, ourNotes := chat(ours)
	theirRest, theirNotes := chat(theirs)
	if !slices.Equal(ourRest, theirRest) {
		t.Errorf("the client printed\n%s\nand with the official server\n%s", strings.Join(ourRest, "\n"), strings.Join(theirRest, "\n"))
	}
	echoed := regexp.MustCompile(`Got message (First|Second|Third) `)
	want := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(theirNotes))), func(l string) bool { return !echoed.MatchString(l) })
	if got := slices.Sorted(slices.Values(ourNotes)); !slices.Equal(got, want) {
		t.Errorf("the client got the notes %q, want %q", got, want)
	}
}

// A python runs programs with code that protoc generated for them.
type python struct {
	t   *testing.T
	dir string // of the generated code
}

// newPython generates code from the contract alone: files of the folder root, which their imports are relative to.
func newPython(t *testing.T, root string, files ...string) python {
	t.Helper()
	py := python{t, t.TempDir()}
	plugin, err := exec.LookPath("grpc_python_plugin")
	if err != nil {
		t.Fatalf("%v (`make setup` installs what the interop tests need)", err)
	}
	args := []string{"-I" + root, "--plugin=protoc-gen-grpc_python=" + plugin, "--python_out=" + py.dir, "--grpc_python_out=" + py.dir}
	py.run(exec.CommandContext(t.Context(), "protoc", append(args, files...)...))
	return py
}

// command returns a program of testdata, to be run.
func (py python) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(py.t.Context(), "/usr/bin/python3", args...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+py.dir, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

func (py python) run(cmd *exec.Cmd) string {
	py.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		py.t.Fatalf("%s: %v\n%s\n(`make setup` installs what the interop tests need)", cmd, err, out)
	}
	return string(out)
}

// A client in Python does what the tutorials' clients do, also when it compresses.
func TestPythonClient(t *testing.T) {
	py := newPython(t, "../../../proto/routeguide", "route_guide.proto")
	for _, compression := range []string{"NoCompression", "Gzip"} {
		py.prints("testdata/client.out", "testdata/client.py", start(t).grpc, compression) // on a store without notes
	}
}

// So do clients of the tutorials' other services, each made from its contract.
func TestPythonClientsOfTutorials(t *testing.T) {
	files, err := fs.Glob(os.DirFS("../../../proto"), "tutorial/*/*.proto")
	more, err2 := fs.Glob(os.DirFS("../../../proto"), "tutorial/*/*/*.proto")
	if err := errors.Join(err, err2); err != nil || len(files) < 8 {
		t.Fatalf("contracts %q, %v", files, err)
	}
	py := newPython(t, "../../../proto", append(files, more...)...)
	py.prints("testdata/tutorials.out", "testdata/tutorials.py", start(t).grpc)
}

// prints checks what a program prints against a file.
func (py python) prints(file string, args ...string) {
	py.t.Helper()
	got := py.run(py.command(args...))
	want, err := os.ReadFile(file)
	if err != nil {
		py.t.Fatal(err)
	}
	if got != string(want) {
		py.t.Errorf("the client printed\n%s\nwant\n%s", got, want)
	}
}
