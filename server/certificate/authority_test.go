package certificate

import (
	"crypto/x509"
	"net"
	"testing"
	"time"
)

// Whoever steals the key of an authority gets no name of the internet with it.
func TestAuthorityIsForNearAddressesAlone(t *testing.T) {
	a, err := OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	for name, good := range map[string]bool{
		"192.168.1.7": true, "fd00::7": true, "localhost": true, "mill.local": true,
		"8.8.8.8": false, "2001:db8::1": false, "example.org": false, "local.example.org": false,
	} {
		c := &x509.Certificate{NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = []net.IP{ip}
		} else {
			c.DNSNames = []string{name}
		}
		der, _, err := sign(c, a.cert, a.key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A certificate is made once, and anew when the machine has another address, or when its time is nearly over.
func TestCertificateFollowsTheAddress(t *testing.T) {
	a, err := OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	get := func(ip string) *x509.Certificate {
		t.Helper()
		c, err := a.certificate(&net.TCPAddr{IP: net.ParseIP(ip)})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf
	}
	first := get("127.0.0.1")
	if again := get("8.8.8.8"); again != first { // which it cannot have
		t.Error("it is made again")
	}
	moved := get("10.1.2.3")
	if err := moved.VerifyHostname("10.1.2.3"); err != nil {
		t.Error(err)
	}
	a.leaf.Leaf.NotAfter = time.Now().Add(leafRest)
	if renewed := get("10.1.2.3"); renewed == moved {
		t.Error("one that is nearly over is shown")
	}
}
