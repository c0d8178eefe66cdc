package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// certificate makes a certificate for a name, signed by itself.
func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// trusting dials with TLS, and trusts one certificate.
func trusting(t *testing.T, c tls.Certificate, name string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	t.Helper()
	root, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: name, MinVersion: tls.VersionTLS12}
	conf.RootCAs.AddCert(root)
	return (&tls.Dialer{Config: conf}).DialContext
}

func TestTLS(t *testing.T) {
	own := certificate(t, "k1")
	inTLS := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	served := func(conn net.Conn) { // a broker that knows the probe
		conn = tls.Server(conn, inTLS)
		frame := make([]byte, 512)
		if _, err := conn.Read(frame); err != nil {
			return
		}
		_, _ = conn.Write(append(append([]byte{0, 0, 0, 8}, frame[8:12]...), 0, 0, 0, 0))
		silent(conn)
	}
	hangUp := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 5)) } // as Kafka in plain text does at a ClientHello
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		trust tls.Certificate
		as    string
		want  cluster.BrokerStatus
	}{
		{"trusted", served, own, "k1", cluster.BrokerAlive},
		{"an unknown authority", served, certificate(t, "k1"), "k1", cluster.BrokerTLSError},
		{"another name", served, own, "k2", cluster.BrokerTLSError},
		{"plain text that hangs up", hangUp, own, "k1", cluster.BrokerTLSError},
		{"plain text that talks", says("HTTP/1.1 400 Bad Request\r\n\r\n"), own, "k1", cluster.BrokerTLSError},
		{"silence", silent, own, "k1", cluster.BrokerTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewClient(Options{Dial: trusting(t, tt.trust, tt.as)})
			t.Cleanup(c.Close)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if tt.want == cluster.BrokerTimeout {
				ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
			}
			defer cancel()
			_, err := c.Probe(ctx, Node{ID: 1, Addr: serveAll(t, tt.serve), Registration: 1})
			if Status(err) != tt.want {
				t.Errorf("Probe: %v (%s), want %s", err, Status(err), tt.want)
			}
		})
	}
}

// Behind a dialer of others, a port that refuses still refuses.
func TestRefusedBehindADialer(t *testing.T) {
	gone := listen(t)
	_ = gone.Close()
	c := NewClient(Options{Dial: trusting(t, certificate(t, "k1"), "k1")})
	t.Cleanup(c.Close)
	_, err := c.Probe(within(t), Node{Addr: gone.Addr().String(), Registration: 1})
	var handshake *handshakeError
	if Status(err) != cluster.BrokerRefused || errors.As(err, &handshake) {
		t.Errorf("Probe: %v (%s), want it refused", err, Status(err))
	}
}
