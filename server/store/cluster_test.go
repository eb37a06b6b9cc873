package store_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"routeguide/server/store"
	"routeguide/server/store/storetest"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	suite(t, func(t *testing.T) backend {
		t.Cleanup(c.Clear)
		return backend{open: func(t *testing.T) *store.Store { return openCluster(t, c.URL()) }}
	})
}

func openCluster(t testing.TB, url string) *store.Store {
	t.Helper()
	return open(t, store.Options{Cluster: &store.Cluster{URL: url}})
}

func TestClusterMaxBytes(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	s := open(t, store.Options{Cluster: &store.Cluster{URL: c.URL(), Replicas: 1}, MaxBytes: 2 << 20})
	l := notes(t, s)
	stored := 0
	for full := false; !full; {
		_, err := l.Append(t.Context(), store.Entry{Subject: "n.a", Data: make([]byte, 100<<10)})
		switch full = errors.Is(err, store.ErrFull); {
		case full:
		case err != nil:
			t.Fatal(err)
		default:
			stored++
		}
		if stored > 25 {
			t.Fatal("2.5 megabytes in two")
		}
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrFull) && stored < 20 {
		t.Errorf("full after %d records; ready says %v", stored, err)
	}
	if got := len(read(t, l, subjects("n.a"))); got != stored {
		t.Errorf("%d of %d records", got, stored)
	}
}

// TestSingleServer uses one server that is not part of a cluster.
func TestSingleServer(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	o := store.Options{Cluster: &store.Cluster{URL: s.ClientURL(), Replicas: 1}}
	one, two := open(t, o), open(t, o)
	f := notes(t, two).Follow(10)
	defer f.Close()
	f.Subject("n.a")
	add(t, notes(t, one), entry("n.a", "hello"))
	recs, err := take(t, f, 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read", read(t, notes(t, two), subjects("n.a")), recs)
	if err := two.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	big := store.Entry{Subject: "n.a", Data: make([]byte, store.MaxData)} // one that this server takes no message for
	if _, err := notes(t, one).Append(t.Context(), big); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("append: %v", err)
	}
	o.Cluster = &store.Cluster{URL: s.ClientURL()}
	if _, err := open(t, o).Log(t.Context(), "THREE", "three"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("three replicas on one server: %v", err)
	}
}
