package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"routeguide/server/store"
)

const (
	socketName = "export.sock"
	// maxPath is what a socket's address can hold, on the systems that have least.
	maxPath = 103
	// maxExports is how many are served at a time; others wait.
	maxExports = 2
	// stallTimeout is how long a reader may take for what it is sent before it is cut off.
	stallTimeout = time.Minute
)

// A Server exports a store that this process has open to other processes of the same user: whoever connects to a socket in
// the data directory is sent the file.
type Server struct {
	listener *net.UnixListener
	path     string
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// Serve listens in the directory until Close. The caller has the directory to itself.
func Serve(dir string, st *store.Store, log *slog.Logger) (*Server, error) {
	path := filepath.Join(dir, socketName)
	listener, err := listen(dir, path)
	if err != nil {
		return nil, fmt.Errorf("listen for exports: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{listener: listener, path: path, cancel: cancel}
	for range maxExports {
		s.running.Go(func() { s.serve(ctx, st, log) })
	}
	return s, nil
}

// listen makes the socket where nobody else can look into, and moves it to its place once only its owner may connect. One
// that a killed process left behind is replaced.
func listen(dir, path string) (*net.UnixListener, error) {
	private, err := os.MkdirTemp(dir, ".export-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	fresh := filepath.Join(private, socketName)
	var listener *net.UnixListener
	err = reach(fresh, func(short string) (err error) {
		listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// reach calls use with a path that leads to the same file and is short enough for a socket's address.
func reach(path string, use func(short string) error) error {
	if len(path) <= maxPath {
		return use(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}

// Close cuts off every export and returns when nothing runs any more.
func (s *Server) Close() error {
	s.cancel()
	err := errors.Join(os.Remove(s.path), s.listener.Close())
	s.running.Wait()
	return err
}

func (s *Server) serve(ctx context.Context, st *store.Store, log *slog.Logger) {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			log.Warn("an export could not begin", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second): // it may lack file descriptors
			}
			continue
		}
		began := time.Now()
		if all, err := send(ctx, conn, st); err != nil && !errors.Is(err, ErrLost) {
			log.Warn("an export failed", "error", err)
		} else {
			log.Info("exported", "logs", len(all), "duration", time.Since(began))
		}
	}
}

// send exports to a connection.
func send(ctx context.Context, conn net.Conn, st *store.Store) ([]Summary, error) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return Export(ctx, st, patient{conn}, func(string, uint64, uint64) {})
}

// patient gives a reader some time for each part.
type patient struct{ conn net.Conn }

func (p patient) Write(b []byte) (int, error) {
	if err := p.conn.SetWriteDeadline(time.Now().Add(stallTimeout)); err != nil {
		return 0, err
	}
	return p.conn.Write(b)
}

// ErrNotServed says that no process serves exports of a directory.
var ErrNotServed = errors.New("no process serves exports of it")

// Fetch writes to w what the process that has the directory open exports, as Export does.
func Fetch(ctx context.Context, dir string, w io.Writer, progress Progress) ([]Summary, error) {
	var conn net.Conn
	err := reach(filepath.Join(dir, socketName), func(short string) (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "unix", short)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotServed, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return copyFile(ctx, conn, w, "exported", progress)
}
