package rpc

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"routeguide/server/feature"
)

// rude is a client that speaks HTTP/2 as no library would. Writing is for one goroutine.
type rude struct {
	t       *testing.T
	conn    net.Conn
	framer  *http2.Framer
	headers bytes.Buffer
	encoder *hpack.Encoder

	mu      sync.Mutex
	change  sync.Cond
	windows map[uint32]int  // bytes that may be sent, of each stream; 0 is the connection
	ended   map[uint32]bool // streams that the server has ended or reset
	status  map[string]int  // how many ended with that grpc-status; "" for those that were reset
	lost    bool            // the connection
}

const firstWindow = 65_535

func (s server) rude(t *testing.T) *rude {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	r := &rude{t: t, conn: conn, framer: http2.NewFramer(conn, conn), windows: map[uint32]int{0: firstWindow}, ended: map[uint32]bool{}, status: map[string]int{}}
	r.change.L = &r.mu
	r.encoder = hpack.NewEncoder(&r.headers)
	r.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := r.framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() { defer close(read); r.read() }()
	t.Cleanup(func() { conn.Close(); <-read })
	return r
}

func (r *rude) read() {
	for {
		f, err := r.framer.ReadFrame()
		r.mu.Lock()
		switch f := f.(type) {
		case *http2.WindowUpdateFrame:
			r.windows[f.StreamID] += int(f.Increment)
		case *http2.RSTStreamFrame:
			if !r.ended[f.StreamID] {
				r.status[""]++
			}
			r.ended[f.StreamID] = true
		case *http2.MetaHeadersFrame:
			if f.StreamEnded() {
				r.ended[f.StreamID] = true
				for _, field := range f.Fields {
					if field.Name == "grpc-status" {
						r.status[field.Value]++
					}
				}
			}
		}
		r.lost = err != nil
		r.change.Broadcast()
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// begin opens a call. It reports false once the server has closed the connection.
func (r *rude) begin(stream uint32, method string) bool {
	r.headers.Reset()
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := r.encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.mu.Lock()
	r.windows[stream] += firstWindow
	r.mu.Unlock()
	return r.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: r.headers.Bytes(), EndHeaders: true}) == nil
}

// data sends data as far as the server lets it, and reports whether that was all.
func (r *rude) data(stream uint32, data []byte) bool {
	for len(data) > 0 {
		n := min(len(data), 16<<10)
		r.mu.Lock()
		for !r.lost && !r.ended[stream] && (r.windows[0] < n || r.windows[stream] < n) {
			r.change.Wait()
		}
		r.windows[0] -= n
		r.windows[stream] -= n
		over := r.lost || r.ended[stream]
		r.mu.Unlock()
		if over || r.framer.WriteData(stream, false, data[:n]) != nil {
			return false
		}
		data = data[n:]
	}
	return true
}

// wait waits until so many streams have ended.
func (r *rude) wait(ended int) {
	defer time.AfterFunc(time.Minute, func() { r.conn.Close() }).Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.ended) < ended && !r.lost {
		r.change.Wait()
	}
	if len(r.ended) < ended {
		r.t.Errorf("%d of %d calls ended", len(r.ended), ended)
	}
}

// A hundred messages of 15 MiB, of each of which the last byte never comes, take what the budget has and end in time.
func TestMessagesThatAreNotFinished(t *testing.T) {
	const calls, message = 100, 15 * mib
	s := serve(t, feature.Default(), io.Discard, Options{Message: 16 * mib, Budget: NewBudget(32 * mib), Stall: 2 * time.Second}, graphs)
	start := binary.BigEndian.AppendUint32([]byte{0}, message)
	most := make([]byte, message-1)
	s.attack(t, 300*mib, func() {
		var clients sync.WaitGroup
		for range calls {
			r := s.rude(t)
			clients.Go(func() {
				if r.begin(1, "/test.Graphs/Take") && r.data(1, start) {
					r.data(1, most)
				}
				r.wait(1)
				if r.status["8"] != 1 {
					t.Errorf("ended with %v, want grpc-status %d", r.status, codes.ResourceExhausted)
				}
			})
		}
		clients.Wait()
	})
	s.whole(t, 32*mib)
}

// A call whose request never comes ends in time, too.
func TestRequestThatNeverComes(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{Stall: 100 * time.Millisecond})
	r := s.rude(t)
	r.begin(1, "/routeguide.RouteGuide/GetFeature")
	r.begin(3, "/routeguide.RouteGuide/ListFeatures")
	r.wait(2)
	if r.status["8"] != 2 {
		t.Errorf("ended with %v, want grpc-status %d", r.status, codes.ResourceExhausted)
	}
}

// A connection has a thousand calls at the most, whatever it opens.
func TestManyCallsOfOneConnection(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{})
	r := s.rude(t)
	const calls = 20_000
	s.attack(t, 200*mib, func() {
		for i := range uint32(calls) {
			if !r.begin(2*i+1, "/routeguide.RouteGuide/RouteChat") {
				t.Fatal("the connection was closed")
			}
		}
		r.wait(calls - callsOfConnection)
		open := 0
		s.each(func(*call) { open++ })
		if open > callsOfConnection+1 || r.status[""] != calls-callsOfConnection {
			t.Errorf("%d calls are open, %v ended", open, r.status)
		}
	})
}

// Calls that are begun and reset at once are not handled faster than they end.
func TestCallsThatAreReset(t *testing.T) {
	s := serve(t, feature.Default(), io.Discard, Options{})
	r := s.rude(t)
	before := runtime.NumGoroutine()
	s.attack(t, 200*mib, func() {
		for i := range uint32(50_000) {
			if !r.begin(2*i+1, "/routeguide.RouteGuide/RouteChat") || r.framer.WriteRSTStream(2*i+1, http2.ErrCodeCancel) != nil {
				break // which the server may do
			}
			if n := runtime.NumGoroutine() - before; n > 4*callsOfConnection {
				t.Fatalf("%d goroutines", n)
			}
		}
	})
}
