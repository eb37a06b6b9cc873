package doors

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"routeguide/server/app"
	"routeguide/server/lab/loopback"
)

// patience is how long a test waits for what must come: a machine may be busy.
const patience = 2 * time.Minute

// A program is a RouteGuide that runs in the test's own process.
type program struct {
	t *testing.T

	grpc, http, admin string // the bound addresses

	secure *tls.Config // of its clients; nil: there is no TLS
	out    *output
	cancel context.CancelFunc
	done   chan error
	once   sync.Once
	shared *grpc.ClientConn
}

// start runs the program on free ports, with a store of its own unless args name one or say that nothing is kept, and stops
// it when the test ends.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{t: t, out: newOutput(), cancel: cancel, done: make(chan error, 1)}
	all := append([]string{"-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0", "-admin-addr", "127.0.0.1:0"}, args...)
	if !slices.Contains(args, "-demo") {
		all = append([]string{"-data", t.TempDir()}, all...)
	}
	go func() { p.done <- app.Run(ctx, all, p.out); p.out.end() }()
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	p.grpc, p.http, p.admin = p.addr("grpc"), p.addr("http"), p.addr("admin")
	return p
}

func (p *program) addr(door string) string {
	p.t.Helper()
	m := p.out.wait(regexp.MustCompile(`"` + door + ` listening"[ ,]"?addr[=":]+([^\s",]+)`))
	if m == nil {
		p.t.Fatalf("the program does not listen for %s:\n%s", door, p.out)
	}
	return m[1]
}

// stop ends the program as a signal would, and returns what it returned; further calls return nil.
func (p *program) stop() error {
	p.cancel()
	select {
	case err, ok := <-p.done:
		if ok {
			close(p.done)
		}
		return err
	case <-time.After(patience):
		return fmt.Errorf("the program does not stop:\n%s", p.out)
	}
}

func (p *program) dial() *grpc.ClientConn { return p.dialFrom("127.0.0.1") }

// dialFrom connects from an address of this machine.
func (p *program) dialFrom(ip string) *grpc.ClientConn {
	p.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	creds := insecure.NewCredentials()
	if p.secure != nil {
		creds = credentials.NewTLS(p.secure)
	}
	conn, err := grpc.NewClient(p.grpc, grpc.WithTransportCredentials(creds),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) }))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

// An output keeps what a program says, and lets others wait for it.
type output struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	news  chan struct{} // closed, and made anew, when there is more
	ended bool
}

func newOutput() *output { return &output{news: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tell()
	return o.buf.Write(b)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.tell()
}

func (o *output) tell() {
	close(o.news)
	o.news = make(chan struct{})
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// wait returns the first match of re, or nil when the program ended, or our patience does.
func (o *output) wait(re *regexp.Regexp) []string {
	deadline := time.After(patience)
	for {
		o.mu.Lock()
		m, ended, news := re.FindStringSubmatch(o.buf.String()), o.ended, o.news
		o.mu.Unlock()
		if m != nil || ended {
			return m
		}
		select {
		case <-news:
		case <-deadline:
			return nil
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := loopback.Port()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// waitFor returns addr when a server listens there.
func waitFor(t *testing.T, addr string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // a tool may have to be built first
	defer cancel()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Connect()
	for s := conn.GetState(); s != connectivity.Ready; s = conn.GetState() {
		if !conn.WaitForStateChange(ctx, s) {
			t.Fatalf("no server at %s", addr)
		}
	}
	return addr
}

// base is where the HTTP port is.
func (p *program) base() string {
	if p.secure != nil {
		return "https://" + p.http
	}
	return "http://" + p.http
}

// conn is a connection that lives as long as the program.
func (p *program) conn() *grpc.ClientConn {
	p.once.Do(func() { p.shared = p.dial() })
	return p.shared
}
