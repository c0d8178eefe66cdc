package zookeeper

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestReason(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		err  error
		want cluster.ServerStatus
	}{
		{nil, cluster.ServerOK},
		{errNotServing, cluster.ServerNotServing},
		{errNotAllowed, cluster.ServerNotAllowed},
		{errBadReply, cluster.ServerBadReply},
		{zk.ErrNoAuth, cluster.ReasonPermission},
		{zk.ErrAuthFailed, cluster.ReasonPermission},
		{errCredentials, cluster.ReasonPermission},
		{errWantsTLS, cluster.ServerTLSError},
		// Only a handshake reads before there is a connection.
		{dialed(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), cluster.ServerTLSError},
		{dialed(io.EOF), cluster.ServerTLSError},
		{dialed(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}), cluster.ServerTimeout},
		{dialed(refused), cluster.ServerRefused},
		{zk.ErrNoNode, cluster.ServerBadReply},
		{errors.New("something else"), cluster.ServerBadReply},
		{refused, cluster.ServerRefused},
		{io.EOF, cluster.ServerRefused},
		{zk.ErrConnectionClosed, cluster.ServerRefused},
		{zk.ErrClosing, cluster.ServerRefused},
		{zk.ErrSessionExpired, cluster.ServerRefused},
		{zk.ErrSessionMoved, cluster.ServerRefused},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, cluster.ServerRefused},
		{&net.OpError{Op: "dial", Err: &net.DNSError{IsTimeout: true}}, cluster.ServerUnresolvable},
		{&net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}, cluster.ServerTimeout},
		{context.DeadlineExceeded, cluster.ServerTimeout},
		{context.Canceled, cluster.ServerTimeout},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, cluster.ServerTLSError},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, cluster.ServerTLSError},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, cluster.ServerTLSError},
		// Of several servers the one that tells most.
		{&noSession{zk.ErrNoServer, []error{refused, errNotServing}}, cluster.ServerNotServing},
		{&noSession{context.DeadlineExceeded, []error{refused}}, cluster.ServerRefused},
		{&noSession{context.DeadlineExceeded, nil}, cluster.ServerTimeout},
	} {
		if c.err != nil {
			c.err = fmt.Errorf("read /a: %w", c.err)
		}
		if got := Reason(c.err); got != string(c.want) {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}
