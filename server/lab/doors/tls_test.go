package doors

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/app"
)

// A port is where a program is reached, and how.
type port struct {
	args   []string
	secure *tls.Config // of clients; nil: there is no TLS
	one    bool        // for all doors
}

// ports are all ways to have ports.
func ports(t *testing.T) map[string]port {
	server, client := secured(t)
	one := func(more ...string) []string {
		addr := "127.0.0.1:" + freePort(t)
		return append([]string{"-grpc-addr", addr, "-http-addr", addr}, more...)
	}
	return map[string]port{
		"two ports":          {nil, nil, false},
		"two ports with TLS": {server, client, false},
		"one port":           {one(), nil, true},
		"one port with TLS":  {one(server...), client, true},
	}
}

// Every door carries the same calls with and without TLS, with HTTP/1.1 and with HTTP/2, at two ports and at one.
func TestEveryDoorAtEveryPort(t *testing.T) {
	for name, port := range ports(t) {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(port.args, "-log-level=debug")...)
			p.secure = port.secure
			if one := p.grpc == p.http; one != port.one {
				t.Fatalf("gRPC is at %s and HTTP at %s", p.grpc, p.http)
			}
			for version, client := range clients(port.secure) {
				for _, d := range doorsBy(client) {
					if version == "HTTP/2" && (d.name == "WebSocket" || d.name == "native") {
						continue // one knows HTTP/1.1 alone, the other HTTP/2
					}
					t.Run(version+" "+d.name, func(t *testing.T) {
						v := visitor{t, p, d}
						v.cases(unaryAndListCases)
						if v.streams {
							v.cases(streamCases)
						}
					})
				}
			}
		})
	}
}

// clients speak one version of HTTP each.
func clients(secure *tls.Config) map[string]*http.Client {
	var h1, h2 http.Protocols
	h1.SetHTTP1(true)
	h2.SetHTTP2(secure != nil)
	h2.SetUnencryptedHTTP2(secure == nil)
	client := func(p http.Protocols) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: secure.Clone(), Protocols: &p}}
	}
	return map[string]*http.Client{"HTTP/1.1": client(h1), "HTTP/2": client(h2)}
}

// secured returns the flags of a program with TLS, and what its clients trust.
func secured(t *testing.T) (flags []string, client *tls.Config) {
	ours := newAuthority(t)
	cert, key, _ := ours.sign(serverCertificate())
	return []string{"-tls-cert", cert, "-tls-key", key}, ours.trusted()
}

// serverCertificate is what a program on this machine may show.
func serverCertificate() *x509.Certificate {
	return &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
}

// trusted is the configuration of a client that trusts the authority alone.
func (a *authority) trusted() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool}
}

// mutual is the configuration of a client that also has a certificate of the authority.
func (a *authority) mutual() *tls.Config {
	config := a.trusted()
	_, _, pair := a.sign(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	config.Certificates = []tls.Certificate{pair}
	return config
}

// handshake connects to an address and returns why that is refused, by the client or by the server.
func handshake(addr string, config *tls.Config) error {
	conn, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.0\r\n\r\n")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // with TLS 1.3 the server refuses a certificate only now
	return err
}

// Files of TLS that change are read without a restart: who connects sees the new ones, calls that are open go on, and what
// cannot be read changes nothing.
func TestFilesOfTLSChange(t *testing.T) {
	dir := t.TempDir()
	cert, key, ca := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")
	put := func(a *authority) {
		t.Helper()
		certFile, keyFile, _ := a.sign(serverCertificate())
		for to, from := range map[string]string{cert: certFile, key: keyFile, ca: a.file} {
			if err := os.Rename(from, to); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, second := newAuthority(t), newAuthority(t)
	put(first)
	p := start(t, "-tls-cert", cert, "-tls-key", key, "-tls-client-ca", ca)
	p.secure = first.mutual()
	var watches []call
	for version, client := range clients(p.secure) {
		for _, d := range doorsBy(client) {
			if d.name == "WebSocket" && version == "HTTP/2" {
				continue
			}
			v := visitor{t, p, d}
			watch := v.begin(t.Context(), watchNotes)
			v.ask(watch, &routeguidev1.WatchNotesRequest{})
			if err := watch.RecvMsg(new(routeguidev1.WatchNotesResponse)); err != nil {
				t.Fatal(version, d.name, err)
			}
			watches = append(watches, watch)
		}
	}

	put(second)
	now := second.mutual()
	for end := time.Now().Add(patience); handshake(p.http, now) != nil; {
		if time.Now().After(end) {
			t.Fatalf("the new certificate is not shown:\n%s", p.out)
		}
	}
	stranger := second.mutual()
	stranger.Certificates = first.mutual().Certificates
	nobody := second.trusted()
	for _, addr := range []string{p.http, p.grpc} {
		if err := handshake(addr, stranger); err == nil {
			t.Errorf("%s takes a certificate that the authority before has signed", addr)
		}
		if err := handshake(addr, nobody); err == nil {
			t.Errorf("%s takes who has no certificate", addr)
		}
		if err := handshake(addr, first.mutual()); err == nil {
			t.Errorf("%s shows the certificate before", addr)
		}
	}

	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); !strings.Contains(p.out.String(), "those read before stay"); {
		if err := handshake(p.http, now); err != nil || time.Now().After(end) {
			t.Fatalf("%v, or nobody looks at the files:\n%s", err, p.out)
		}
	}
	p = &program{t: t, grpc: p.grpc, http: p.http, secure: now}
	chat := visitor{t, p, doorsBy(clients(now)["HTTP/1.1"])[0]}.begin(t.Context(), routeChat)
	if err := chat.SendMsg(&routeguidepb.RouteNote{Location: pb(1, 1), Message: "after"}); err != nil {
		t.Fatal(err)
	}
	for i, watch := range watches {
		m := new(routeguidev1.WatchNotesResponse)
		if err := watch.RecvMsg(m); err != nil || m.Note.GetMessage() != "after" {
			t.Errorf("watch %d has %v, %v", i, m, err)
		}
	}
}

// Who starts the program with files that cannot be learns which flag and which file.
func TestStartWithBadFilesOfTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key, _ := a.sign(serverCertificate())
	_, other, _ := a.sign(serverCertificate())
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"no such certificate": {[]string{"-tls-cert", "/nowhere/c.pem", "-tls-key", key}, []string{"-tls-cert", "/nowhere/c.pem"}},
		"no such key":         {[]string{"-tls-cert", cert, "-tls-key", "/nowhere/k.pem"}, []string{"-tls-key", "/nowhere/k.pem"}},
		"another's key":       {[]string{"-tls-cert", cert, "-tls-key", other}, []string{"-tls-key " + other, "match"}},
		"a key alone":         {[]string{"-tls-key", key}, []string{"-tls-cert and -tls-key"}},
		"no authority":        {[]string{"-tls-cert", cert, "-tls-key", key, "-tls-client-ca", key}, []string{"-tls-client-ca", key}},
		"an authority alone":  {[]string{"-tls-client-ca", a.file}, []string{"-tls-client-ca", "-tls-cert"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := app.Run(t.Context(), append([]string{"-data", t.TempDir(), "-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0"}, test.args...), io.Discard)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("it ended with %v, want %q in it", err, want)
				}
			}
		})
	}
}
