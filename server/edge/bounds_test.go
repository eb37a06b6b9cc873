package edge_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"routeguide/proto/routeguide"
	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
)

// answered calls GetFeature through every door, as others do while somebody misbehaves.
func answered(t testing.TB, p *place) {
	t.Helper()
	for _, d := range doors(p) {
		if _, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(call(t), &routeguidepb.Point{Latitude: 1}); err != nil {
			t.Errorf("meanwhile %s answers %v", d.name, err)
		}
	}
}

// unfinished begins a message of so many bytes at each door where that is possible, and keeps back its last byte. It returns
// what has come in when the connection ended.
func unfinished(t testing.TB, p *place, size, sent int) map[string]func() []byte {
	host := "Host: " + strings.TrimPrefix(p.base, "http://") + "\r\n"
	frame := append(frameOf(0, uint32(size))[1:], make([]byte, sent)...)
	post := func(path, contentType, body string, length int) func() []byte {
		return func() []byte {
			c := raw(t, p, "POST "+path+" HTTP/1.1\r\n"+host+"Content-Type: "+contentType+
				fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", length)+body)
			return ends(t, c, c)
		}
	}
	const get, record = "/routeguide.RouteGuide/GetFeature", "/routeguide.RouteGuide/RecordRoute"
	json := `{"helloworld":"` + strings.Repeat("x", sent)
	text := base64.StdEncoding.EncodeToString(frame)
	return map[string]func() []byte{
		"gRPC-Web":           post(get, "application/grpc-web+proto", string(frame), 5+size),
		"gRPC-Web text":      post(get, "application/grpc-web-text", text[:len(text)/4*4], 4*(5+size)/3),
		"gRPC-Web, a stream": post(record, "application/grpc-web+proto", string(frame), 5+size),
		"REST":               post("/v1/tutorial/compute:sayHello", "application/json", json, size),
		"REST, a stream":     post("/v1/notes:chat", "application/x-ndjson", `{"message":"`+strings.Repeat("x", sent), size),
		"WebSocket": func() []byte {
			c := upgrade(t, p, record)
			tell(t, c, edgetest.OpBinary, goodHeader)
			for rest := frame; len(rest) > 0; {
				n := min(len(rest), 60_000)
				if _, err := c.Write(edgetest.SocketFrame(edgetest.OpBinary, append([]byte{0}, rest[:n]...))); err != nil {
					break // it is refused already
				}
				rest = rest[n:]
			}
			return ends(t, c, c.In)
		},
	}
}

// says tells whether a raw answer has a status, as gRPC-Web or as JSON.
func says(answer []byte, code codes.Code) bool {
	if decoded, err := base64.StdEncoding.DecodeString(string(answer[bytes.LastIndexByte(answer, '\n')+1:])); err == nil {
		answer = append(answer, decoded...)
	}
	answer = bytes.ToLower(answer)
	return bytes.Contains(answer, fmt.Appendf(nil, "grpc-status: %d\r\n", code)) || bytes.Contains(answer, fmt.Appendf(nil, `"code":%d,`, code))
}

// TestLongMessagesAreRefusedAtOnce sends no more of them than their length.
func TestLongMessagesAreRefusedAtOnce(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Arrive = 2 * patience })
	for name, begin := range unfinished(t, p, 60<<20, 1) {
		if name == "REST, a stream" { // its lines have no length
			continue
		}
		t.Run(name, func(t *testing.T) {
			if got := begin(); !says(got, codes.ResourceExhausted) {
				t.Errorf("the answer is %.500q", got)
			}
		})
	}
	answered(t, p)
}

// TestMessagesMustArrive keeps the last byte of a message back.
func TestMessagesMustArrive(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Arrive = time.Second })
	for name, begin := range unfinished(t, p, 300_000, 299_000) {
		t.Run(name, func(t *testing.T) {
			if got := begin(); !says(got, codes.DeadlineExceeded) {
				t.Errorf("the answer is %.500q", got)
			}
		})
	}
	answered(t, p)
}

