package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// PKI is a certificate authority with a server's certificate for 127.0.0.1 and
// localhost, and clients' certificates on demand, all as PEM files in one
// folder. Its methods may be called from several goroutines.
type PKI struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// serverCert and serverKey are the contents of the server's files.
	serverCert, serverKey []byte

	// CAFile is the path of the authority's certificate.
	CAFile string
	// ServerCertFile and ServerKeyFile are the paths of the server's certificate
	// and its key.
	ServerCertFile, ServerKeyFile string

	mu      sync.Mutex
	foreign *PKI
}

// NewPKI makes an authority and a server's certificate in dir, which is made if
// it is not there.
func NewPKI(dir string) (*PKI, error) {
	p := &PKI{dir: dir, CAFile: filepath.Join(dir, "ca.pem")}
	if err := p.make(); err != nil {
		return nil, fmt.Errorf("testbed: make the certificates in %s: %w", dir, err)
	}
	return p, nil
}

func (p *PKI) make() error {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	template, err := newTemplate("evenkeel testbed CA " + filepath.Base(p.dir))
	if err != nil {
		return err
	}
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.key.Public(), p.key)
	if err != nil {
		return err
	}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	if err := writePEM(p.CAFile, certBlock(der)); err != nil {
		return err
	}
	if p.ServerCertFile, p.ServerKeyFile, err = p.issue("server", "localhost"); err != nil {
		return err
	}
	if p.serverCert, err = os.ReadFile(p.ServerCertFile); err != nil {
		return err
	}
	p.serverKey, err = os.ReadFile(p.ServerKeyFile)
	return err
}

// Client returns the paths of a certificate for a client and of its key, made
// at the first call for a name. The subject is CN=name, so that Kafka knows the
// client as "User:CN=name".
func (p *PKI) Client(name string) (certFile, keyFile string, err error) {
	if certFile, keyFile, err = p.issue("client-"+name, name); err != nil {
		return "", "", fmt.Errorf("testbed: certificate for the client %s: %w", name, err)
	}
	return certFile, keyFile, nil
}

// ClientCert makes a new certificate for a client, with a new key, that is valid
// until validFor from now, to the second; it has expired where that is negative.
// It takes the place of what Client or ClientCert have made for the name before,
// in the same files, so that a client that reads them again gets it.
func (p *PKI) ClientCert(name string, validFor time.Duration) (certFile, keyFile string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	base := filepath.Join(p.dir, "client-"+name)
	if err := p.sign(base, name, time.Now().Add(validFor)); err != nil {
		return "", "", fmt.Errorf("testbed: certificate for the client %s: %w", name, err)
	}
	return base + certSuffix, base + keySuffix, nil
}

// Foreign returns a second authority, made at the first call, which nobody in
// the cluster trusts.
func (p *PKI) Foreign() (*PKI, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.foreign == nil {
		foreign, err := NewPKI(filepath.Join(p.dir, "foreign"))
		if err != nil {
			return nil, err
		}
		p.foreign = foreign
	}
	return p.foreign, nil
}

const (
	certSuffix = ".crt"
	keySuffix  = ".key"
)

// issue returns the paths of a certificate and its key in files of the given
// name, and has them made if they are not there.
func (p *PKI) issue(file, name string) (certFile, keyFile string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	base := filepath.Join(p.dir, file)
	certFile, keyFile = base+certSuffix, base+keySuffix
	if _, err := os.Stat(keyStore(base)); err == nil {
		return certFile, keyFile, nil
	}
	return certFile, keyFile, p.sign(base, name, time.Now().Add(24*time.Hour))
}

// sign writes a new certificate and its key to files, and then both to one file
// for servers in Java. It wants p.mu held.
func (p *PKI) sign(base, name string, until time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := newTemplate(name)
	if err != nil {
		return err
	}
	template.NotAfter = until
	if until.Before(time.Now()) {
		template.NotBefore = until.Add(-time.Hour)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if name == "localhost" {
		template.DNSNames, template.IPAddresses = []string{name}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, p.cert, key.Public(), p.key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	keyBlock := &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}
	return errors.Join(
		writePEM(base+certSuffix, certBlock(cert)),
		writePEM(base+keySuffix, keyBlock),
		writePEM(keyStore(base), keyBlock, certBlock(cert)),
	)
}

// serverStore returns the path of the server's key and certificate in one file.
func (p *PKI) serverStore() string { return keyStore(filepath.Join(p.dir, "server")) }

func keyStore(base string) string { return base + ".pem" }

func newTemplate(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}, nil
}

func certBlock(der []byte) *pem.Block { return &pem.Block{Type: "CERTIFICATE", Bytes: der} }

// writePEM writes a file for nobody else's eyes, and at once: a client that reads
// it anew finds the one that was there or the whole new one.
func writePEM(file string, blocks ...*pem.Block) error {
	var out []byte
	for _, b := range blocks {
		out = append(out, pem.EncodeToMemory(b)...)
	}
	if err := os.WriteFile(file+".new", out, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
