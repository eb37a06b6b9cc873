//go:build unix

package feature_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"routeguide/server/feature"
)

// TestOpenOfASilentPipeIsCanceled has a writer that holds the pipe open and never ends.
func TestOpenOfASilentPipeIsCanceled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	defer writing.Wait()
	defer writer.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	writing.Go(func() {
		// More than a pipe holds: once it is written, Open reads.
		if _, err := writer.WriteString("[" + strings.Repeat(" ", 1<<20)); err != nil {
			t.Error(err)
		}
		cancel(stopped)
	})
	if _, err := feature.Open(ctx, path, quiet); !errors.Is(err, stopped) {
		t.Errorf("Open fails with %v, want the cause of the cancellation", err)
	}
}
