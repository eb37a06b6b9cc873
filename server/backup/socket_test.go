package backup

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"routeguide/server/store"
)

func serve(t *testing.T, dir string, st *store.Store) *Server {
	t.Helper()
	s, err := Serve(dir, st, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whoever may read the directory may fetch from it, and nobody else; the name of the directory may be long.
func TestFetch(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS == "linux" {
		dir = filepath.Join(dir, strings.Repeat("long", 30))
	}
	st := open(t, dir)
	if _, err := Fetch(t.Context(), dir, io.Discard, quiet); !errors.Is(err, ErrNotServed) {
		t.Errorf("without a server: %v", err)
	}
	killed := serve(t, dir, st) // it leaves its socket behind
	defer killed.Close()
	s := serve(t, dir, st)
	defer s.Close()
	if info, err := os.Stat(filepath.Join(dir, socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	_, err := Fetch(t.Context(), dir, io.Discard, quiet)
	if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), ErrEmpty.Error()) {
		t.Errorf("a store without logs: %v", err)
	}
	fill(t, st, 300)
	var file bytes.Buffer
	if _, err := Fetch(t.Context(), dir, &file, quiet); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), &file, quiet); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".export-*")); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

// A reader that does not read does not keep a server from closing.
func TestCloseCutsOff(t *testing.T) {
	dir := t.TempDir()
	st := open(t, dir)
	fill(t, st, 3000)
	s := serve(t, dir, st)
	conn, err := net.Dial("unix", filepath.Join(dir, socketName))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := Check(t.Context(), conn, quiet); !errors.Is(err, ErrFile) {
		t.Errorf("the file was %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, socketName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
