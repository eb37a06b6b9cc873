package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"routeguide/server/lab/leaktest"
	"routeguide/server/store"
)

// crashDir names the directory that this binary, started as a helper, writes to until it is killed.
const crashDir = "ROUTEGUIDE_STORE_CRASH_DIR"

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if dir := os.Getenv(crashDir); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	leaktest.VerifyTestMain(m)
}

// writeUntilKilled appends with ever more callers and prints the sequence and ID of each acknowledged entry.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Dir: dir})
	if err != nil {
		return err
	}
	l, err := s.Log(ctx, "NOTES", "n.>")
	if err != nil {
		return err
	}
	var mu sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	failed := make(chan error)
	for caller := range 200 {
		started := make(chan struct{})
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), caller, i)
				seq, err := l.Append(ctx, store.Entry{Subject: fmt.Sprintf("n.%d", caller), ID: id, Data: []byte(id)})
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Fprintln(out, seq, id)
				out.Flush()
				mu.Unlock()
				if i == 0 {
					close(started)
				}
			}
		}()
		<-started
	}
	return <-failed
}

// TestKilled kills a writing process again and again; what it has acknowledged is there, in order, and once.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := make(map[string]uint64)
	for round := range 4 {
		for id, seq := range runUntilKilled(t, dir, 20+round*400) {
			acknowledged[id] = seq
		}
		s := open(t, store.Options{Dir: dir})
		found := make(map[string]uint64)
		var before uint64
		for _, rec := range read(t, notes(t, s), subjects("n.>")) {
			if rec.Seq != before+1 {
				t.Fatalf("record %d follows %d", rec.Seq, before)
			}
			if _, ok := found[rec.ID]; ok || rec.ID != string(rec.Data) {
				t.Fatalf("record %d is damaged or doubled: %s, %q", rec.Seq, rec.ID, rec.Data)
			}
			found[rec.ID], before = rec.Seq, rec.Seq
		}
		for id, seq := range acknowledged {
			if found[id] != seq {
				t.Errorf("round %d: %s was acknowledged as %d and is %d", round, id, seq, found[id])
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: %d acknowledged, %d found", round, len(acknowledged), len(found))
	}
}

// runUntilKilled returns what the helper acknowledged before it was killed, at least n entries.
func runUntilKilled(t *testing.T, dir string, n int) map[string]uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := make(map[string]uint64)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // the last line may be cut off
		}
		seq, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		if acknowledged[id], err = strconv.ParseUint(seq, 10, 64); err != nil {
			t.Error(err)
		}
		if len(acknowledged) == n {
			checkLocked(t, dir, cmd.Process.Pid)
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < n {
		t.Fatalf("the helper ended by itself, after %d entries", len(acknowledged))
	}
	return acknowledged
}

func checkLocked(t *testing.T, dir string, pid int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), strconv.Itoa(pid)) {
		t.Errorf("opened a directory that process %d has open: %v", pid, err)
	}
	if err == nil {
		s.Close()
	}
}
