// Package loopback is this machine as a network, for tests and measurements: ports that are free, and ways to them that can
// be cut.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Systems give out ports from 32768 or higher by themselves, to whoever listens on port 0 or calls somebody. One of those
// would be somebody else's before it is used.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

var given sync.Map // ports, so that none is given twice before it is used

// Port returns a port of 127.0.0.1 that nobody listens on, another one each time.
func Port() (int, error) {
	err := errors.New("all have been given")
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if _, again := given.LoadOrStore(port, true); again {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", addr(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}

// Addr returns the address of such a port.
func Addr() (string, error) {
	port, err := Port()
	return addr(port), err
}

func addr(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
