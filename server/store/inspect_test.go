package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"routeguide/server/store"
	"routeguide/server/store/storetest"
)

// visible is the configuration of a server that shows our account what it says of itself.
const visible = `
server_name: shows
listen: 127.0.0.1:-1
jetstream { store_dir: %q, %s }
accounts {
	SYS { users: [{user: admin, password: admin}], exports: [{service: "$SYS.REQ.SERVER.PING.VARZ", response_type: stream}] }
	ours {
		jetstream: enabled, users: [{user: us, password: us}],
		imports: [{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.VARZ"}}]
	}
}
system_account: SYS
`

// TestSyncInterval opens a store on a server that shows whether it syncs what it acknowledges.
func TestSyncInterval(t *testing.T) {
	for sync, want := range map[string]string{
		"sync_interval: always": "",
		"sync_interval: 5s":     "level=WARN msg=\"the cluster may lose what it acknowledged when all its servers lose power at once\" server=shows sync_interval=5s",
		"max_mem: 64MB":         "server=shows sync_interval=2m0s", // NATS's own choice
	} {
		t.Run(sync, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "nats.conf")
			if err := os.WriteFile(file, fmt.Appendf(nil, visible, dir, sync), 0o600); err != nil {
				t.Fatal(err)
			}
			o, err := server.ProcessConfigFile(file)
			if err != nil {
				t.Fatal(err)
			}
			o.NoSigs = true
			s, err := server.NewServer(o)
			if err != nil {
				t.Fatal(err)
			}
			s.Start()
			t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
			if !s.ReadyForConnections(20 * time.Second) {
				t.Fatal("the server does not start")
			}
			said := logged(t, strings.Replace(s.ClientURL(), "nats://", "nats://us:us@", 1), 1)
			if want == "" && said != "" || !strings.Contains(said, want) {
				t.Errorf("the log says %q, want %q", said, want)
			}
		})
	}
}

// TestSyncIntervalUnseen opens a store on a cluster that shows nothing of itself.
func TestSyncIntervalUnseen(t *testing.T) {
	t.Parallel()
	if said := logged(t, storetest.Start(t).URL(), 3); !strings.Contains(said, "does not show its sync_interval") {
		t.Errorf("the log says %q", said)
	}
}

// logged returns what a store says while it is opened.
func logged(t *testing.T, url string, replicas int) string {
	t.Helper()
	said := new(bytes.Buffer)
	st, err := store.Open(t.Context(), store.Options{
		Cluster: &store.Cluster{URL: url, Replicas: replicas}, Logger: slog.New(slog.NewTextHandler(said, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil { // nothing writes to the log any more
		t.Error(err)
	}
	return said.String()
}

// heard calls then when a log says something.
type heard struct {
	what string
	then func()
}

func (h heard) Write(line []byte) (int, error) {
	if strings.Contains(string(line), h.what) {
		h.then()
	}
	return len(line), nil
}

// TestTooFewServers asks for five replicas on a cluster that shows that it has three servers. They have just been started,
// so that others may follow; one that says that it was started long ago makes it certain.
func TestTooFewServers(t *testing.T) {
	t.Parallel()
	c := storetest.Start(t)
	conn, err := nats.Connect(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ages := make(chan time.Duration, 1)
	if _, err := conn.Subscribe("$SYS.REQ.SERVER.PING.VARZ", func(msg *nats.Msg) {
		v, err := c.Varz(0)
		if err != nil {
			t.Error(err)
			return
		}
		v.Start = v.Now.Add(-<-ages)
		data, err := json.Marshal(server.ServerAPIResponse{Server: &server.ServerInfo{Name: v.Name}, Data: v})
		if err == nil {
			err = msg.Respond(data)
		}
		if err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	five := store.Options{Cluster: &store.Cluster{URL: c.URL(), Replicas: 5}}
	ages <- time.Hour
	_, err = store.Open(t.Context(), five)
	if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "ask for fewer (-nats-replicas), or add servers: there are 3 servers") {
		t.Errorf("servers that are an hour old: %v", err)
	}

	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	five.Logger = slog.New(slog.NewTextHandler(heard{"waiting for others to start", giveUp}, nil))
	ages <- time.Second
	_, err = open(t, five).Log(ctx, "NOTES", "n.>") // says at once what it waits for
	if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "5 replicas are not possible") {
		t.Errorf("servers that are a second old: %v", err)
	}

	ages <- time.Hour
	if err := open(t, store.Options{Cluster: &store.Cluster{URL: c.URL()}}).Ready(t.Context()); err != nil {
		t.Errorf("three replicas: %v", err)
	}
}
