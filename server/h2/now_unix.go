//go:build unix

package h2

import (
	"errors"
	"net"
	"syscall"
)

// withoutWaiting returns what writes to a connection as much as the system takes at once, or nil where it cannot be asked.
// One goroutine at a time may call it.
func withoutWaiting(conn net.Conn) func([]byte) (int, error) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var batch []byte
	var n int
	var failed error
	write := func(fd uintptr) (done bool) {
		n, failed = syscall.Write(int(fd), batch)
		return true
	}
	return func(b []byte) (int, error) {
		batch, n, failed = b, 0, nil
		err := raw.Write(write)
		batch = nil
		if n = max(n, 0); errors.Is(failed, syscall.EAGAIN) || errors.Is(failed, syscall.EINTR) {
			failed = nil
		}
		return n, errors.Join(err, failed)
	}
}
