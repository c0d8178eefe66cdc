package security

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

func TestServerCertificate(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	f := newFiles(t)
	f.writeCA(t, ours)
	for name, tc := range map[string]struct {
		issuer *authority
		cert   func(*x509.Certificate)
		change func(*config.TLS)
		want   string // in the error; "" for none
	}{
		"trusted":       {},
		"wrong CA":      {issuer: theirs, want: "certificate signed by unknown authority"},
		"wrong CA, any": {issuer: theirs, change: func(c *config.TLS) { c.CAFile, c.InsecureSkipVerify = "", true }},
		"system's CAs":  {change: func(c *config.TLS) { c.CAFile = "" }, want: "certificate signed by unknown authority"},
		"expired":       {cert: func(x *x509.Certificate) { x.NotAfter = time.Now().Add(-time.Minute) }, want: "certificate has expired"},
		"not yet":       {cert: func(x *x509.Certificate) { x.NotBefore = time.Now().Add(time.Minute) }, want: "is not yet valid"},
		"wrong name":    {cert: func(x *x509.Certificate) { x.IPAddresses, x.DNSNames = nil, []string{"k1.example.org"} }, want: "127.0.0.1"},
		"other name": {
			cert:   func(x *x509.Certificate) { x.IPAddresses, x.DNSNames = nil, []string{"k1.example.org"} },
			change: func(c *config.TLS) { c.ServerName = "k1.example.org" },
		},
		"wrong other name": {change: func(c *config.TLS) { c.ServerName = "k1.example.org" }, want: "k1.example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := ours
			if tc.issuer != nil {
				issuer = tc.issuer
			}
			cert := issuer.issue(t, tc.cert)
			addr := serveTLS(t, func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{cert}} })
			c := config.TLS{Enabled: true, CAFile: f.ca}
			if tc.change != nil {
				tc.change(&c)
			}
			expect(t, dial(t, c, addr), tc.want)
		})
	}
}

func TestDialByName(t *testing.T) {
	ours := newAuthority(t)
	f := newFiles(t)
	f.writeCA(t, ours)
	cert := ours.issue(t, func(x *x509.Certificate) { x.IPAddresses, x.DNSNames = nil, []string{"localhost"} })
	asked := make(chan string, 1)
	addr := serveTLS(t, func() *tls.Config {
		return &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			asked <- hello.ServerName
			return &cert, nil
		}}
	})
	_, port, _ := net.SplitHostPort(addr)
	expect(t, dial(t, config.TLS{Enabled: true, CAFile: f.ca}, "localhost:"+port), "")
	if got := <-asked; got != "localhost" {
		t.Errorf("asked for the certificate of %q", got)
	}
}

func TestClientCertificate(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server := ours.issue(t, nil)
	for version, number := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		addr := serveTLS(t, func() *tls.Config {
			return &tls.Config{
				Certificates: []tls.Certificate{server}, ClientCAs: ours.pool(), ClientAuth: tls.RequireAndVerifyClientCert,
				MinVersion: number, MaxVersion: number,
			}
		})
		for name, tc := range map[string]struct {
			issuer *authority
			want   string
		}{
			"given":   {issuer: ours},
			"missing": {want: "remote error: tls: "},
			"foreign": {issuer: theirs, want: "remote error: tls: "},
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				f := newFiles(t)
				f.writeCA(t, ours)
				c := config.TLS{Enabled: true, CAFile: f.ca}
				if tc.issuer != nil {
					f.writeCert(t, tc.issuer.issue(t, nil))
					c.CertFile, c.KeyFile = f.cert, f.key
				}
				expect(t, dial(t, c, addr), tc.want)
			})
		}
	}
}

func TestOldTLS(t *testing.T) {
	ours := newAuthority(t)
	f := newFiles(t)
	f.writeCA(t, ours)
	cert := ours.issue(t, nil)
	addr := serveTLS(t, func() *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	})
	expect(t, dial(t, config.TLS{Enabled: true, CAFile: f.ca}, addr), "protocol version not supported")
}

// An authority and all its certificates are replaced under a dialer that stays.
func TestRotation(t *testing.T) {
	f := newFiles(t)
	var mu sync.Mutex
	var conf *tls.Config
	rotate := func(side *authority) {
		mu.Lock()
		defer mu.Unlock()
		conf = &tls.Config{
			Certificates: []tls.Certificate{side.issue(t, nil)}, ClientCAs: side.pool(), ClientAuth: tls.RequireAndVerifyClientCert,
		}
	}
	addr := serveTLS(t, func() *tls.Config {
		mu.Lock()
		defer mu.Unlock()
		return conf
	})
	c := config.TLS{Enabled: true, CAFile: f.ca, CertFile: f.cert, KeyFile: f.key}

	before, after := newAuthority(t), newAuthority(t)
	rotate(before)
	f.writeCA(t, before)
	f.writeCert(t, before.issue(t, nil))
	expect(t, dial(t, c, addr), "")

	rotate(after)
	expect(t, dial(t, c, addr), "certificate signed by unknown authority")
	f.writeCA(t, after)
	expect(t, dial(t, c, addr), "remote error: tls: ") // the old certificate of ours
	f.writeCert(t, after.issue(t, nil))
	expect(t, dial(t, c, addr), "")
}

// A file that cannot be used is found before anything is dialled.
func TestUnusableFiles(t *testing.T) {
	ours := newAuthority(t)
	good := newFiles(t)
	good.writeCA(t, ours)
	good.writeCert(t, ours.issue(t, nil))
	other := newFiles(t)
	other.writeCert(t, ours.issue(t, nil))
	if err := os.WriteFile(other.ca, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		c    config.TLS
		want string
	}{
		"no CA":        {config.TLS{CAFile: "none.pem"}, "none.pem: no such file or directory"},
		"CA is not":    {config.TLS{CAFile: other.ca}, other.ca},
		"no cert":      {config.TLS{CAFile: good.ca, CertFile: "none.pem", KeyFile: good.key}, "none.pem: no such file or directory"},
		"no key":       {config.TLS{CAFile: good.ca, CertFile: good.cert, KeyFile: "none.pem"}, "none.pem: no such file or directory"},
		"cert is not":  {config.TLS{CAFile: good.ca, CertFile: other.ca, KeyFile: good.key}, other.ca},
		"another key":  {config.TLS{CAFile: good.ca, CertFile: good.cert, KeyFile: other.key}, "private key does not match public key"},
		"key for cert": {config.TLS{CAFile: good.ca, CertFile: good.key, KeyFile: good.key}, good.key},
	} {
		tc.c.Enabled = true
		_, err := Dialer(tc.c)(t.Context(), "tcp", "127.0.0.1:1")
		t.Run(name, func(t *testing.T) { expect(t, err, tc.want) })
	}
}
