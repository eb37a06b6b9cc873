package doors

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	routeguidepb "routeguide/proto/routeguide"
)

// A program that is told a name of its own, and listens where an ACME authority looks for it, has a certificate for it: the
// authority is Let's Encrypt's for tests. After a restart it shows the one that it has kept.
func TestCertificateByACME(t *testing.T) {
	const name = "map.example.org"
	addr := "127.0.0.1:" + freePort(t)
	directory, trust, roots := startAuthority(t, addr)
	data := t.TempDir()
	t.Setenv("SSL_CERT_FILE", trust) // so the program trusts the authority's own address
	var serial string
	for _, when := range []string{"at first", "after a restart"} {
		p, cmd := launch(t, "-data", data, "-grpc-addr", addr, "-http-addr", addr, "-host", name, "-acme", directory, "-open", "view")
		p.secure = &tls.Config{RootCAs: roots(), ServerName: name}
		for end := time.Now().Add(patience); handshake(addr, p.secure) != nil; {
			if time.Now().After(end) {
				t.Fatalf("%s: no certificate:\n%s", when, p.out)
			}
		}
		conn, err := tls.Dial("tcp", addr, p.secure)
		if err != nil {
			t.Fatal(err)
		}
		got := conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
		conn.Close()
		if serial != "" && got != serial {
			t.Errorf("%s there is another certificate", when)
		}
		serial = got
		for _, d := range doorsBy(clients(p.secure)["HTTP/1.1"]) {
			if err := (visitor{t, p, d}).unary(getFeature, pb(1, 2), new(routeguidepb.Feature)); err != nil {
				t.Errorf("%s: %s: %v", when, d.name, err)
			}
		}
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			t.Errorf("%v:\n%s", err, p.out)
		}
	}
	filepath.WalkDir(filepath.Join(data, "certificates"), func(path string, d os.DirEntry, err error) error {
		if info, _ := d.Info(); strings.HasSuffix(path, ".key") && info.Mode().Perm() != 0o600 {
			t.Errorf("%s is kept as %v", path, info.Mode())
		}
		return err
	})
}

// startAuthority runs an ACME authority that looks for every name at addr. It returns its directory, a file with what its own
// address is trusted by, and what signs its certificates.
func startAuthority(t *testing.T, addr string) (directory, trust string, roots func() *x509.CertPool) {
	t.Helper()
	names, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	resolver := &dns.Server{Listener: names, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(m)
	})}
	go resolver.ActivateAndServe()
	t.Cleanup(func() { _ = resolver.Shutdown() })

	own := newAuthority(t)
	cert, key, _ := own.sign(serverCertificate())
	_, tlsPort, _ := net.SplitHostPort(addr)
	listen, manage := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": cert, "privateKey": key,
		"httpPort": 1, "tlsPort": json.Number(tlsPort), "keyAlgorithm": "ecdsa",
		"profiles": map[string]any{"default": map[string]any{"description": "", "validityPeriod": 7776000}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	said := newOutput()
	pebble := official(ctx, t, "github.com/letsencrypt/pebble/v2/cmd/pebble", "-config", file, "-dnsserver", names.Addr().String())
	pebble.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	pebble.Stdout, pebble.Stderr = said, said
	if err := pebble.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = pebble.Wait()
		if t.Failed() {
			t.Log(said)
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: own.trusted()}}
	fetch := func(path string) []byte {
		t.Helper()
		for end := time.Now().Add(patience); ; {
			res, err := client.Get("https://" + manage + path)
			if err == nil {
				defer res.Body.Close()
				data, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Fatal(res.Status, err)
				}
				return data
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	fetch("/roots/0") // it runs
	return fmt.Sprintf("https://%s/dir", listen), own.file, func() *x509.CertPool {
		pool := x509.NewCertPool()
		block, _ := pem.Decode(fetch("/roots/0"))
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(root)
		return pool
	}
}
