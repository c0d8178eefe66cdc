package security

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// serve accepts connections until the test ends, and hands each to handle.
func serve(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() {
				handle(conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		handlers.Wait()
	})
	return listener.Addr().String()
}

// serveTLS says hello over TLS. The configuration is asked for each connection.
func serveTLS(t *testing.T, conf func() *tls.Config) (addr string) {
	t.Helper()
	return serve(t, func(conn net.Conn) {
		// The client learns what went wrong, and is the one whom the test asks.
		_, _ = io.WriteString(tls.Server(conn, conf()), "hello")
	})
}

// dial returns the first error of dialling and of reading the greeting.
func dial(t *testing.T, c config.TLS, addr string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := Dialer(c)(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // Nothing was written.
	var greeting [5]byte
	if _, err := io.ReadFull(conn, greeting[:]); err != nil {
		return err
	}
	if string(greeting[:]) != "hello" {
		t.Errorf("read %q", greeting)
	}
	return nil
}

func TestPlainText(t *testing.T) {
	addr := serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "hello") })
	if err := dial(t, config.TLS{}, addr); err != nil {
		t.Error(err)
	}
}

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

// expect wants an error of TLS whose text contains want, or none.
func expect(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("failed: %v", err)
		}
		return
	}
	if err == nil || !IsTLS(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v (of TLS: %t), want an error of TLS with %q", err, IsTLS(err), want)
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

func TestPeerWithoutTLS(t *testing.T) {
	for name, tc := range map[string]struct {
		handle func(net.Conn)
		want   string
	}{
		"answers in plain text": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "\x00\x00\x00\x04hello")
			_, _ = io.Copy(io.Discard, conn)
		}, "first record does not look like a TLS handshake"},
		"hangs up": {func(conn net.Conn) {
			var b [1]byte
			_, _ = conn.Read(b[:])
		}, "the other side closed the connection: does it listen in plain text?"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, dial(t, config.TLS{Enabled: true}, serve(t, tc.handle)), tc.want)
		})
	}
}

// A peer that does not answer is slow, whatever it speaks.
func TestHandshakeEndsWithTheContext(t *testing.T) {
	addr := serve(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	dialled := Dialer(config.TLS{Enabled: true})

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := dialled(ctx, "tcp", addr)
	if !errors.Is(err, context.DeadlineExceeded) || IsTLS(err) {
		t.Errorf("after the deadline: %v", err)
	}
	if !strings.Contains(err.Error(), "TLS handshake with "+addr) {
		t.Errorf("the error does not say what took long: %v", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	defer time.AfterFunc(50*time.Millisecond, cancel).Stop()
	if _, err := dialled(ctx, "tcp", addr); !errors.Is(err, context.Canceled) || IsTLS(err) {
		t.Errorf("given up: %v", err)
	}
}

// What fails before TLS is not an error of TLS.
func TestErrorsOfTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, enabled := range []bool{false, true} {
		var op *net.OpError
		if err := dial(t, config.TLS{Enabled: enabled}, addr); !errors.As(err, &op) || op.Op != "dial" || IsTLS(err) {
			t.Errorf("TLS %t: %v", enabled, err)
		}
		if err := dial(t, config.TLS{Enabled: enabled}, "no port"); err == nil || IsTLS(err) {
			t.Errorf("TLS %t: %v", enabled, err)
		}
	}
	for _, err := range []error{nil, io.EOF, context.Canceled} {
		if IsTLS(err) {
			t.Errorf("%v is taken for an error of TLS", err)
		}
	}
}
