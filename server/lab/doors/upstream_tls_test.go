package doors

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// An authority signs certificates that are good for an hour.
type authority struct {
	t    *testing.T
	file string // its own certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	var pair tls.Certificate
	a.file, _, pair = a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// sign makes a certificate. It returns the files of the certificate and its key, and both as a pair. The first one signs itself.
func (a *authority) sign(c *x509.Certificate) (certFile, keyFile string, pair tls.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, c.Subject = big.NewInt(1), pkix.Name{CommonName: "test"}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	dir := a.t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			a.t.Fatal(err)
		}
		return path
	}
	certFile, keyFile = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		a.t.Fatal(err)
	}
	return certFile, keyFile, pair
}

func TestUpstreamWithTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	_, _, server := ours.sign(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	listen := func(config *tls.Config) string {
		config.Certificates = []tls.Certificate{server}
		return listenElsewhere(t, "127.0.0.1:0", inV1, grpc.Creds(credentials.NewTLS(config))).addr
	}
	one := listen(&tls.Config{})
	mutual := listen(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	cert, key, _ := ours.sign(&x509.Certificate{ExtKeyUsage: usage})
	wrongCert, wrongKey, _ := others.sign(&x509.Certificate{ExtKeyUsage: usage})
	for name, test := range map[string]struct {
		upstream string
		files    []string
		trouble  string // what the error says; "" when the call succeeds
	}{
		"TLS":                            {"https://" + one, []string{"-upstream-ca", ours.file}, ""},
		"an authority the system trusts": {"https://" + one, nil, "certificate"},
		"another authority":              {"https://" + one, []string{"-upstream-ca", others.file}, "certificate"},
		"no TLS":                         {one, nil, "unavailable"},
		"mutual TLS":                     {"https://" + mutual, []string{"-upstream-ca", ours.file, "-upstream-cert", cert, "-upstream-key", key}, ""},
		"mutual TLS without certificate": {"https://" + mutual, []string{"-upstream-ca", ours.file}, "unavailable"},
		"mutual TLS with another's":      {"https://" + mutual, []string{"-upstream-ca", ours.file, "-upstream-cert", wrongCert, "-upstream-key", wrongKey}, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append([]string{"-upstream", numbers + "=" + test.upstream}, test.files...)...)
			m := number(0)
			err := visitor{t, p, doors[0]}.unary(double, number(4), m)
			if test.trouble == "" {
				if err != nil || m.Value != 8 {
					t.Errorf("got %v, %v, want 8", m, err)
				}
				return
			}
			st := status.Convert(err)
			if st.Code() != codes.Unavailable || !strings.Contains(st.Message(), numbers) || !strings.Contains(st.Message(), test.trouble) {
				t.Errorf("ended with %v, want UNAVAILABLE, the name and %q", err, test.trouble)
			}
		})
	}
}
