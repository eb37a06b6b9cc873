package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"routeguide/server/lab/loopback"
	"routeguide/server/lab/natstest"
	"routeguide/server/store"
)

// cutPast returns when the stream no longer has a message.
func cutPast(t *testing.T, c *natstest.Cluster, message uint64) {
	t.Helper()
	until(t, fmt.Sprint("the stream is cut past message ", message), func() error {
		info, err := c.Stream(streamName)
		if err == nil && info.State.FirstSeq <= message {
			err = fmt.Errorf("it begins at %d", info.State.FirstSeq)
		}
		return err
	})
}

func last(t *testing.T, c *natstest.Cluster) uint64 {
	t.Helper()
	info, err := c.Stream(streamName)
	if err != nil {
		t.Fatal(err)
	}
	return info.State.LastSeq
}

// Snapshots are made and the stream is cut while writers write. A process without a file, one whose file was lost, and one
// that was away for longer than the stream reaches back, have what all others have.
func TestSnapshots(t *testing.T) {
	c := natstest.Start(t)
	often := (store.Cluster{URL: c.URL()}).Often(20, time.Hour)
	at := func() store.Options { return store.Options{Dir: t.TempDir(), Cluster: often} }
	away := at()
	s := open(t, away)
	if _, err := s.add(t.Context(), "first", "first"); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	one, lost := open(t, at()), at()
	two := open(t, lost)
	w := write(t, "a", 8, one)
	more := write(t, "b", 8, two)
	cutPast(t, c, 100)
	more.end()
	if err := two.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(lost.Dir); err != nil {
		t.Fatal(err)
	}
	two = open(t, lost)
	returned, late := open(t, away), open(t, at())
	w.more(t, 200)
	cutPast(t, c, last(t, c))
	w.end()
	same(t, one, two, returned, late)
	if stored, made := len(one.all(t)), 1+int(w.made.Load()+more.made.Load()); stored != made {
		t.Errorf("%d changes were made and %d are stored", made, stored)
	}
	until(t, "two snapshots are left", func() error {
		if names := snapshots(t, c); len(names) != 2 {
			return fmt.Errorf("there are %v", names)
		}
		return nil
	})
	for _, p := range []*shelf{one, two, returned, late} {
		p.awaitReady(t)
	}
}

// A process that runs and is cut off for longer than the stream reaches back begins from a snapshot, and has its followers
// begin again from where they were.
func TestFallenBehindWhileRunning(t *testing.T) {
	c := natstest.Start(t)
	proxy, err := loopback.NewProxy(strings.TrimPrefix(c.NodeURL(0), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	often := (store.Cluster{URL: c.URL()}).Often(20, time.Hour)
	one := open(t, store.Options{Dir: t.TempDir(), Cluster: often})
	cutOff := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: "nats://" + proxy.Addr()}})
	at, err := cutOff.add(t.Context(), "first", "first")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan []text)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		var all []text
		defer func() { told <- all }()
		from := store.Source[text]{Page: cutOff.page, At: func(t text) uint64 { return t.position }}
		for after := uint64(0); ; {
			err := store.Follow(ctx, cutOff.store, from, after, cutOff.follow(100), func(t text) error {
				all = append(all, t)
				after = t.position
				if t.text == "last" {
					return io.EOF
				}
				return nil
			}, func(uint64) error { return nil })
			if !errors.Is(err, store.ErrSlow) {
				return
			}
		}
	}()
	proxy.Cut()
	w := write(t, "a", 4, one)
	w.more(t, 100)
	cutPast(t, c, last(t, c))
	w.end()
	if cutOff.store.Position() != at {
		t.Errorf("the process that is cut off is at %d, not %d", cutOff.store.Position(), at)
	}
	proxy.Mend()
	if _, err := one.add(t.Context(), "last", "last"); err != nil {
		t.Fatal(err)
	}
	same(t, one, cutOff)
	cutOff.awaitReady(t)
	time.AfterFunc(natstest.Patience, cancel)
	if got := <-told; !slices.Equal(got, one.all(t)) {
		t.Errorf("the follower was told %d, want %d", len(got), len(one.all(t)))
	}
	cancel()
}

// TestProcess is no test but a process that is killed by one.
func TestProcess(t *testing.T) {
	dir := os.Getenv("ROUTEGUIDE_TEST_DIR")
	if dir == "" {
		return
	}
	open(t, store.Options{Dir: dir, Cluster: (store.Cluster{URL: os.Getenv("ROUTEGUIDE_TEST_NATS")}).Often(1, time.Hour)})
	select {}
}

// kill runs a process until a file is there and has something in it, and kills it.
func kill(t *testing.T, c *natstest.Cluster, dir, file string) {
	t.Helper()
	process := exec.Command(os.Args[0], "-test.run=^TestProcess$")
	process.Env = append(os.Environ(), "ROUTEGUIDE_TEST_DIR="+dir, "ROUTEGUIDE_TEST_NATS="+c.URL())
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(natstest.Patience); time.Now().Before(end); <-tick.C {
		if stat, err := os.Stat(filepath.Join(dir, store.ScratchName, file)); err == nil && stat.Size() > 0 {
			break
		}
	}
	if err := process.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = process.Wait()
}