// TestStreamsMayBeSilent between messages, and after their request, for longer than a message may take to arrive or to leave.
func TestStreamsMayBeSilent(t *testing.T) {
	const arrive = 300 * time.Millisecond
	everyDoorOf(t, open(t, func(o *edge.Options) { o.Limits.Arrive, o.Limits.Write = arrive, arrive }), func(t *testing.T, p *place, d door) {
		if !d.duplex {
			return
		}
		client := routeguidepb.NewRouteGuideClient(d.conn)
		ctx, cancel := context.WithCancel(call(t))
		list, err := client.ListFeatures(ctx, &routeguidepb.Rectangle{Lo: &routeguidepb.Point{Latitude: 1}, Hi: &routeguidepb.Point{Longitude: 1}})
		if err != nil {
			t.Fatal(err)
		}
		chat, err := client.RouteChat(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := chat.Send(&routeguidepb.RouteNote{Message: "x"}); err != nil {
				t.Fatal(err)
			}
			if n, err := chat.Recv(); err != nil || n.Message != "x" {
				t.Fatalf("note %v, %v", n, err)
			}
			select {
			case err := <-p.guide.ended:
				t.Fatalf("a call ended: %v", err)
			case <-time.After(3 * arrive):
			}
		}
		if err := chat.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if _, err := chat.Recv(); err != io.EOF {
			t.Error(err)
		}
		if _, err := list.Recv(); err != nil {
			t.Error(err)
		}
		cancel()
		within(t, p.guide.waiting, "the list")
		within(t, p.guide.ended, "the list")
	})
}

// purse is a budget that knows the most it has given away.
type purse struct {
	has   int64
	taken atomic.Int64
}

func (b *purse) Acquire(_ context.Context, bytes int64) error {
	if b.taken.Add(bytes) > b.has {
		b.taken.Add(-bytes)
		return status.Error(codes.ResourceExhausted, "no memory")
	}
	return nil
}

func (b *purse) Release(bytes int64) { b.taken.Add(-bytes) }

// TestBudget fills a budget with unfinished messages: what no longer fits is refused, small calls are answered, and all of
// it is given back.
func TestBudget(t *testing.T) {
	const size = 900_000
	for name := range unfinished(t, open(t), size, 0) {
		t.Run(name, func(t *testing.T) {
			budget := &purse{has: 10 << 20}
			p := open(t, func(o *edge.Options) { o.Budget, o.Limits.Arrive = budget, 8*time.Second }) // for all to be there together
			var wg sync.WaitGroup
			var refused atomic.Int64
			for range 20 {
				wg.Go(func() {
					if says(unfinished(t, p, size, size-1000)[name](), codes.ResourceExhausted) {
						refused.Add(1)
					}
				})
			}
			answered(t, p)
			wg.Wait()
			if n := refused.Load(); n == 0 || n == 20 {
				t.Errorf("%d of 20 were refused", n)
			}
			awaitEmpty(t, budget)
		})
	}
}

func awaitEmpty(t *testing.T, b *purse) {
	t.Helper()
	for end := time.Now().Add(patience); b.taken.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes are not given back", b.taken.Load())
		}
	}
}

// TestBudgetIsGivenBack after messages that arrive.
func TestBudgetIsGivenBack(t *testing.T) {
	budget := &purse{has: 64 << 20}
	everyDoorOf(t, open(t, func(o *edge.Options) { o.Budget = budget }), func(t *testing.T, p *place, d door) {
		client := routeguidepb.NewRouteGuideClient(d.conn)
		if d.duplex {
			s, err := client.RouteChat(call(t))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := s.Send(&routeguidepb.RouteNote{Message: strings.Repeat("long ", 100_000)}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.CloseSend(); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Recv(); err != io.EOF {
				t.Fatal(err)
			}
		}
		awaitEmpty(t, budget)
	})
}

// TestMetadataHarmsNobody sends more of it than may be, again and again, beside calls of others.
func TestMetadataHarmsNobody(t *testing.T) {
	p := open(t)
	ctx, stop := context.WithCancel(call(t))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var wg sync.WaitGroup
	for _, d := range doors(p)[1:] {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				sizes := []int{12 << 10, 40 << 10, 64 << 10, 1 << 20}
				md := metadata.Pairs("x", strings.Repeat("m", sizes[i%len(sizes)]))
				_, _ = routeguidepb.NewRouteGuideClient(d.conn).GetFeature(metadata.NewOutgoingContext(ctx, md), &routeguidepb.Point{})
			}
		})
	}
	for range 20 {
		answered(t, p)
	}
	stop()
	wg.Wait()
}

