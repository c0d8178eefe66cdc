package security

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
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
	defer conn.Close()
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
