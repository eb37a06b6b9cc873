package backup

import (
	"bytes"
	"io"
	"log/slog"
	"testing"

	"routeguide/server/store"
	"routeguide/server/lab/natstest"
)

// From a directory to a cluster and back, while the cluster loses a leader and two imports are cut off.
func TestMoveToAClusterAndBack(t *testing.T) {
	from, back := open(t, t.TempDir()), open(t, t.TempDir())
	fill(t, from, 1500)
	file, want := exported(t, from), records(t, from)

	c := natstest.Start(t)
	connect := func() *store.Store {
		t.Helper()
		st, err := store.Open(t.Context(), store.Options{
			Cluster: &store.Cluster{URL: c.URL()}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		return st
	}
	st := connect()
	if _, err := st.Log(t.Context(), "NOTES", "n.>"); err != nil { // as by a RouteGuide that was started there before
		t.Fatal(err)
	}
	for i, part := range []int{3, 8} {
		if _, err := Import(t.Context(), connect(), bytes.NewReader(file[:len(file)*part/10]), quiet); err == nil {
			t.Fatalf("import %d of a part did not fail", i)
		}
	}
	at := len(file) * 9 / 10
	in := io.MultiReader(bytes.NewReader(file[:at]), readerFunc(func([]byte) (int, error) {
		c.Kill(c.Leader("TRACKS"))
		return 0, io.EOF
	}), bytes.NewReader(file[at:]))
	if _, err := Import(t.Context(), connect(), in, quiet); err != nil {
		t.Fatal(err)
	}
	same(t, records(t, connect()), want)
	if _, err := Import(t.Context(), back, bytes.NewReader(exported(t, connect())), quiet); err != nil {
		t.Fatal(err)
	}
	same(t, records(t, back), want)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
