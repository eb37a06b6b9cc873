package app

import (
	"io"
	"net"
	"testing"
	"time"
)

// An address that has its connections gets no more, others do, and it does again when one of its own has gone.
func TestConnectionsAreBounded(t *testing.T) {
	plain, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := bound(plain, 3, 2, nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go func() { // echoes
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-served })
	dial := func(ip string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	answers := func(conn net.Conn) bool {
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := conn.Write([]byte{1}); err != nil {
			return false
		}
		_, err := conn.Read(make([]byte, 1))
		return err == nil
	}
	first, second := dial("127.0.0.1"), dial("127.0.0.1")
	if !answers(first) || !answers(second) {
		t.Error("two connections of one address are not answered")
	}
	if answers(dial("127.0.0.1")) {
		t.Error("a third connection is answered")
	}
	if !answers(dial("127.0.0.2")) {
		t.Error("a connection of another address is not answered")
	}
	if answers(dial("127.0.0.3")) {
		t.Error("a fourth connection altogether is answered")
	}
	first.Close()
	for deadline := time.Now().Add(time.Minute); !answers(dial("127.0.0.1")); {
		if time.Now().After(deadline) {
			t.Fatal("no connection is answered although one has gone")
		}
	}
}