func TestMetadataIsBounded(t *testing.T) {
	p := open(t)
	for _, d := range doors(p)[1:] {
		md := metadata.MD{"x": make([]string, 3000)}
		_, err := routeguidepb.NewRouteGuideClient(d.conn).GetFeature(metadata.NewOutgoingContext(call(t), md), &routeguidepb.Point{})
		if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "metadata") && d.name != "WebSocket" {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

// TestSlowReadersLeaveOthersAlone has more lists that nobody reads than fit in one connection.
func TestSlowReadersLeaveOthersAlone(t *testing.T) {
	const most = 150
	p := open(t, func(o *edge.Options) { o.Limits.Write = 2 * patience })
	for name, request := range deaf(p) {
		n := 5
		if name == "REST" {
			n = most
		}
		for range n {
			c := raw(t, p, request)
			if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != nil { // it has begun
				t.Fatal(err)
			}
		}
		answered(t, p)
	}
}

// TestAnswersHaveTheirOwnTime refuses a request long after another one on its connection was answered.
func TestAnswersHaveTheirOwnTime(t *testing.T) {
	const write = 200 * time.Millisecond
	p := open(t, func(o *edge.Options) { o.Limits.Write = write })
	host := "Host: " + strings.TrimPrefix(p.base, "http://") + "\r\n"
	c := raw(t, p, "GET /v1/features/1/1 HTTP/1.1\r\n"+host+"\r\n")
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	<-time.After(2 * write)
	if _, err := io.WriteString(c, "GET /v1/features/1/1 HTTP/1.1\r\n"+host+"Origin: http://evil.example\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := ends(t, c, c); !bytes.HasPrefix(got, []byte("HTTP/1.1 403 ")) {
		t.Errorf("the answer is %q", got)
	}
}

// TestLongValuesAreCut sends values that answers and logs would make long.
func TestLongValuesAreCut(t *testing.T) {
	var log bytes.Buffer
	p := open(t, func(o *edge.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	host := "Host: " + strings.TrimPrefix(p.base, "http://") + "\r\nConnection: close\r\n"
	long := strings.Repeat(`\`, 60_000)
	post := func(path, header, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s", path, host, header, len(body), body)
	}
	for name, request := range map[string]string{
		"a path":          "GET /v1/" + long + " HTTP/1.1\r\n" + host + "\r\n",
		"a parameter":     "GET /v1/features/" + long + "/1 HTTP/1.1\r\n" + host + "\r\n",
		"a query":         "GET /v1/features?lo.latitude=" + long + " HTTP/1.1\r\n" + host + "\r\n",
		"a field's name":  post("/v1/routes:record", "", `{"`+long+`":1}`),
		"a field's value": post("/v1/routes:record", "", `{"latitude":"`+long+`"}`),
		"no JSON":         post("/v1/routes:record", "", long),
		"an origin":       post("/v1/routes:record", "Origin: "+long+"\r\n", "{}"),
		"a timeout":       post("/v1/routes:record", "Grpc-Timeout: "+long+"\r\n", "{}"),
		"metadata":        post("/routeguide.RouteGuide/GetFeature", "Content-Type: application/grpc-web\r\nX-Bin: "+long+"\r\n", "\x00\x00\x00\x00\x00"),
		"an encoding":     post("/routeguide.RouteGuide/GetFeature", "Content-Type: application/grpc-web\r\nGrpc-Encoding: "+long+"\r\n", "\x00\x00\x00\x00\x00"),
	} {
		c := raw(t, p, request)
		if got := ends(t, c, c); len(got) > 2000 || len(got) == 0 {
			t.Errorf("%s makes an answer of %d bytes: %.200q", name, len(got), got)
		}
	}
	for name, lines := range map[string]string{
		"a line": long[:12_000], "a name": long[:12_000] + ": x", "a timeout": "grpc-timeout: " + long[:12_000], "an encoding": "grpc-encoding: " + long[:12_000],
		"a type": "content-type: " + long[:12_000],
	} {
		c := upgrade(t, p, chat)
		tell(t, c, edgetest.OpBinary, []byte(lines+"\r\n"))
		if _, data, err := c.ReadFrame(); err != nil || len(data) > 1000 {
			t.Errorf("%s makes %d bytes, %v", name, len(data), err)
		}
		if _, data, err := c.ReadFrame(); err != nil || len(data) > 1000 {
			t.Errorf("%s makes %d bytes, %v", name, len(data), err)
		}
		c.Close()
	}
	if err := p.edge.Close(call(t)); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 10_000 {
		t.Errorf("the log has %d bytes: %.1000s", log.Len(), &log)
	}
}
