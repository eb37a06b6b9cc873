package loopback_test

import (
	"bufio"
	"net"
	"testing"

	"routeguide/server/lab/loopback"
)

// echo answers each line with the same.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
				conn.Write([]byte(line))
			}
			bufio.NewReader(conn).ReadString('\n') // until the other side ends
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestProxyIsCutAndMended(t *testing.T) {
	p, err := loopback.NewProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	call := func() (*bufio.Reader, net.Conn, error) {
		conn, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.Write([]byte("hello\n"))
		in := bufio.NewReader(conn)
		_, err = in.ReadString('\n')
		return in, conn, err
	}
	in, _, err := call()
	if err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if _, err := in.ReadString('\n'); err == nil {
		t.Error("a connection goes on although its way is cut")
	}
	if _, _, err := call(); err == nil {
		t.Error("a new connection gets through although the way is cut")
	}
	p.Mend()
	_, conn, err := call()
	if err != nil {
		t.Errorf("nothing gets through after the way was mended: %v", err)
	}
	conn.Close()
}

func TestPortsAreFree(t *testing.T) {
	for range 50 {
		addr, err := loopback.Addr()
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			continue
		}
		defer l.Close()
	}
}