// A process killed while it downloads a snapshot begins again, and one killed while it uploads one leaves nothing that
// anybody takes for a snapshot, or that stays.
func TestKilledWithSnapshot(t *testing.T) {
	c := natstest.Start(t)
	one := open(t, store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}})
	for i := range 200 { // 6 MB
		if _, err := one.add(t.Context(), fmt.Sprint(i), strings.Repeat(fmt.Sprint(i%10), 30_000)); err != nil {
			t.Fatal(err)
		}
	}
	uploader := t.TempDir()
	kill(t, c, uploader, "made")
	before := snapshots(t, c)
	if len(before) > 0 {
		t.Log("it had uploaded all before it was killed")
	}
	two := open(t, store.Options{Dir: uploader, Cluster: (store.Cluster{URL: c.URL()}).Often(1, time.Nanosecond)})
	until(t, "there is a snapshot and no part of another", func() error {
		names := snapshots(t, c)
		info, err := c.Stream("OBJ_routeguide")
		if err != nil {
			return err
		}
		if len(names) != 1 || info.State.NumSubjects != 2 {
			return fmt.Errorf("there are %v in %d subjects", names, info.State.NumSubjects)
		}
		return nil
	})
	downloader := t.TempDir()
	kill(t, c, downloader, "received")
	if _, err := os.Stat(filepath.Join(downloader, store.ScratchName, "received")); err != nil {
		t.Log("it had downloaded all before it was killed")
	}
	three := open(t, store.Options{Dir: downloader, Cluster: &store.Cluster{URL: c.URL()}})
	same(t, one, two, three)
	if _, err := os.Stat(filepath.Join(downloader, store.ScratchName, "received")); err == nil {
		t.Error("a part of the snapshot is left")
	}
}

// A cluster begins with a file, also where processes run already, and also when the first attempt was broken off. One that
// has changes does not.
func TestRestore(t *testing.T) {
	alone := store.Options{Dir: t.TempDir()}
	source := open(t, alone)
	for i := range 200 {
		if _, err := source.add(t.Context(), fmt.Sprint(i), strings.Repeat("x", 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	want := source.all(t)
	file := filepath.Join(alone.Dir, store.FileName)
	c := natstest.Start(t)
	to := store.Cluster{URL: c.URL()}
	if err := store.Restore(t.Context(), to, file, func(int64, int64) {}); err == nil {
		t.Error("a file that is in use was restored")
	}
	if err := source.store.Close(); err != nil {
		t.Fatal(err)
	}
	before := open(t, store.Options{Dir: t.TempDir(), Cluster: &to})
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Restore(ctx, to, file, func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a restore that was broken off: %v", err)
	}
	until(t, "the process waits for what is restored", func() error {
		if err := before.store.Ready(); err == nil || !strings.Contains(err.Error(), "snapshot") {
			return fmt.Errorf("it says %v", err)
		}
		return nil
	})
	if err := store.Restore(t.Context(), to, file, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	after := open(t, store.Options{Dir: t.TempDir(), Cluster: &to})
	at, err := after.add(t.Context(), "new", "new")
	if err != nil || at != 201 {
		t.Errorf("the next change is at %d, %v; want 201", at, err)
	}
	same(t, after, before)
	if got := before.all(t); !slices.Equal(got, append(want, text{201, "new"})) {
		t.Errorf("%d are restored, want %d", len(got), len(want)+1)
	}
	if err := store.Restore(t.Context(), to, file, func(int64, int64) {}); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("restored again: %v", err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	bytes, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bytes[100_000] ^= 1
	if err := os.WriteFile(damaged, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Restore(t.Context(), to, damaged, func(int64, int64) {}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("restored what is damaged: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Restore(t.Context(), to, other, func(int64, int64) {}); !errors.Is(err, store.ErrForeign) {
		t.Errorf("restored what is no store: %v", err)
	}
}

// A process that cannot write its file is not ready, and answers what is read; others go on. Once it can write it has all.
func TestFileThatCannotBeWritten(t *testing.T) {
	c := natstest.Start(t)
	o := store.Options{Dir: t.TempDir(), Cluster: &store.Cluster{URL: c.URL()}, Logger: slog.New(slog.DiscardHandler)}
	one, two := open(t, o), open(t, store.Options{Dir: t.TempDir(), Cluster: o.Cluster})
	if _, err := one.add(t.Context(), "first", "first"); err != nil {
		t.Fatal(err)
	}
	lock, err := sqlite3.Open(filepath.Join(o.Dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := lock.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := one.add(ctx, "mine", "mine"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a change here: %v", err)
	}
	if _, err := two.add(t.Context(), "other", "other"); err != nil {
		t.Errorf("a change elsewhere: %v", err)
	}
	until(t, "the process is not ready", func() error {
		if one.store.Ready() == nil {
			return errors.New("it is ready")
		}
		return nil
	})
	if got := one.all(t); len(got) != 1 {
		t.Errorf("read %v", got)
	}
	if err := lock.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	one.awaitReady(t)
	if _, err := one.add(t.Context(), "again", "again"); err != nil {
		t.Error(err)
	}
	same(t, two, one)
	if got := one.all(t); len(got) != 4 {
		t.Errorf("stored %v", got)
	}
}
