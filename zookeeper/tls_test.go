package zookeeper

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// newCertificate returns a certificate for 127.0.0.1 that signs itself, and the pool
// of those who trust it.
func newCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

// tlsFront is a TLS listener that hands what it decrypts to another server, as
// ZooKeeper's secure port. Abruptly, it closes connections without saying so.
type tlsFront struct {
	listener net.Listener
	backend  string
	cert     tls.Certificate
	abruptly bool
	wg       sync.WaitGroup
}

func newTLSFront(t *testing.T, backend string, cert tls.Certificate, abruptly bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &tlsFront{listener: l, backend: backend, cert: cert, abruptly: abruptly}
	f.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.wg.Go(func() { f.serve(t.Context(), conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		f.wg.Wait()
	})
	return l.Addr().String()
}

func (f *tlsFront) serve(ctx context.Context, raw net.Conn) {
	defer raw.Close()
	conn := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{f.cert}})
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	if conn.HandshakeContext(ctx) != nil {
		return
	}
	backend, err := net.Dial("tcp", f.backend)
	if err != nil {
		return
	}
	defer backend.Close()
	f.wg.Go(func() {
		_, _ = io.Copy(backend, conn)
		_ = backend.Close()
	})
	_, _ = io.Copy(conn, backend)
	if !f.abruptly {
		_ = conn.CloseWrite()
	}
}

func tlsDial(pool *x509.CertPool) DialFunc {
	return (&tls.Dialer{Config: &tls.Config{RootCAs: pool}}).DialContext
}

func TestWordsOverTLS(t *testing.T) {
	cert, pool := newCertificate(t)
	s := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.8.6", "srvr.txt"), "mntr": recorded(t, "3.8.6", "mntr.txt")}))
	for _, abruptly := range []bool{false, true} {
		name := newTLSFront(t, s.name(), cert, abruptly)
		got, faults := readOne(t, NewEnsemble([]string{name}, EnsembleOptions{Dial: tlsDial(pool)}))
		if got.Mode != cluster.ModeStandalone || got.Address != name || got.Stats["zk_watch_count"] != 37 || len(faults) > 0 {
			t.Errorf("closing abruptly %v: %+v, faults %v", abruptly, got, faults)
		}
	}
}

func TestSessionOverTLS(t *testing.T) {
	t.Parallel()
	cert, pool := newCertificate(t)
	z := newFakeZooKeeper(t)
	z.set("/a", "one")
	s := newTestSession(t, SessionOptions{Servers: []string{newTLSFront(t, z.name(), cert, false)}, Dial: tlsDial(pool)})
	mustGet(t, s, "/a", "one")
	z.dropAll()
	mustGet(t, s, "/a", "one")
}

// TestTLSErrors holds that whatever is wrong with TLS is told as that, by the words
// and by the session.
func TestTLSErrors(t *testing.T) {
	cert, _ := newCertificate(t)
	_, stranger := newCertificate(t)
	z := newFakeZooKeeper(t)
	says := func(answer string) string {
		return newWordServer(t, func(_ string, conn net.Conn) { _, _ = io.WriteString(conn, answer) }).name()
	}
	for name, c := range map[string]struct {
		server string
		dial   DialFunc
	}{
		"unknown authority":         {newTLSFront(t, z.name(), cert, false), tlsDial(stranger)},
		"plain, closes":             {says(""), tlsDial(stranger)},
		"plain, answers":            {says(notServingReply), tlsDial(stranger)},
		"plain ZooKeeper":           {z.name(), tlsDial(stranger)},
		"alert of the server":       {says("\x15\x03\x03\x00\x02\x02\x28"), tlsDial(stranger)},
		"plain words to a TLS port": {says("\x15\x03\x03\x00\x02\x02\x46"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults := readOne(t, NewEnsemble([]string{c.server}, EnsembleOptions{Dial: c.dial}))
			if got.Status != cluster.ServerTLSError || len(faults) != 1 || faults[0].Reason != string(cluster.ServerTLSError) {
				t.Errorf("status %s, %v", got.Status, got.Err)
			}
			s := newTestSession(t, SessionOptions{Servers: []string{c.server}, Dial: c.dial})
			if _, err := s.get(within(t), "/a"); Reason(err) != string(cluster.ServerTLSError) {
				t.Errorf("session: reason %s, %v", Reason(err), err)
			}
		})
	}
}
