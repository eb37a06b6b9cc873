package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// An embedded is the NATS server inside this process: no socket, and a directory that is its own.
type embedded struct {
	lock    *os.File
	disk    disk
	log     *slog.Logger
	closing chan struct{}
	mended  sync.WaitGroup // mend

	starts     atomic.Uint64
	restarting sync.Mutex // one after the other

	mu     sync.Mutex
	server *server.Server // nil while it is started anew
}

// openEmbedded starts the server on the options' directory.
func openEmbedded(o Options) (*embedded, error) {
	if o.Dir == "" {
		return nil, fmt.Errorf("%w: no directory", ErrInvalid)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{log: o.Logger, lock: lock, disk: disk{dir: dir, max: o.MaxBytes}, closing: make(chan struct{})}
	if err = e.finishRevival(); err == nil {
		e.server, err = e.start()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	e.mended.Go(e.mend)
	return e, nil
}

// start runs a server. It reads all records and compares them with their checksums, about a million in a second or two.
func (e *embedded) start() (*server.Server, error) {
	defer e.starts.Add(1)
	if err := e.forgetIndexes(); err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "routeguide",
		DontListen: true,
		NoSigs:     true,
		// What is acknowledged is on the disk. With the default, a sync every two minutes, a power cut loses all since.
		SyncAlways:         true,
		JetStream:          true,
		StoreDir:           e.disk.dir,
		JetStreamMaxMemory: 64 << 20,
		// The server's own limit would stop a batch half-way; e.disk refuses it before it begins.
		JetStreamMaxStore: math.MaxInt64,
		MaxPayload:        MaxData + headerRoom,
	})
	if err != nil {
		return nil, err
	}
	log := &serverLog{log: e.log}
	s.SetLoggerV2(log, false, false, false)
	s.Start() // returns when all streams have been recovered, or when it cannot go on
	fatal := log.fatal.Load()
	if fatal == nil && s.ReadyForConnections(connectTimeout) {
		return s, nil
	}
	stop(s)
	return nil, fmt.Errorf("%w: the server did not start: %v", ErrUnavailable, fatal)
}

// forgetIndexes removes what the server would believe about its files instead of reading them. It would not see a damaged
// record until somebody reads it, and then leave it out without a word.
func (e *embedded) forgetIndexes() error {
	indexes, err := filepath.Glob(filepath.Join(e.files("*"), "msgs", "index.db"))
	for _, path := range indexes {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// mendEvery is how often the server is looked after; mendAtMost is how long it takes to the next try after many in vain.
const (
	mendEvery  = time.Second
	mendAtMost = time.Minute
)

// mend starts the server anew after a write error, once there is room again: it takes nothing more by itself. Connections
// find the new one, and what waited is sent again.
func (e *embedded) mend() {
	wait := mendEvery
	for broken := false; ; {
		select {
		case <-e.closing:
			return
		case <-time.After(wait):
		}
		trouble := e.health()
		if trouble == nil {
			broken, wait = false, mendEvery
			continue
		}
		if !broken || e.disk.room(MaxData, 0) != nil { // it may be passing
			broken = true
			continue
		}
		e.log.Warn("the store is started anew, as it could not write", "error", trouble)
		if err := e.restart(func() error { return nil }); err != nil {
			e.log.Error("the store could not be started anew", "error", err)
		}
		wait = min(2*wait, mendAtMost)
	}
}

// restart stops the server, does something while none is running, and starts another. Connections find it by themselves.
func (e *embedded) restart(between func() error) error {
	e.restarting.Lock()
	defer e.restarting.Unlock()
	e.mu.Lock()
	old := e.server
	e.server = nil
	e.mu.Unlock()
	if old != nil {
		stop(old)
	}
	errBetween := between()
	s, err := e.start()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	return errors.Join(errBetween, err)
}

// running returns the server, or nil while there is none.
func (e *embedded) running() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}

// InProcessConn connects to whichever server is running.
func (e *embedded) InProcessConn() (net.Conn, error) {
	if s := e.running(); s != nil {
		return s.InProcessConn()
	}
	return nil, errStarting
}

var errStarting = fmt.Errorf("%w: it is started anew", ErrUnavailable)

func (e *embedded) connect(context.Context) (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(e), nats.Timeout(connectTimeout), nats.MaxReconnects(-1),
		nats.ReconnectWait(mendEvery/10), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			e.log.Warn("trouble on a connection to the store", "error", err)
		}))
}

func (e *embedded) archive(log string) *archive {
	return newArchive(log, e.files(log), e.starts.Load, e.log)
}

func (e *embedded) shared() bool  { return false }
func (e *embedded) replicas() int { return 1 }

func (e *embedded) room(size, _ int64) error {
	var used int64
	if s := e.running(); s != nil {
		used = int64(s.GlobalAccount().JetStreamUsage().Store)
	}
	return e.disk.room(size, used)
}

func (e *embedded) health() error {
	s := e.running()
	if s == nil {
		return errStarting
	}
	if h := s.Healthz(nil); h.Error != "" {
		return fmt.Errorf("%w: %s", ErrUnavailable, h.Error)
	}
	return nil
}

func (e *embedded) close() error {
	close(e.closing)
	e.mended.Wait()
	if s := e.running(); s != nil {
		stop(s)
	}
	return e.lock.Close()
}

// serverLog is the server's log in ours. What it calls a notice is chatter about its own start and end.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Value // string: what the server died of
}

func (l *serverLog) Noticef(format string, v ...any) { l.print(slog.LevelDebug, format, v) }
func (l *serverLog) Warnf(format string, v ...any)   { l.print(slog.LevelWarn, format, v) }
func (l *serverLog) Errorf(format string, v ...any)  { l.print(slog.LevelError, format, v) }
func (l *serverLog) Debugf(format string, v ...any)  { l.print(slog.LevelDebug, format, v) }
func (l *serverLog) Tracef(format string, v ...any)  { l.print(slog.LevelDebug, format, v) }

func (l *serverLog) Fatalf(format string, v ...any) {
	l.print(slog.LevelError, format, v)
	l.fatal.Store(fmt.Sprintf(format, v...))
}

func (l *serverLog) print(level slog.Level, format string, v []any) {
	if ctx := context.Background(); l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, strings.TrimSpace(fmt.Sprintf(format, v...)), "from", "nats-server")
	}
}
