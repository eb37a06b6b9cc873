package doors

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	routeguidepb "routeguide/proto/routeguide"
)

// With -lan a phone that trusts /ca.pem trusts every door, also after a restart, and nobody else reads the authority's key.
func TestLAN(t *testing.T) {
	dir := t.TempDir()
	var trusted *tls.Config
	var authority []byte
	for _, when := range []string{"at first", "after a restart"} {
		p := start(t, "-lan", "-data", dir)
		p.secure = &tls.Config{InsecureSkipVerify: true}
		res, err := clients(p.secure)["HTTP/1.1"].Get(p.base() + "/ca.pem")
		if err != nil {
			t.Fatal(err)
		}
		pem, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
			t.Fatalf("/ca.pem: %s, %v, %v", res.Status, res.Header, err)
		}
		if bytes.Contains(pem, []byte("PRIVATE")) {
			t.Fatal("/ca.pem has the key")
		}
		if trusted == nil {
			authority = pem
			trusted = &tls.Config{RootCAs: x509.NewCertPool()}
			trusted.RootCAs.AppendCertsFromPEM(pem)
		} else if !bytes.Equal(pem, authority) {
			t.Error("the authority is another one after a restart")
		}
		p.secure = trusted
		for _, d := range doorsBy(clients(trusted)["HTTP/1.1"]) {
			if err := (visitor{t, p, d}).unary(getFeature, pb(1, 2), new(routeguidepb.Feature)); err != nil {
				t.Errorf("%s: %s: %v", when, d.name, err)
			}
		}
		if said := p.out.wait(regexp.MustCompile(`\n  (https://\S+)\n\n  █████`)); said == nil || said[1] != p.base() {
			t.Errorf("%s: no address and code:\n%s", when, p.out)
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "authority.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the authority is kept as %v, %v", info.Mode(), err)
	}
}
