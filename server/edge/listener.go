package edge

import "net"

// sendBytes is what the kernel may keep of an answer that its peer does not read. By itself it keeps several MiB, which
// thousands of slow readers would have the process make at once.
const sendBytes = 256 << 10

// Listener returns l for the server of an Edge: its connections keep little of what is not read.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = tcp.SetWriteBuffer(sendBytes)
	}
	return c, err
}
