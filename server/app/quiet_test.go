package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"routeguide/server/edge"
)

// However many connections a stranger opens, those with a request under way go on, and others are answered in place of one
// that is quiet. Only where none is quiet, one more is refused.
func TestQuietConnectionsMakeRoom(t *testing.T) {
	const all = 4
	plain, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	next := make(chan string)
	q := newQuiet()
	idle := make(chan struct{}, 100) // one for each connection that has been answered
	become := func(c net.Conn, state http.ConnState) {
		q.become(c, state)
		if state == http.StateIdle {
			idle <- struct{}{}
		}
	}
	web := &http.Server{ConnState: become, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stream":
			for {
				_, _ = fmt.Fprintln(w, "line")
				w.(http.Flusher).Flush()
				select {
				case <-next:
				case <-over:
					return
				}
			}
		case "/socket": // the server forgets of it
			conn, both, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = both.WriteString("HTTP/1.1 200 OK\r\n\r\nline\n")
			_ = both.Flush()
			<-over
		}
	})}
	served := make(chan error, 1)
	go func() { served <- web.Serve(edge.Listener(bound(plain, all, all, q.drop))) }()
	t.Cleanup(func() { close(over); web.Close(); <-served })
	dial := func() (net.Conn, *bufio.Reader) {
		t.Helper()
		conn, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		return conn, bufio.NewReader(conn)
	}
	ask := func(path string) (io.Reader, error) {
		conn, in := dial()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
			return nil, err
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, err
		}
		line := bufio.NewReader(res.Body)
		if path != "/" {
			_, err = line.ReadString('\n')
		} else {
			<-idle // it makes room from now on
		}
		return line, err
	}
	visitor, err := ask("/stream")
	if err != nil {
		t.Fatal(err)
	}
	for range 5 * all { // of a stranger; some have been asked something, some never
		dial()
		if _, err := ask("/"); err != nil {
			t.Fatal(err)
		}
	}
	next <- "line"
	if line, err := visitor.(*bufio.Reader).ReadString('\n'); err != nil {
		t.Errorf("the stream of the visitor: %q, %v", line, err)
	}
	for range all - 1 {
		if _, err := ask("/socket"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask("/"); err == nil {
		t.Error("one more is answered although all are in use")
	}
	next <- "line"
	if line, err := visitor.(*bufio.Reader).ReadString('\n'); err != nil {
		t.Errorf("the stream of the visitor: %q, %v", line, err)
	}
}
