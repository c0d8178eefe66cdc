package testbed

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// handshake lets a client connect to a server that asks for a certificate, and
// returns what each makes of the other.
func handshake(t *testing.T, pki *PKI, client *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	server, err := pki.clientTLS("server") // its pool is what the server trusts
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(pki.ServerCertFile, pki.ServerKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(far, &tls.Config{
			Certificates: []tls.Certificate{cert}, ClientCAs: server.RootCAs, ClientAuth: tls.RequireAndVerifyClientCert,
			MaxVersion: tls.VersionTLS12, // whose handshake ends with the server's word
		})
		done <- errors.Join(conn.Handshake(), far.Close())
	}()
	client = client.Clone()
	client.ServerName = "127.0.0.1"
	clientErr = tls.Client(near, client).Handshake()
	_ = near.Close()
	return clientErr, <-done
}

func TestPKI(t *testing.T) {
	pki, err := NewPKI(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := pki.Foreign()
	if err != nil {
		t.Fatal(err)
	}
	right, err := pki.clientTLS("alice")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := foreign.clientTLS("alice")
	if err != nil {
		t.Fatal(err)
	}
	if clientErr, serverErr := handshake(t, pki, right); clientErr != nil || serverErr != nil {
		t.Errorf("the right client: %v, %v", clientErr, serverErr)
	}
	if clientErr, _ := handshake(t, pki, wrong); clientErr == nil {
		t.Error("a client that trusts the foreign authority takes the server")
	}
	right.Certificates = wrong.Certificates
	if _, serverErr := handshake(t, pki, right); serverErr == nil {
		t.Error("the server takes a certificate of the foreign authority")
	}
}

func TestPKIKeepsCertificates(t *testing.T) {
	pki, err := NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := pki.Client("alice")
	if err != nil {
		t.Fatal(err)
	}
	before, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := pki.Client("alice"); err != nil {
		t.Fatal(err)
	}
	after, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if !before.Leaf.Equal(after.Leaf) || before.Leaf.Subject.String() != "CN=alice" {
		t.Errorf("%s with serial %v, then %v", before.Leaf.Subject, before.Leaf.SerialNumber, after.Leaf.SerialNumber)
	}
}

func TestClientCert(t *testing.T) {
	pki, err := NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	long, err := pki.clientTLS("alice")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for _, valid := range []time.Duration{-time.Minute, time.Hour} {
		certFile, keyFile, err := pki.ClientCert("alice", valid)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		if off := cert.Leaf.NotAfter.Sub(start.Add(valid)); off < -time.Second || off > time.Minute {
			t.Errorf("valid for %v: until %v, which is %v off", valid, cert.Leaf.NotAfter, off)
		}
		long.Certificates = []tls.Certificate{cert}
		if _, err := handshake(t, pki, long); (err != nil) != (valid < 0) {
			t.Errorf("valid for %v: the server says %v", valid, err)
		}
		if known, _, err := pki.Client("alice"); err != nil || known != certFile {
			t.Errorf("Client knows %s (%v), not %s", known, err, certFile)
		}
	}
}
