package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	authorityFile = "authority.pem" // its certificate and its key
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	leafRest      = 30 * 24 * time.Hour // of its life, at which another one is made
	clocksDiffer  = 24 * time.Hour
)

// near are the addresses that an Authority may sign for, besides the names localhost and those below .local. Whoever trusts it
// trusts it with nothing on the internet.
var near = networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")

var nearNames = []string{"localhost", "local"}

func networks(list ...string) (all []*net.IPNet) {
	for _, text := range list {
		_, n, err := net.ParseCIDR(text)
		if err != nil {
			panic(err)
		}
		all = append(all, n)
	}
	return all
}

// Near tells whether an Authority may sign for an address.
func Near(ip net.IP) bool {
	return slices.ContainsFunc(near, func(n *net.IPNet) bool { return n.Contains(ip) })
}

// An Authority signs certificates for the addresses that this machine has in its own network. It is safe for concurrent use.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu   sync.Mutex
	leaf *tls.Certificate // for the addresses that there were; nil: none yet
}

// OpenAuthority reads the authority that is kept in a directory, or makes one that is good for ten years. Only the owner of
// the file can read its key.
func OpenAuthority(dir string) (*Authority, error) {
	path := filepath.Join(dir, authorityFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if data, err = newAuthority(); err == nil {
			err = keep(path, data)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the authority of -lan: %w", err)
	}
	pair, err := tls.X509KeyPair(data, data)
	if err != nil {
		return nil, fmt.Errorf("the authority of -lan: %s: %w", path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("the authority of -lan: %s is that of something else", path)
	}
	return &Authority{cert: pair.Leaf, key: key}, nil
}

func newAuthority() ([]byte, error) {
	host, _ := os.Hostname() // or ""
	cert, key, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "RouteGuide on " + host}, NotAfter: time.Now().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: nearNames, PermittedIPRanges: near,
	}, nil, nil)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), nil
}

// sign makes a certificate and its key. Without a parent it signs itself.
func sign(c, parent *x509.Certificate, by *ecdsa.PrivateKey) (cert []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	if parent == nil {
		parent, by = c, key
	}
	c.NotBefore = time.Now().Add(-clocksDiffer)
	cert, err = x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	return cert, key, err
}

// keep writes a file that is there as a whole or not at all.
func keep(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // readable by its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// PEM returns the certificate that others have to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Config is for a listener whose connections speak one of the protocols.
func (a *Authority) Config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.certificate(hello.Conn.LocalAddr())
		},
	}
}

// certificate returns one that has the address: a machine may get another one at any time.
func (a *Authority) certificate(at net.Addr) (*tls.Certificate, error) {
	var ip net.IP
	if tcp, ok := at.(*net.TCPAddr); ok {
		ip = tcp.IP
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaf != nil && time.Until(a.leaf.Leaf.NotAfter) > leafRest &&
		(!Near(ip) || slices.ContainsFunc(a.leaf.Leaf.IPAddresses, ip.Equal)) {
		return a.leaf, nil
	}
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host+".local")
	}
	ips := Addresses()
	if Near(ip) && !slices.ContainsFunc(ips, ip.Equal) {
		ips = append(ips, ip)
	}
	cert, key, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "RouteGuide"}, NotAfter: time.Now().Add(leafLife), DNSNames: names, IPAddresses: ips,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, err
	}
	a.leaf = &tls.Certificate{Certificate: [][]byte{cert, a.cert.Raw}, PrivateKey: key, Leaf: leaf}
	return a.leaf, nil
}

// Addresses returns the addresses of this machine that an Authority may sign for.
func Addresses() (ips []net.IP) {
	all, _ := net.InterfaceAddrs() // or none
	for _, one := range all {
		if n, ok := one.(*net.IPNet); ok && Near(n.IP) {
			ips = append(ips, n.IP)
		}
	}
	return ips
}
