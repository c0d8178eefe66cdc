// Package security has what connections to Kafka and to ZooKeeper share: TLS, and
// secrets that are kept in files.
//
// Connections live long and files are replaced under a running process, by
// whatever renews certificates and passwords. So nothing that was read is kept:
// each connection reads its files anew, and a renewal is followed without a
// restart.
package security

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	promconfig "github.com/prometheus/common/config"

	"github.com/evenkeel/evenkeel/config"
)

// DialFunc connects to addr, a HOST:PORT, before ctx ends.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Dialer returns a function that connects as c says: over TCP alone where TLS is
// not enabled, else with the handshake done when it returns. What fails of TLS is
// an [*Error]; what fails of TCP is net's own error, and a handshake that did not
// end in time is one of the context's.
func Dialer(c config.TLS) DialFunc {
	var tcp net.Dialer
	if !c.Enabled {
		return tcp.DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conf, err := ClientTLS(c)
		if err != nil {
			return nil, err
		}
		if conf.ServerName == "" {
			if conf.ServerName, _, err = net.SplitHostPort(addr); err != nil {
				return nil, err
			}
		}
		conn, err := tcp.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, conf)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, handshakeError(ctx, addr, err)
		}
		return secure, nil
	}
}

// ClientTLS reads the files of c and returns what they say, for TLS 1.2 and later.
// The caller owns the result, and sets its ServerName where c has none. Its error
// is an [*Error].
func ClientTLS(c config.TLS) (*tls.Config, error) {
	conf, err := promconfig.NewTLSConfig(&promconfig.TLSConfig{
		CAFile:             c.CAFile,
		CertFile:           c.CertFile,
		KeyFile:            c.KeyFile,
		ServerName:         c.ServerName,
		InsecureSkipVerify: c.InsecureSkipVerify,
		MinVersion:         tls.VersionTLS12,
	})
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("TLS files: %w", err)}
	}
	return conf, nil
}

// handshakeError tells a peer that does not take part in the handshake from one
// that is slow, and from our own giving up.
func handshakeError(ctx context.Context, addr string, err error) error {
	doing := "TLS handshake with " + addr
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: %w", doing, err)
	case closed(err):
		return &Error{Err: fmt.Errorf("%s: the other side closed the connection: does it listen in plain text? %w", doing, err)}
	default:
		return &Error{Err: fmt.Errorf("%s: %w", doing, err)}
	}
}
